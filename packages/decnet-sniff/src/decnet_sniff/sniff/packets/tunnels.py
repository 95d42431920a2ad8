# SPDX-License-Identifier: MIT
"""The content of GRE (RFC 2784, 2890), VXLAN (RFC 7348, with or without a policy) and Geneve (RFC 8926)."""

from __future__ import annotations

from typing import Final

from decnet_sniff.sniff.packets import link
from decnet_sniff.sniff.packets.link import OTHER, SHORT, Buffer

VXLAN_PORT: Final = 4789
GENEVE_PORT: Final = 6081
PORTS: Final = frozenset((VXLAN_PORT, GENEVE_PORT))

_BRIDGED: Final = 0x6558
"""Transparent Ethernet bridging: the content is a frame."""


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
    """Return the same for a VXLAN or Geneve header that begins at `at`, behind the UDP header to `port`."""
    if at + 8 > end:
        return SHORT
    if port == VXLAN_PORT:
        return link.network(link.ETHERNET, buffer, at + 8, end) if buffer[at] & 0x08 else OTHER  # has an identifier
    if buffer[at] >> 6:
        return OTHER
    return _behind(buffer[at + 2] << 8 | buffer[at + 3], buffer, at + 8 + (buffer[at] & 0x3F) * 4, end)


def _behind(ethertype: int, buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    if at >= end:
        return SHORT
    if ethertype == _BRIDGED:
        return link.network(link.ETHERNET, buffer, at, end)
    return (ethertype, at) if ethertype in {link.IP4, link.IP6} else OTHER
