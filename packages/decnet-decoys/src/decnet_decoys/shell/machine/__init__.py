# SPDX-License-Identifier: MIT
"""Machine: its modules say what is where."""
