# SPDX-License-Identifier: MIT
"""Following: its modules say what is where."""
