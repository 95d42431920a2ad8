# SPDX-License-Identifier: MIT
"""Who the client is, when a trusted proxy stands between."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 32


def client_address(peer: str, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str:
    """Return the client's address: `peer`, unless that is a proxy we trust.

    X-Forwarded-For grows to the right, each proxy adding who spoke to it. So from the right, the first address that
    is not a trusted proxy's is the last one that somebody we trust has seen; everything left of it may be invented.
    """
    address = canonical(peer)
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops[-MAX_HOPS:]):
        if not _trusted(address, proxies):
            break
        seen = _parsed(hop)
        if seen is None:
            break
        address = seen
    return address


def canonical(text: str) -> str:
    """Return an address without zone, an IPv4-mapped one as IPv4; other text as it stands, cut to 45 characters."""
    return _parsed(text) or text[:45]


def _parsed(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _trusted(text: str, proxies: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in proxies)
