# SPDX-License-Identifier: MIT
"""One text for one address: sensors may spell it differently, an attacker must still be one row."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """Return the address as RFC 5952 writes it, None for what is none.

    An IPv4 address that came over an IPv6 socket (::ffff:192.0.2.1) is the IPv4 address; a zone (fe80::1%eth0)
    is dropped, being the sensor's name of its own interface.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
