# SPDX-License-Identifier: MIT
"""Output: pure functions from values to text for a terminal, attacker text escaped (law 9)."""
