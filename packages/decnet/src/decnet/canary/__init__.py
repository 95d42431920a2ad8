# SPDX-License-Identifier: MIT
"""Canary: its modules say what is where."""
