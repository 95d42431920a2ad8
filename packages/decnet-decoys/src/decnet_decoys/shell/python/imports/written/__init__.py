# SPDX-License-Identifier: MIT
"""Modules that are programs themselves: Python that the program of the attacker runs, on its own budget."""
