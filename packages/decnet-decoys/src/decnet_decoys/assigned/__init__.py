# SPDX-License-Identifier: MIT
"""Deckies that `reconciler` hands over, with their sockets, while the worker runs."""
