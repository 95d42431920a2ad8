# SPDX-License-Identifier: MIT
"""Which addresses a request may be sent to, against server-side request forgery; pure.

Special-purpose addresses, and those at which clouds serve credentials to their machines (by their documentation).
"""

from collections.abc import Sequence
from ipaddress import ip_address

from decnet_core.net.addresses import Address, Network, parse_network, unmapped
from decnet_core.net.special_purpose import special

_PRIVATE = frozenset({"loopback", "private", "behind a carrier's NAT"})
"""Rejected, unless the operator allowed private addresses for the server."""

_METADATA = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")))


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Parse networks; raises ValueError naming the invalid one."""
    return tuple(parse_network(text) for text in texts)


def is_public(address: Address) -> bool:
    """Return whether `address` is on the public Internet."""
    return refusal(address, allow_private=False, allowed=()) is None


def refusal(address: Address, *, allow_private: bool, allowed: Sequence[Network]) -> str | None:
    """Return why nothing may be sent to `address`, None when it may.

    `allowed` are networks of the operator; `allow_private` permits loopback and private addresses, but never
    link-local, metadata or translated ones.
    """
    address = unmapped(address)
    if any(address in network for network in allowed):
        return None
    meaning = "cloud metadata" if address in _METADATA else special(address)
    if meaning in _PRIVATE:
        return None if allow_private else f"{address} is {meaning}"
    return f"{address} is {meaning}" if meaning else None
