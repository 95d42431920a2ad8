# SPDX-License-Identifier: MIT
"""Cli: its modules say what is where."""
