# SPDX-License-Identifier: MIT
"""Canary tokens: made, planted, used."""
