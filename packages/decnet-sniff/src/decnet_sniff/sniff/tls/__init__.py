# SPDX-License-Identifier: MIT
"""Tls: its modules say what is where."""
