# SPDX-License-Identifier: MIT
"""Terminal: its modules say what is where."""
