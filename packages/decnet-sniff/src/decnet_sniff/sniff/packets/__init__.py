# SPDX-License-Identifier: MIT
"""Packets: its modules say what is where."""
