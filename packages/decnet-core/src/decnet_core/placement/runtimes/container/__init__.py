# SPDX-License-Identifier: MIT
"""Deckies that are honeypot images: containers of Podman, in network namespaces as `netns` makes them."""
