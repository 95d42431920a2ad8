# SPDX-License-Identifier: MIT
"""Deckies: what they should be and are; plans and changes; what they can be."""
