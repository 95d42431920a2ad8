# SPDX-License-Identifier: MIT
"""Attacks a real fleet on loopback and measures what other visitors notice: `python -m hostile`."""
