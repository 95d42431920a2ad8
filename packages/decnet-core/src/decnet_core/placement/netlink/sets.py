# SPDX-License-Identifier: MIT
"""What is in a packet filter's sets of addresses, which change while its rules stay (linux/netfilter/nf_tables.h)."""

import ipaddress
from collections.abc import Iterable, Iterator, Set

from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.message import CREATE, attribute, attributes, each_attribute, nested, text
from decnet_core.placement.netlink.nftables import HEAD, SUBSYSTEM, AddressSet, commit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEW, _GET, _DELETE = ((SUBSYSTEM << 8) | number for number in (12, 13, 14))
_TABLE, _SET, _ELEMENTS = 1, 2, 3
_ELEMENT, _KEY, _VALUE = 1, 1, 1
_HEADERS = 8
"""Bytes before the address in an element: of its key, and of the key's value."""
_MOST = 500
"""Elements of one message: an attribute has at most 64 KiB."""


def elements(netlink: Netlink, table: str, one: AddressSet) -> set[bytes]:
    """Return the addresses in the set, packed; raises NetlinkError when there is none."""
    alone = _HEADERS + one.length  # nothing but its key
    return {
        element[_HEADERS:] if len(element) == alone else attributes(attributes(element)[_KEY])[_VALUE]
        for body in netlink.dump(_GET, _head(table, one))
        for _, element in each_attribute(attributes(body[len(HEAD) :]).get(_ELEMENTS, b""))
    }


def fill(netlink: Netlink, table: str, one: AddressSet, wanted: Iterable[Address]) -> None:
    """Make the set have the wanted addresses of its version and no others, at once; raises NetlinkError."""
    own, there = _packed(one, wanted), elements(netlink, table, one)
    _change(netlink, table, one, gone=there - own, come=own - there)


def change(netlink: Netlink, table: str, one: AddressSet, before: Set[Address], after: Set[Address]) -> None:
    """Make the set, which has the addresses of its version that are in `before`, have those in `after`, at once.

    Raises NetlinkError, also when one that goes is not in the set.
    """
    _change(netlink, table, one, gone=_packed(one, before - after), come=_packed(one, after - before))


def _packed(one: AddressSet, addresses: Iterable[Address]) -> set[bytes]:
    return {each.packed for each in addresses if each.version == one.version}


def _change(netlink: Netlink, table: str, one: AddressSet, *, gone: set[bytes], come: set[bytes]) -> None:
    changes = [
        *((_DELETE, 0, body) for body in _bodies(table, one, gone)),
        *((_NEW, CREATE, body) for body in _bodies(table, one, come)),
    ]
    if changes:
        commit(netlink, changes)


def _bodies(table: str, one: AddressSet, packed: Iterable[bytes]) -> Iterator[bytes]:
    listed = [nested(_ELEMENT, nested(_KEY, attribute(_VALUE, each))) for each in sorted(packed)]
    for first in range(0, len(listed), _MOST):
        yield _head(table, one) + nested(_ELEMENTS, *listed[first : first + _MOST])


def _head(table: str, one: AddressSet) -> bytes:
    return HEAD + text(_TABLE, table) + text(_SET, one.name)
