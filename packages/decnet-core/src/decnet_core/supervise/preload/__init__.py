# SPDX-License-Identifier: MIT
"""Preload: its modules say what is where."""
