# SPDX-License-Identifier: MIT
"""Addresses outside the public Internet: the prober sends nothing there, a webhook only what the operator allows."""

from ipaddress import IPv6Address, IPv6Network, ip_network

from decnet_core.net.addresses import Address

SPECIAL = (
    ("0.0.0.0/8", "of this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "behind a carrier's NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "of protocols"),
    ("192.0.2.0/24", "of documentation"),
    ("192.31.196.0/24", "of protocols"),
    ("192.52.193.0/24", "of protocols"),
    ("192.88.99.0/24", "a relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "of protocols"),
    ("198.18.0.0/15", "of benchmarks"),
    ("198.51.100.0/24", "of documentation"),
    ("203.0.113.0/24", "of documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "of this network"),
    ("::1/128", "loopback"),
    ("64:ff9b::/96", "translated"),
    ("64:ff9b:1::/48", "translated"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
    ("2001::/23", "of protocols"),
    ("2001:db8::/32", "of documentation"),
    ("2002::/16", "a relay"),
    ("2620:4f:8000::/48", "of protocols"),
    ("3fff::/20", "of documentation"),
)
"""Ranges without public hosts (IANA's special-purpose address registries, RFC 6890), and their names.

Not `ipaddress.is_global`: it differs between releases of Python. Translated and relayed addresses embed another one.
"""
_SPECIAL = tuple((ip_network(network), name) for network, name in SPECIAL)
_PUBLIC_6 = IPv6Network("2000::/3")
"""All of IPv6 that is allocated (RFC 4291 §2.4, IANA)."""


def special(address: Address) -> str | None:
    """Return the name of the special-purpose range of `address`, None for a public host."""
    for network, name in _SPECIAL:
        if address in network:
            return name
    if isinstance(address, IPv6Address) and address not in _PUBLIC_6:
        return "not given out"
    return None
