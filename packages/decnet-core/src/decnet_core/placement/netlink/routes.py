# SPDX-License-Identifier: MIT
"""Default routes (rtnetlink(7), linux/rtnetlink.h)."""

import ipaddress
import socket
import struct

from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.message import CREATE, REPLACE, attribute, attributes, number

_NEW, _GET = 24, 26
_INFO = struct.Struct("=BBBBBBBBI")
_OUTPUT, _GATEWAY = 4, 5
_MAIN_TABLE, _STATIC, _UNICAST = 254, 4, 1

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def default_gateways(netlink: Netlink) -> set[Address]:
    """Return the gateways of the namespace's default routes."""
    found: set[Address] = set()
    for body in netlink.dump(_GET, _INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)):
        _, length, _, _, table, _, _, kind, _ = _INFO.unpack_from(body)
        gateway = attributes(body[_INFO.size :]).get(_GATEWAY)
        if (length, table, kind) == (0, _MAIN_TABLE, _UNICAST) and gateway:
            found.add(ipaddress.ip_address(gateway))
    return found


def set_default(netlink: Netlink, index: int, gateway: Address) -> None:
    """Send what leaves the network by this gateway, instead of another of its family."""
    family = socket.AF_INET if gateway.version == 4 else socket.AF_INET6
    info = _INFO.pack(family, 0, 0, 0, _MAIN_TABLE, _STATIC, 0, _UNICAST, 0)
    netlink.request(_NEW, info + number(_OUTPUT, index) + attribute(_GATEWAY, gateway.packed), CREATE | REPLACE)
