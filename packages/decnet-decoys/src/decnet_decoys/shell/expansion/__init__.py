# SPDX-License-Identifier: MIT
"""Expansion: its modules say what is where."""
