# SPDX-License-Identifier: MIT
"""What an unprivileged process sees of this host's network: its addresses, its neighbours, its listening ports.

Read from the kernel by rtnetlink(7) dumps and from /proc/net (proc(5)); nothing is sent on the network.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Attached: TypeAlias = ipaddress.IPv4Interface | ipaddress.IPv6Interface

_NEW_ADDRESS, _GET_ADDRESS, _NEW_NEIGHBOUR, _GET_NEIGHBOUR = 20, 22, 28, 30
_DONE, _ERROR = 3, 2
_DUMP_REQUEST = 0x301
"""NLM_F_REQUEST, NLM_F_ROOT and NLM_F_MATCH."""
_ANSWERED = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""NUD_REACHABLE, _STALE, _DELAY, _PROBE, _PERMANENT: the neighbour has said its MAC."""
_HEADER, _ADDRESS, _NEIGHBOUR = struct.Struct("=IHHII"), struct.Struct("=BBBBI"), struct.Struct("=BxxxiHBB")
_LENGTHS = {socket.AF_INET: 4, socket.AF_INET6: 16}
_LISTENING = "0A"
_ANYWHERE = (ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::"))  # noqa: S104  # compared only
"""A socket at :: takes IPv4, too, unless it was told otherwise; programs that do so listen at 0.0.0.0 as well."""


class HostNetwork(msgspec.Struct, frozen=True):
    """The network of this host at one moment."""

    interfaces: dict[str, tuple[Attached, ...]] = {}
    """Each interface's addresses with their networks."""
    neighbours: dict[Ip, str] = {}
    """MAC of each address that has answered ARP or ND lately."""
    listening: frozenset[tuple[Ip, int]] = frozenset()
    """Address and TCP port of each listening socket."""

    def interface_of(self, address: Ip) -> str | None:
        """Return the interface that has this address."""
        return next((name for name, own in self.interfaces.items() if address in {each.ip for each in own}), None)

    def is_taken(self, address: Ip, port: int) -> bool:
        """Return whether a program listens there, or at this port of all addresses."""
        return any((each, port) in self.listening for each in (address, *_ANYWHERE))


def look() -> HostNetwork:
    """Return what the kernel says now; raises OSError."""
    names = dict(socket.if_nameindex())
    interfaces: dict[str, list[Attached]] = {name: [] for name in names.values()}
    for index, attached in _addresses():
        if index in names:
            interfaces[names[index]].append(attached)
    return HostNetwork({name: tuple(own) for name, own in interfaces.items()}, dict(_neighbours()), _listening())


def _addresses() -> Iterator[tuple[int, Attached]]:
    for body in _dump(_GET_ADDRESS, _NEW_ADDRESS):
        family, prefix_length, _, _, index = _ADDRESS.unpack_from(body)
        attributes = _attributes(body[_ADDRESS.size :])
        raw = attributes.get(2) or attributes.get(1)  # IFA_LOCAL, of a point-to-point link; else IFA_ADDRESS
        if raw is not None and len(raw) == _LENGTHS.get(family):
            yield index, ipaddress.ip_interface((raw, prefix_length))


def _neighbours() -> Iterator[tuple[Ip, str]]:
    for body in _dump(_GET_NEIGHBOUR, _NEW_NEIGHBOUR):
        family, _, state, _, _ = _NEIGHBOUR.unpack_from(body)
        attributes = _attributes(body[_NEIGHBOUR.size :])
        address, mac = attributes.get(1), attributes.get(2)  # NDA_DST, NDA_LLADDR
        if address and mac and state & _ANSWERED and len(address) == _LENGTHS.get(family):
            yield ipaddress.ip_address(address), mac.hex(":")


def _dump(request: int, wanted: int) -> Iterator[bytes]:
    """Yield the messages of one rtnetlink dump."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(5)
        kernel.send(_HEADER.pack(_HEADER.size + 8, request, _DUMP_REQUEST, 1, 0) + bytes(8))
        while True:
            data = kernel.recv(1 << 16)
            while len(data) >= _HEADER.size:
                length, kind, _, _, _ = _HEADER.unpack_from(data)
                if kind in (_DONE, _ERROR) or length < _HEADER.size:
                    return
                if kind == wanted:
                    yield data[_HEADER.size : length]
                data = data[(length + 3) & ~3 :]


def _attributes(data: bytes) -> dict[int, bytes]:
    """Return the attributes of a message by their type (rtnetlink(7), struct rtattr)."""
    found: dict[int, bytes] = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def _listening() -> frozenset[tuple[Ip, int]]:
    return frozenset(place for name in ("tcp", "tcp6") for place in _sockets(Path("/proc/net") / name))


def _sockets(table: Path) -> Iterator[tuple[Ip, int]]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        return
    for line in lines:
        fields = line.split()
        if fields[3] == _LISTENING:
            address, _, port = fields[1].partition(":")
            words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
            yield ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)), int(port, 16)
