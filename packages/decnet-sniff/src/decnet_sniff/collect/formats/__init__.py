# SPDX-License-Identifier: MIT
"""Formats: its modules say what is where."""
