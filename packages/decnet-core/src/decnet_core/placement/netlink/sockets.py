# SPDX-License-Identifier: MIT
"""The sockets that wait for clients (sock_diag(7)): the kernel looks through those that listen only.

For /proc/net/tcp it goes through all connections of all namespaces, for each namespace again.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator

from decnet_core.net.addresses import Address
from decnet_core.placement.netlink.connection import Netlink

_SOCKET_DIAGNOSIS, _BY_FAMILY = 4, 20
_REQUEST = struct.Struct("=BBBBI48s")
"""Family, protocol, extensions, padding, states, and which sockets: any."""
_PORT, _ADDRESS = slice(4, 6), 8
"""Where a socket's own port and address are in an answer."""
_LISTEN, _UNCONNECTED = 1 << 10, 1 << 7
"""States, of which UDP has TCP's."""


def waiting(protocol: int) -> Iterator[tuple[Address, int]]:
    """Yield address and port of each that waits, of TCP or UDP, in the namespace of this thread; raises OSError.

    A kernel without the module tcp_diag or udp_diag refuses.
    """
    states = _LISTEN if protocol == socket.IPPROTO_TCP else _UNCONNECTED
    with Netlink(_SOCKET_DIAGNOSIS) as netlink:
        for family, size in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
            for body in netlink.dump(_BY_FAMILY, _REQUEST.pack(family, protocol, 0, 0, states, bytes(48))):
                address = ipaddress.ip_address(body[_ADDRESS : _ADDRESS + size])
                yield address, int.from_bytes(body[_PORT], "big")
