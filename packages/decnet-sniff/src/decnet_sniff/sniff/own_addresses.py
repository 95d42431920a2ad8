# SPDX-License-Identifier: MIT
"""Which addresses are our own: deckies answer, and would otherwise be reported as attackers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IsOwn = Callable[[bytes], bool]
"""Tells whether a packed address is ours."""

REMEMBERED = 1024
"""Addresses whose answer is kept."""


def none_is_own(_: bytes) -> bool:
    """No address is ours."""
    return False


def own_address_test(networks: Sequence[Network]) -> IsOwn:
    """Return what tells whether an address is in one of `networks`."""
    if not networks:
        return none_is_own

    @lru_cache(maxsize=REMEMBERED)
    def is_own(address: bytes) -> bool:
        if len(address) not in (4, 16):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in networks)

    return is_own
