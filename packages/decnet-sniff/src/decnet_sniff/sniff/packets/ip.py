# SPDX-License-Identifier: MIT
"""IPv4 (RFC 791) and IPv6 (RFC 8200) headers: where the upper layer begins and what it is.

For unusual packets; `observer` decodes the usual ones in place.
"""

from struct import Struct
from typing import Final, NamedTuple

from decnet_sniff.sniff.packets.link import IP4, Buffer

TCP: Final = 6
UDP: Final = 17
GRE: Final = 47
IP_IN_IP: Final = frozenset((4, 41))
"""IPv4 (RFC 2003) and IPv6 (RFC 4213) in either."""
FRAGMENT: Final = 44

_SKIPPED: Final = frozenset((0, 43, 60, 135, 139, 140))
"""Hop-by-hop, routing, destination options, mobility, HIP, shim6: all (next header, length in 8 bytes less one)."""
_AUTHENTICATION: Final = 51
MOST_HEADERS: Final = 8
"""Extension headers that are followed; no legitimate chain is longer."""

_V4: Final = Struct(">BBHHHBB2x4s4s")
_V6: Final = Struct(">IHBB16s16s")


Fragment = tuple[int, int, bool]
"""(identification, offset in bytes, whether more follow)."""


class Packet(NamedTuple):
    """One IP packet in a buffer."""

    protocol: int
    source: bytes
    destination: bytes
    header: int
    """Offset of the IP header."""
    payload: int
    """Offset of the upper layer; for a fragment, of its piece."""
    end: int
    """End of the packet: by its own length field, or earlier where the capture ends."""
    fragment: Fragment | None = None


def packet(ethertype: int, buffer: Buffer, at: int, end: int) -> Packet | str:
    """Return the packet whose header is at `at`, or in one word what is wrong with it."""
    return _v4(buffer, at, end) if ethertype == IP4 else _v6(buffer, at, end)


def _v4(buffer: Buffer, at: int, end: int) -> Packet | str:
    if at + 20 > end:
        return "short"
    version, _, total, identification, flags, _, protocol, source, destination = _V4.unpack_from(buffer, at)
    header = (version & 15) * 4
    total = total or end - at  # a kernel that segments later leaves the length to the network card
    if version >> 4 != 4 or header < 20 or total < header:
        return "malformed"
    if at + header > end:
        return "short"
    fragment = (identification, (flags & 0x1FFF) * 8, bool(flags & 0x2000)) if flags & 0x3FFF else None
    return Packet(protocol, source, destination, at, at + header, min(end, at + total), fragment)


def _v6(buffer: Buffer, at: int, end: int) -> Packet | str:
    if at + 40 > end:
        return "short"
    version, length, following, _, source, destination = _V6.unpack_from(buffer, at)
    if version >> 28 != 6:
        return "malformed"
    stop = min(end, at + 40 + length) if length else end  # zero is that of a jumbogram, or of late segmentation
    inner = upper(following, buffer, at + 40, stop)
    if isinstance(inner, str):
        return inner
    protocol, payload, fragment = inner
    return Packet(protocol, source, destination, at, payload, stop, fragment)


def upper(following: int, buffer: Buffer, at: int, stop: int) -> tuple[int, int, Fragment | None] | str:
    """Follow IPv6 extension headers from the one at `at`, whose type is `following`.

    Return (protocol, where its header begins, fragment); with a fragment, what begins there is a piece of `protocol`.
    """
    for _ in range(MOST_HEADERS):
        if following not in _SKIPPED and following not in {_AUTHENTICATION, FRAGMENT}:
            return (following, at, None) if at <= stop else "short"
        if at + 8 > stop:
            return "short"
        kind, following = following, buffer[at]
        if kind == FRAGMENT:
            word = buffer[at + 2] << 8 | buffer[at + 3]
            if word & 0xFFF9:  # else it is atomic (RFC 6946): whole
                identification = int.from_bytes(buffer[at + 4 : at + 8], "big")
                return following, at + 8, (identification, word & 0xFFF8, bool(word & 1))
            at += 8
        else:
            at += (buffer[at + 1] + 2) * 4 if kind == _AUTHENTICATION else (buffer[at + 1] + 1) * 8
    return "malformed"
