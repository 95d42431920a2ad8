# SPDX-License-Identifier: MIT
"""Deckies that `reconciler` assigns to `decoys`, which plays them: what one is, and how it is handed over."""
