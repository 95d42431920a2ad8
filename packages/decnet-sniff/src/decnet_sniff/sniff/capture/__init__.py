# SPDX-License-Identifier: MIT
"""Capture: its modules say what is where."""
