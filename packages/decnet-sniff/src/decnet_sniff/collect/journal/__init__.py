# SPDX-License-Identifier: MIT
"""Journal: its modules say what is where."""
