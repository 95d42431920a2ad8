# SPDX-License-Identifier: MIT
"""Which addresses are our own: deckies answer, and would otherwise be reported as attackers."""

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IsOwn = Callable[[bytes], bool]
"""Returns whether a packed address is ours."""

REMEMBERED = 1024
"""Addresses whose result is cached."""


def none_is_own(_: bytes) -> bool:
    return False


def own_address_test(networks: Sequence[Network]) -> IsOwn:
    """Return the test whether an address is in one of `networks`."""
    if not networks:
        return none_is_own

    @lru_cache(maxsize=REMEMBERED)
    def is_own(address: bytes) -> bool:
        if len(address) not in (4, 16):
            return False
        ip = ipaddress.ip_address(address)
        return any(ip in network for network in networks)

    return is_own
