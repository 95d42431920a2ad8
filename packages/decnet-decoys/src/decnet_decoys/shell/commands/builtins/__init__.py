# SPDX-License-Identifier: MIT
"""Builtins: its modules say what is where."""
