# SPDX-License-Identifier: MIT
"""Commands that show what the analysis found: who attackers are, and what others say of them."""
