# SPDX-License-Identifier: MIT
"""Formats for programs of your own, and mail."""
