# SPDX-License-Identifier: MIT
"""Swarm: its modules say what is where."""
