# SPDX-License-Identifier: MIT
"""Which addresses are ours, not somebody to find out about: deckies answer, and would be told of as attackers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Home = Callable[[bytes], bool]
"""Tells whether a packed address is ours."""

REMEMBERED = 1024
"""Addresses whose answer is kept."""


def nobody(_: bytes) -> bool:
    """No address is ours."""
    return False


def home_of(networks: Sequence[Network]) -> Home:
    """Return what tells whether an address is in one of `networks`."""
    if not networks:
        return nobody

    @lru_cache(maxsize=REMEMBERED)
    def is_ours(address: bytes) -> bool:
        if len(address) not in (4, 16):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in networks)

    return is_ours
