# SPDX-License-Identifier: MIT
"""Which addresses and ports are listened on in the namespace of this thread."""

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from decnet_core.placement.desired import Address, Endpoint, Transport
from decnet_core.placement.netlink.sockets import ALL_FAMILIES, waiting

_LISTENS: dict[Transport, str] = {"tcp": "0A", "udp": "07"}
"""TCP_LISTEN, and of UDP a socket that is not connected."""


_PROTOCOLS: dict[Transport, int] = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


def served() -> set[Endpoint]:
    """Return what is listened on."""
    return _listened(dict.fromkeys(_PROTOCOLS, ALL_FAMILIES))


def served_of(endpoints: Iterable[Endpoint]) -> frozenset[Endpoint]:
    """Return those that are listened on; only transports and families that they have are asked for."""
    wanted = frozenset(endpoints)
    asked: dict[Transport, set[int]] = {}
    for address, transport, _ in wanted:
        asked.setdefault(transport, set()).add(socket.AF_INET if address.version == 4 else socket.AF_INET6)
    return wanted & _listened(asked)


def _listened(asked: Mapping[Transport, Iterable[int]]) -> set[Endpoint]:
    try:
        return {
            (address, transport, port)
            for transport, families in asked.items()
            for address, port in waiting(_PROTOCOLS[transport], families)
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
