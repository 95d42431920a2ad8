# SPDX-License-Identifier: MIT
"""Formats of chat programs and of push messages."""
