# SPDX-License-Identifier: MIT
"""Mapping: its modules say what is where."""
