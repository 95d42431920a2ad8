# SPDX-License-Identifier: MIT
"""Network: its modules say what is where."""
