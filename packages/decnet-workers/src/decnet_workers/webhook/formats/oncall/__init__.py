# SPDX-License-Identifier: MIT
"""Formats of services that page people, and close what they opened."""
