# SPDX-License-Identifier: MIT
"""Containers: its modules say what is where."""
