# SPDX-License-Identifier: MIT
"""The sockets that wait for clients (sock_diag(7)): the kernel looks through those that listen only.

For /proc/net/tcp it goes through all connections of all namespaces, for each namespace again.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator

from decnet_core.net.addresses import Address
from decnet_core.placement.netlink.connection import Netlink

_SOCKET_DIAGNOSIS, _BY_FAMILY = 4, 20
_REQUEST = struct.Struct("=BBBBI48s")
"""Family, protocol, extensions, padding, states, and which sockets: any."""
_PORT, _ADDRESS = slice(4, 6), 8
"""Where a socket's own port and address are in an answer."""
_LISTEN, _UNCONNECTED = 1 << 10, 1 << 7
"""States, of which UDP has TCP's."""


ALL_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def waiting(protocol: int, families: Iterable[int] = ALL_FAMILIES) -> Iterator[tuple[Address, int]]:
    """Yield address and port of each that waits, of TCP or UDP, in the namespace of this thread; raises OSError.

    A kernel without the module tcp_diag or udp_diag refuses. For each family it goes through the sockets of all
    namespaces.
    """
    states = _LISTEN if protocol == socket.IPPROTO_TCP else _UNCONNECTED
    with Netlink(_SOCKET_DIAGNOSIS) as netlink:
        for family in families:
            size = 4 if family == socket.AF_INET else 16
            for body in netlink.dump(_BY_FAMILY, _REQUEST.pack(family, protocol, 0, 0, states, bytes(48))):
                address = ipaddress.ip_address(body[_ADDRESS : _ADDRESS + size])
                yield address, int.from_bytes(body[_PORT], "big")
