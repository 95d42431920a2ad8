# SPDX-License-Identifier: MIT
"""How things are shown: pure functions from what was read to text for a terminal, attacker text escaped (law 9)."""
