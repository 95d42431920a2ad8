# SPDX-License-Identifier: MIT
"""Quic: its modules say what is where."""
