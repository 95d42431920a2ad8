# SPDX-License-Identifier: MIT
"""Addresses of interfaces (rtnetlink(7), linux/if_addr.h), marked as ours by their protocol (Linux 5.18)."""

import ipaddress
import socket
import struct
from typing import NamedTuple

from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.message import CREATE, EXCLUSIVE, attribute, attributes, number, number_of

_NEW, _DELETE, _GET = 20, 21, 22
_INFO = struct.Struct("=BBBBI")
_ADDRESS, _LOCAL, _BROADCAST, _FLAGS, _PROTOCOL = 1, 2, 4, 8, 11
_NO_DAD = 0x02
OURS = 0xDE
"""What the kernel shows as the `proto` of an address that the reconciler added."""
_BROADCAST_PREFIX = 30
"""Longest prefix of a network that has a broadcast address."""


class Assigned(NamedTuple):
    """An address of an interface."""

    address: ipaddress.IPv4Interface | ipaddress.IPv6Interface
    interface: int
    """The index of the interface."""
    protocol: int


def assigned(netlink: Netlink, interface: int = 0) -> list[Assigned]:
    """Return the addresses of the interface with this index, or all of the namespace."""
    found = map(_assigned, netlink.dump(_GET, _INFO.pack(0, 0, 0, 0, interface)))
    return [one for one in found if interface in (0, one.interface)]  # Linux before 4.20 tells all


def add(
    netlink: Netlink, index: int, address: ipaddress.IPv4Interface | ipaddress.IPv6Interface, protocol: int = OURS
) -> None:
    """Add an address, which can be bound at once: whether it is in use must have been found out before."""
    body = attribute(_PROTOCOL, bytes([protocol])) if protocol else b""
    if address.version == 4 and address.network.prefixlen <= _BROADCAST_PREFIX:
        body += attribute(_BROADCAST, address.network.broadcast_address.packed)
    if address.version == 6:
        body += number(_FLAGS, _NO_DAD)
    netlink.request(_NEW, _body(index, address) + body, CREATE | EXCLUSIVE)


def remove(netlink: Netlink, index: int, address: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> None:
    netlink.request(_DELETE, _body(index, address))


def _body(index: int, address: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> bytes:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    head = _INFO.pack(family, address.network.prefixlen, 0, 0, index)
    return head + attribute(_LOCAL, address.ip.packed) + attribute(_ADDRESS, address.ip.packed)


def _assigned(body: bytes) -> Assigned:
    _, prefix, _, _, index = _INFO.unpack_from(body)
    found = attributes(body[_INFO.size :])
    packed = found.get(_LOCAL) or found[_ADDRESS]  # of a tunnel, _ADDRESS is the other end's
    return Assigned(
        ipaddress.ip_interface((packed, prefix)),
        index,
        number_of(found.get(_PROTOCOL, b"")),
    )
