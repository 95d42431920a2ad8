# SPDX-License-Identifier: MIT
"""Syntax: its modules say what is where."""
