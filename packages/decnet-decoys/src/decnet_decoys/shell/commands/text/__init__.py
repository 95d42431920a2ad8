# SPDX-License-Identifier: MIT
"""Text: its modules say what is where."""
