# SPDX-License-Identifier: MIT
"""Broker: its modules say what is where."""
