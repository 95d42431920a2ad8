# SPDX-License-Identifier: MIT
"""Evidence: its modules say what is where."""
