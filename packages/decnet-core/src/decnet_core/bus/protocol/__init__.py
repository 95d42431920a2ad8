# SPDX-License-Identifier: MIT
"""Protocol: its modules say what is where."""
