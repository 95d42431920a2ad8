# SPDX-License-Identifier: MIT
"""System: its modules say what is where."""
