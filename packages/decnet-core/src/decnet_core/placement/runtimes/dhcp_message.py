# SPDX-License-Identifier: MIT
"""Frames of DHCP for IPv4 (RFC 2131, options of RFC 2132), of a client that has no address yet. Pure.

What comes from the network is read by `answer`, which returns None for all that is no answer of a DHCP server.
"""

import ipaddress
import struct
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["offer", "ack", "nak"]

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
SERVER_PORT, CLIENT_PORT = 67, 68
SHORTEST_SECONDS, LONGEST_SECONDS = 60, 30 * 86400
"""A lease of less or more is taken for one of this length: no server makes us ask all the time, or never again."""

_BROADCAST = b"\xff" * 6
_IPV4, _UDP = 0x0800, 17
_BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s192s4s")
_COOKIE = b"\x63\x82\x53\x63"
_ANSWERS_BY_BROADCAST = 0x8000
_SUBNET_MASK, _ROUTER, _HOST_NAME, _REQUESTED, _SECONDS, _KIND = 1, 3, 12, 50, 51, 53
_SERVER, _WANTED, _RENEWAL, _CLIENT_ID, _PAD, _END = 54, 55, 58, 61, 0, 255
_ASKED_FOR = bytes((_SUBNET_MASK, 28, 2, _ROUTER, 15, 6, 119, _HOST_NAME, _SECONDS, _RENEWAL, 59))
_KINDS: dict[int, Kind] = {OFFER: "offer", ACK: "ack", NAK: "nak"}


class DhcpReply(msgspec.Struct, frozen=True):
    """What a server says to the transaction `number`; of a refusal only that and the server."""

    kind: Kind
    number: int
    server: ipaddress.IPv4Address
    address: ipaddress.IPv4Interface | None = None
    gateway: ipaddress.IPv4Address | None = None
    seconds: int = 0
    """How long the lease holds."""
    renew_seconds: int = 0
    """When it is to be renewed."""


def frame(
    kind: int,
    number: int,
    mac: bytes,
    host_name: str,
    *,
    address: ipaddress.IPv4Address | None = None,
    server: ipaddress.IPv4Address | None = None,
) -> bytes:
    """Return an Ethernet frame to all servers: DISCOVER, or REQUEST of an address, of one server if that offered it.

    Without a server the address is the one that the client had, and asks to keep (INIT-REBOOT).
    """
    options = _option(_KIND, bytes([kind])) + _option(_CLIENT_ID, b"\x01" + mac)
    if address is not None:
        options += _option(_REQUESTED, address.packed)
    if server is not None:
        options += _option(_SERVER, server.packed)
    options += _option(_HOST_NAME, host_name.partition(".")[0].encode("ascii", "replace")[:63])
    options += _option(_WANTED, _ASKED_FOR) + bytes([_END])
    nobody = bytes(4)
    head = (1, 1, 6, 0, number, 0, _ANSWERS_BY_BROADCAST, nobody, nobody, nobody, nobody, mac, b"", _COOKIE)
    message = (_BOOTP.pack(*head) + options).ljust(300, b"\0")
    datagram = struct.pack("!HHHH", CLIENT_PORT, SERVER_PORT, 8 + len(message), 0) + message
    return _BROADCAST + mac + _IPV4.to_bytes(2, "big") + _ip_header(len(datagram)) + datagram


def answer(data: bytes) -> DhcpReply | None:
    """Return what the server says in a frame; None for any other."""
    message = _datagram(data)
    if message is None or len(message) < _BOOTP.size:
        return None
    operation, hardware, _, _, number, _, _, _, yours, _, _, _, _, cookie = _BOOTP.unpack_from(message)
    if (operation, hardware, cookie) != (2, 1, _COOKIE):
        return None
    options = _options(message[_BOOTP.size :])
    kind = _KINDS.get(_number(options.get(_KIND, b"")))
    server = _address(options.get(_SERVER, b""))
    if kind is None or server is None:
        return None
    if kind == "nak":
        return DhcpReply(kind, number, server)
    return _grant(kind, number, server, yours, options)


def _grant(
    kind: Kind, number: int, server: ipaddress.IPv4Address, yours: bytes, options: dict[int, bytes]
) -> DhcpReply | None:
    mask, address = options.get(_SUBNET_MASK, b""), ipaddress.IPv4Address(yours)
    try:
        interface = ipaddress.IPv4Interface(f"{address}/{ipaddress.IPv4Address(mask)}")
    except ValueError:
        return None
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        return None
    seconds = min(max(_number(options.get(_SECONDS, b"")), SHORTEST_SECONDS), LONGEST_SECONDS)
    renewal = _number(options.get(_RENEWAL, b"")) or seconds // 2
    gateway = _address(options.get(_ROUTER, b"")[:4])
    return DhcpReply(kind, number, server, interface, gateway, seconds, min(renewal, seconds // 2))


def _datagram(data: bytes) -> bytes | None:
    """Return what a frame carries from a server's port to a client's."""
    if len(data) < 42 or data[12:14] != _IPV4.to_bytes(2, "big") or data[14] >> 4 != 4 or data[23] != _UDP:
        return None
    start = 14 + 4 * (data[14] & 15)
    if start < 34 or int.from_bytes(data[20:22], "big") & 0x3FFF:  # a fragment
        return None
    ports = (int.from_bytes(data[start : start + 2], "big"), int.from_bytes(data[start + 2 : start + 4], "big"))
    return data[start + 8 :] if ports == (SERVER_PORT, CLIENT_PORT) else None


def _options(data: bytes) -> dict[int, bytes]:
    """Return the options; one that is cut ends them, one that is repeated goes on (RFC 3396)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            break
        code, length = data[at], data[at + 1]
        found[code] = found.get(code, b"") + data[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def _option(code: int, value: bytes) -> bytes:
    return bytes((code, len(value))) + value if value else b""


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big") if len(value) in (1, 4) else 0


def _address(value: bytes) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(value) if len(value) == 4 and any(value) else None


def _ip_header(length: int) -> bytes:
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0x10, 20 + length, 0, 0, 64, _UDP, 0, bytes(4), b"\xff" * 4)
    total: int = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + (total ^ 0xFFFF).to_bytes(2, "big") + header[12:]
