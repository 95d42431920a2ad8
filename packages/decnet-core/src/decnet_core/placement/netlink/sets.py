# SPDX-License-Identifier: MIT
"""What is in a packet filter's sets of addresses, which change while its rules stay (linux/netfilter/nf_tables.h)."""

import ipaddress
from collections.abc import Iterable, Iterator

from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.message import CREATE, attribute, attributes, each_attribute, nested, text
from decnet_core.placement.netlink.nftables import HEAD, SUBSYSTEM, AddressSet, commit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEW, _GET, _DELETE = ((SUBSYSTEM << 8) | number for number in (12, 13, 14))
_TABLE, _SET, _ELEMENTS = 1, 2, 3
_ELEMENT, _KEY, _VALUE = 1, 1, 1
_MOST = 500
"""Elements of one message: an attribute has at most 64 KiB."""


def elements(netlink: Netlink, table: str, one: AddressSet) -> set[Address]:
    """Return what is in the set; raises NetlinkError when there is none."""
    found: set[Address] = set()
    for body in netlink.dump(_GET, _head(table, one)):
        for _, element in each_attribute(attributes(body[len(HEAD) :]).get(_ELEMENTS, b"")):
            found.add(ipaddress.ip_address(attributes(attributes(element)[_KEY])[_VALUE]))
    return found


def fill(netlink: Netlink, table: str, one: AddressSet, wanted: Iterable[Address]) -> None:
    """Make the set have the wanted addresses of its version and no others, at once; raises NetlinkError."""
    own = {address for address in wanted if address.version == one.version}
    there = elements(netlink, table, one)
    gone = [(_DELETE, 0, body) for body in _bodies(table, one, there - own)]
    come = [(_NEW, CREATE, body) for body in _bodies(table, one, own - there)]
    if gone or come:
        commit(netlink, [*gone, *come])


def _bodies(table: str, one: AddressSet, addresses: Iterable[Address]) -> Iterator[bytes]:
    listed = [nested(_ELEMENT, nested(_KEY, attribute(_VALUE, each.packed))) for each in sorted(addresses, key=int)]
    for first in range(0, len(listed), _MOST):
        yield _head(table, one) + nested(_ELEMENTS, *listed[first : first + _MOST])


def _head(table: str, one: AddressSet) -> bytes:
    return HEAD + text(_TABLE, table) + text(_SET, one.name)
