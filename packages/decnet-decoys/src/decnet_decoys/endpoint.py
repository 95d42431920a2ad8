# SPDX-License-Identifier: MIT
"""Where a socket is bound: by that a decky's next process knows the sockets that were kept for it."""

import socket
from collections.abc import Iterable
from typing import TypeAlias

from decnet_core.net.addresses import peer_address

Endpoint: TypeAlias = tuple[str, int, int]
"""Address, port, and kind (SOCK_STREAM, SOCK_DGRAM)."""

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def endpoint(address: str, port: int, transport: str) -> Endpoint:
    return peer_address(address), port, _KINDS[transport]


def endpoint_of(bound: socket.socket) -> Endpoint:
    """Return where a socket is bound; raises OSError."""
    address, port = bound.getsockname()[:2]
    return endpoint(address, port, "udp" if bound.type == socket.SOCK_DGRAM else "tcp")


def by_endpoint(sockets: Iterable[socket.socket]) -> dict[Endpoint, socket.socket]:
    return {endpoint_of(each): each for each in sockets}
