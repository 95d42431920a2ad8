# SPDX-License-Identifier: MIT
"""The content of GRE (RFC 2784, 2890) and of tunnels over UDP: VXLAN, Geneve, GTP-U and CAPWAP's data.

VXLAN: RFC 7348, with or without a policy; Geneve: RFC 8926; GTP-U: 3GPP TS 29.281; CAPWAP: RFC 5415, 4.3.
"""

from typing import Final

from decnet_sniff.sniff.packets import link
from decnet_sniff.sniff.packets.link import OTHER, SHORT, Buffer

VXLAN_PORT: Final = 4789
GENEVE_PORT: Final = 6081
GTP_PORT: Final = 2152
CAPWAP_PORT: Final = 5247
PORTS: Final = frozenset((VXLAN_PORT, GENEVE_PORT, GTP_PORT, CAPWAP_PORT))

_BRIDGED: Final = 0x6558
"""Transparent Ethernet bridging: the content is a frame."""
_GTP_PACKET: Final = 255
"""The message type of a user's packet (G-PDU)."""
_MOST_EXTENSIONS: Final = 8
_SNAP: Final = b"\xaa\xaa\x03\0\0\0"
"""What stands before the EtherType in an 802.11 data frame (RFC 1042)."""


def gre(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return (IP4 or IP6, offset) of the content of the GRE header at `at`; see `link.network`."""
    if at + 4 > end:
        return SHORT
    flags = buffer[at]
    if buffer[at + 1] & 7 or flags & 0x40:  # version 1 is PPTP's; RFC 1701's routing is in no use
        return OTHER
    size = 4 + 4 * ((flags >> 7) + (flags >> 5 & 1) + (flags >> 4 & 1))
    return _behind(buffer[at + 2] << 8 | buffer[at + 3], buffer, at + size, end)


def over_udp(port: int, buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the same for the header of a tunnel that begins at `at`, behind the UDP header to or from `port`."""
    if at + 8 > end:
        return SHORT
    if port == GTP_PORT:
        return _gtp(buffer, at, end)
    if port == CAPWAP_PORT:
        return _capwap(buffer, at, end)
    if port == VXLAN_PORT:
        return link.network(link.ETHERNET, buffer, at + 8, end) if buffer[at] & 0x08 else OTHER  # has an identifier
    if buffer[at] >> 6:
        return OTHER
    return _behind(buffer[at + 2] << 8 | buffer[at + 3], buffer, at + 8 + (buffer[at] & 0x3F) * 4, end)


def _gtp(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    flags = buffer[at]
    if flags >> 4 != 3 or buffer[at + 1] != _GTP_PACKET:  # version 1, and not GTP'
        return OTHER
    if not flags & 7:
        return link.raw(buffer, at + 8, end)
    at += 12
    for _ in range(_MOST_EXTENSIONS):
        if at > end:
            return SHORT
        if not (flags & 4 and buffer[at - 1]):  # the type of the extension header that follows, if any may
            return link.raw(buffer, at, end)
        if at >= end or not buffer[at]:
            return OTHER
        at += buffer[at] * 4
    return OTHER


def _capwap(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    if buffer[at] or buffer[at + 3] & 0x80:  # not in the clear, or a fragment
        return OTHER
    inside = at + (buffer[at + 1] >> 3) * 4
    binding = (buffer[at + 2] & 0x3E) >> 1
    if not buffer[at + 2] & 1:
        return link.network(link.ETHERNET, buffer, inside, end)
    return _wireless(buffer, inside, end) if binding == 1 else OTHER


def _wireless(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the same for an IEEE 802.11 frame."""
    if at + 2 > end:
        return SHORT
    control, flags = buffer[at], buffer[at + 1]
    if control & 0x4F != 0x08 or flags & 0x40:  # no data frame, or encrypted
        return OTHER
    at += 24 + (6 if flags & 3 == 3 else 0) + (2 if control & 0x80 else 0) + (4 if control & flags & 0x80 else 0)
    if at + 8 > end:
        return SHORT
    return link.tagged(buffer, at + 6, end) if bytes(buffer[at : at + 6]) == _SNAP else OTHER


def _behind(ethertype: int, buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    if at >= end:
        return SHORT
    if ethertype == _BRIDGED:
        return link.network(link.ETHERNET, buffer, at, end)
    return (ethertype, at) if ethertype in {link.IP4, link.IP6} else OTHER
