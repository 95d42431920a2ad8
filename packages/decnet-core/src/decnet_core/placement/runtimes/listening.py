# SPDX-License-Identifier: MIT
"""Which addresses and ports are listened on in the namespace of this thread."""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from decnet_core.placement.desired import Address, Endpoint, Transport
from decnet_core.placement.netlink.sockets import waiting

_LISTENS: dict[Transport, str] = {"tcp": "0A", "udp": "07"}
"""TCP_LISTEN, and of UDP a socket that is not connected."""


_PROTOCOLS: dict[Transport, int] = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


def served() -> set[Endpoint]:
    """Return what is listened on."""
    try:
        return {
            (address, transport, port) for transport, number in _PROTOCOLS.items() for address, port in waiting(number)
        }
    except OSError:
        return by_proc()


def by_proc(net: Path = Path("/proc/thread-self/net")) -> set[Endpoint]:
    """Return it as proc(5) tells, for a kernel without sock_diag(7): that takes as long as there are connections."""
    return {endpoint for transport in _LISTENS for version in ("", "6") for endpoint in _of(net, transport, version)}


def _of(net: Path, transport: Transport, version: str) -> Iterator[Endpoint]:
    try:
        lines = (net / (transport + version)).read_text().splitlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        return
    for line in lines:
        _, local, _, state = line.split()[:4]
        if state == _LISTENS[transport]:
            address, port = local.split(":")
            yield _address(address), transport, int(port, 16)


def _address(text: str) -> Address:
    """Return the address; the file has words of 32 bits in the host's byte order."""
    words = struct.pack(f"={len(text) // 8}I", *(int(text[place : place + 8], 16) for place in range(0, len(text), 8)))
    return ipaddress.ip_address(words)
