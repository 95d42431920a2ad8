# SPDX-License-Identifier: MIT
"""Which addresses a webhook may be sent to, against server-side request forgery; pure.

The list is written out, because what `ipaddress` calls global differs between Python versions. Public IPv6 is 2000::/3
and nothing else. Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries, and clouds' documentation.
"""

from collections.abc import Sequence
from ipaddress import IPv6Network

from decnet_core.net.addresses import Address, Network, parse_network, unmapped


def _table(*rows: tuple[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((parse_network(text, strict=True), meaning) for text, meaning in rows)


_PRIVATE = _table(
    ("127.0.0.0/8", "loopback"),
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("::1/128", "loopback"),
    ("fc00::/7", "private"),
)
"""Rejected, unless the operator allowed private addresses for the endpoint."""

_METADATA = _table(
    ("100.100.100.200/32", "cloud metadata"),
    ("168.63.129.16/32", "cloud metadata"),
    ("fd00:ec2::254/128", "cloud metadata"),
    ("fd20:ce::254/128", "cloud metadata"),
)

_SPECIAL = _table(
    ("0.0.0.0/8", "this network"),
    ("169.254.0.0/16", "link-local, cloud metadata"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
)

_PUBLIC_IPV6 = IPv6Network("2000::/3")


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
    meaning = _meaning(address, _METADATA) or _meaning(address, _SPECIAL)
    private = None if meaning else _meaning(address, _PRIVATE)
    if private is not None:
        return None if allow_private else f"{address} is {private} (--allow-private permits it)"
    if meaning is None and address.version == 6 and address not in _PUBLIC_IPV6:
        meaning = "not public"
    return f"{address} is {meaning}" if meaning else None


def _meaning(address: Address, table: tuple[tuple[Network, str], ...]) -> str | None:
    return next((meaning for network, meaning in table if address in network), None)
