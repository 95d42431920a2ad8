# SPDX-License-Identifier: MIT
"""Finds the network layer behind a link layer: Ethernet with VLAN tags, Linux cooked, loopback, raw IP.

Link types are those of pcap files (the LINKTYPE_ registry of tcpdump.org); live interfaces are mapped to them.
"""

from typing import Final

Buffer = bytes | bytearray | memoryview

NULL: Final = 0
ETHERNET: Final = 1
RAW: Final = 101
LOOP: Final = 108
SLL: Final = 113
IPV4: Final = 228
IPV6: Final = 229
SLL2: Final = 276

NAMES: Final = {
    NULL: "BSD loopback",
    ETHERNET: "Ethernet",
    12: "raw IP",
    14: "raw IP",
    RAW: "raw IP",
    LOOP: "OpenBSD loopback",
    SLL: "Linux cooked v1",
    IPV4: "raw IPv4",
    IPV6: "raw IPv6",
    SLL2: "Linux cooked v2",
}
"""The supported link types."""

IP4: Final = 0x0800
IP6: Final = 0x86DD
IP: Final = frozenset((IP4, IP6))
VLANS: Final = frozenset((0x8100, 0x88A8, 0x9100))
"""802.1Q, 802.1ad (QinQ), and the former QinQ tag."""
MOST_TAGS: Final = 3

PPPOE: Final = 0x8864
"""The session stage of PPP over Ethernet (RFC 2516)."""
MPLS: Final = frozenset((0x8847, 0x8848))
WRAPPED: Final = MPLS | {PPPOE}
"""Carry IP behind headers of their own: `wrapped` finds it."""
_MOST_LABELS: Final = 8
_PPP: Final = {0x0021: IP4, 0x0057: IP6}

SHORT: Final = (-1, 0)
"""The frame ends before its network layer begins."""
OTHER: Final = (0, 0)
"""It carries no IP."""

_NULL_FAMILIES: Final = {2: IP4, 24: IP6, 28: IP6, 30: IP6}
"""AF_INET and the AF_INET6 of NetBSD, FreeBSD and Darwin."""


def network(link: int, buffer: Buffer, start: int, end: int) -> tuple[int, int]:
    """Return (IP4, IP6 or one of WRAPPED, offset of its header) of the frame in buffer[start:end].

    Otherwise SHORT or OTHER.
    """
    if link == ETHERNET:
        return tagged(buffer, start + 12, end)
    if link == SLL:
        return tagged(buffer, start + 14, end)
    if link == SLL2:
        return _cooked2(buffer, start, end)
    if link in {NULL, LOOP}:
        return _loopback(link, buffer, start, end)
    if link in NAMES:
        return raw(buffer, start, end)
    return OTHER


def tagged(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the same for an EtherType at `at`, which up to MOST_TAGS VLAN tags may follow."""
    for _ in range(MOST_TAGS + 1):
        if at + 2 > end:
            return SHORT
        ethertype = buffer[at] << 8 | buffer[at + 1]
        if ethertype not in VLANS:
            return (ethertype, at + 2) if ethertype in IP or ethertype in WRAPPED else OTHER
        at += 4
    return OTHER


def wrapped(ethertype: int, buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the same for what stands behind the headers of `ethertype`, one of WRAPPED, that begin at `at`."""
    if ethertype == PPPOE:
        return _ppp(buffer, at + 6, end)
    for _ in range(_MOST_LABELS):
        if at + 4 > end:
            return SHORT
        last, at = buffer[at + 2] & 1, at + 4
        if last:
            return _behind_labels(buffer, at, end)
    return OTHER


def _behind_labels(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Labels do not say what follows: a four or a six is IP (RFC 4928, 3), a zero the control word of a frame."""
    found = raw(buffer, at, end)
    if found != OTHER:
        return found
    return network(ETHERNET, buffer, at + 4, end) if buffer[at] >> 4 == 0 else OTHER  # RFC 4448, 4.6


def _ppp(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the same for the protocol field of PPP at `at`, which may be compressed to one byte (RFC 1661, 6.5)."""
    if at + 2 > end:
        return SHORT
    protocol, size = (buffer[at], 1) if buffer[at] & 1 else (buffer[at] << 8 | buffer[at + 1], 2)
    found = _PPP.get(protocol)
    return (found, at + size) if found else OTHER


def raw(buffer: Buffer, start: int, end: int) -> tuple[int, int]:
    """Return the same for a bare IP header: its first four bits are the version."""
    if start >= end:
        return SHORT
    version = buffer[start] >> 4
    return (IP4, start) if version == 4 else (IP6, start) if version == 6 else OTHER


def _cooked2(buffer: Buffer, start: int, end: int) -> tuple[int, int]:
    if start + 20 > end:
        return SHORT
    ethertype = buffer[start] << 8 | buffer[start + 1]
    if ethertype in VLANS:
        return tagged(buffer, start + 22, end)
    return (ethertype, start + 20) if ethertype in IP else OTHER


def _loopback(link: int, buffer: Buffer, start: int, end: int) -> tuple[int, int]:
    """NULL has the family in the byte order of the capturing machine, LOOP in network byte order."""
    if start + 4 > end:
        return SHORT
    big = int.from_bytes(buffer[start : start + 4], "big")
    little = int.from_bytes(buffer[start : start + 4], "little")
    family = _NULL_FAMILIES.get(big) or (_NULL_FAMILIES.get(little) if link == NULL else None)
    return (family, start + 4) if family else OTHER
