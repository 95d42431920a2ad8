# SPDX-License-Identifier: MIT
"""Commands that change accounts by editing their files."""
