# SPDX-License-Identifier: MIT
"""Database: its modules say what is where."""
