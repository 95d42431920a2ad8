# SPDX-License-Identifier: MIT
"""Scan: its modules say what is where."""
