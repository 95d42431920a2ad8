# SPDX-License-Identifier: MIT
"""The TCP/IP stack behind the headers of a SYN or SYN+ACK, by the rules of p0f v3.

A `Stack` holds everything that a stack does in the same way each time and nothing that changes from connection to
connection (numbers, ports, timestamps). Equal stacks are equal values, so that results can be cached by them.
"""

from struct import Struct
from typing import NamedTuple

EOL, NOP, MSS, SCALE, SACK_OK, SACK, TIMESTAMP = 0, 1, 2, 3, 4, 5, 8
"""Kinds of TCP options (IANA)."""
MAX_OPTIONS = 24
"""Further options of a header are ignored."""
MAX_SCALE = 14
"""The greatest window scale (RFC 7323 §2.3)."""

DF, ID_SET, ID_ZERO, ECN, RESERVED, FLOW = (1 << bit for bit in range(6))
SEQ_ZERO, ACK_STRAY, ACK_ZERO, URGENT_STRAY, URGENT, PUSH = (1 << bit for bit in range(6, 12))
OWN_TIME_ZERO, PEER_TIME_SET, PADDING_SET, SCALE_HIGH, MALFORMED = (1 << bit for bit in range(12, 17))
QUIRKS = (
    "df", "id+", "id-", "ecn", "0+", "flow",
    "seq-", "ack+", "ack-", "uptr+", "urgf+", "pushf+",
    "ts1-", "ts2+", "opt+", "exws", "bad",
)  # fmt: skip
"""p0f's names of the bits above, from the lowest."""

_FLAGS_END = 0x05
"""FIN and RST."""
_FLAG_PUSH, _FLAG_ACK, _FLAG_URGENT, _FLAGS_ECN = 0x08, 0x10, 0x20, 0xC0
_LENGTHS = {MSS: 4, SCALE: 3, SACK_OK: 2, TIMESTAMP: 10}
_SACK_LENGTHS = (10, 34)
_ANY_LENGTHS = (2, 40)
_TCP = Struct("!4xIIBBH2xH").unpack_from
_IPV4_BYTES, _IPV6_BYTES = 20, 40
_V4_SYN = Struct("!BB2xHBxB11x4xIIHH2xH").unpack_from
_V6_SYN = Struct("!I3xB32x4xIIHH2xH").unpack_from
"""Both headers: of IP what `_IPV4` and `_IPV6` unpack, and hops; of TCP what `_TCP` does, offset and flags as one."""
_IPV4 = Struct("!BB2xHB").unpack_from
_IPV6 = Struct("!I").unpack_from
_WORD = Struct("!I").unpack_from
_TIMESTAMP_HEAD, _NO_TIME = bytes((TIMESTAMP, 10)), bytes(4)


class Syn(NamedTuple):
    """A SYN or SYN+ACK as captured."""

    ip: bytes
    """The IPv4 header with its options, or the 40 fixed bytes of the IPv6 header."""
    tcp: bytes
    """The TCP header with its options."""
    payload_bytes: int


class Stack(NamedTuple):
    """What is characteristic of a stack."""

    version: int
    """4 or 6."""
    ttl: int
    """As it arrived."""
    ip_options: int
    """Bytes of IPv4 options; 0 for IPv6."""
    mss: int | None
    window: int
    scale: int | None
    kinds: bytes
    """Option kinds, one byte each, in the order of the wire."""
    padding: int
    """Bytes after an explicit end of options."""
    quirks: int
    payload: bool
    own_time: bool
    """Whether it has a nonzero timestamp of its own."""
    header_bytes: int
    """Length of IP and TCP headers with options."""


Buffer = bytes | bytearray | memoryview
Key = tuple[int | bytes | tuple[int, bool, bool] | None, ...]
_known: dict[Key, Stack] = {}
"""Stacks by the parts of their headers that matter: they send the same ones again and again."""
_MOST_KNOWN = 512


def read(syn: Syn) -> Stack | None:
    """Return the stack that sent `syn`, None if its headers are truncated or it ends a connection, as no stack does."""
    ip, tcp, payload = syn
    if len(tcp) < 20 or len(ip) < 20:
        return None
    key = key_of(ip + tcp, 0, len(ip), len(ip) + len(tcp), payload)
    stack = None if key is None else _known.get(key)
    return _read(syn, key) if stack is None else stack


def key_of(buffer: Buffer, header: int, at: int, end: int, payload: int) -> Key | None:
    """Return what decides how a SYN is read; None for one with IP options or extension headers.

    Its IP header begins at `header`, and its TCP header, of which at least 20 bytes are there, is buffer[at:end].
    """
    if at - header == _IPV4_BYTES:
        first, mark, identification, fragment, hops, sequence, acknowledged, flags, window, urgent = _V4_SYN(
            buffer, header
        )
        mark &= 3
    elif at - header == _IPV6_BYTES and buffer[header] >> 4 == 6:
        word, hops, sequence, acknowledged, flags, window, urgent = _V6_SYN(buffer, header)
        first, mark, identification, fragment = _IPV6_BYTES, word >> 20 & 3, word & 0xFFFFF, 0
    else:
        return None
    options, times = bytes(buffer[at + 20 : min(end, at + (flags >> 12) * 4)]), None
    if (place := options.find(_TIMESTAMP_HEAD)) >= 0:
        times = place, options[place + 2 : place + 6] != _NO_TIME, options[place + 6 : place + 10] != _NO_TIME
        options = options[: place + 2] + options[place + 10 :]
    return (
        first, mark, not identification, fragment & 0xC0, hops, not sequence,
        acknowledged >> 24 & 1 if acknowledged else 2, flags, end - at, window, not urgent, options, times, payload > 0,
    )  # fmt: skip


def is_known(key: Key) -> bool:
    """Return whether every SYN of this key is read alike: its options hide nothing else that changes."""
    return key in _known


def _read(syn: Syn, key: Key | None) -> Stack | None:
    """Read `syn`, and remember the stack by `key` if its options do not hide anything else that changes."""
    ip, tcp, payload = syn
    sequence, acknowledged, offset, flags, window, urgent = _TCP(tcp)
    header = (offset >> 4) * 4
    if header < 20 or header > len(tcp) or flags & _FLAGS_END:
        return None
    network = _ipv4(ip) if ip[0] >> 4 == 4 else _ipv6(ip)
    if network is None:
        return None
    version, ttl, ip_header, quirks = network
    quirks |= _tcp_quirks(sequence, acknowledged, flags, urgent, offset)
    walk = _Walk(tcp[20:header], initial=not flags & _FLAG_ACK)
    stack = Stack(
        version, ttl, ip_header - 20 if version == 4 else 0, walk.mss, window, walk.scale, bytes(walk.kinds),
        walk.padding, quirks | walk.quirks, payload > 0, walk.own_time, ip_header + header,
    )  # fmt: skip
    # What looks like a timestamp may be the inside of another option: only what the walk came upon is one.
    at = tcp.find(_TIMESTAMP_HEAD, 20, header) - 20
    if key is not None and (at < 0 or at in walk.times):
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = stack
    return stack


def _ipv4(ip: bytes) -> tuple[int, int, int, int] | None:
    first, service, identification, flags = _IPV4(ip)
    quirks = ECN if service & 3 else 0
    if flags & 0x80:
        quirks |= RESERVED
    if flags & 0x40:
        quirks |= DF | ID_SET if identification else DF
    elif not identification:
        quirks |= ID_ZERO
    length = (first & 15) * 4
    return (4, ip[8], length, quirks) if 20 <= length <= len(ip) else None


def _ipv6(ip: bytes) -> tuple[int, int, int, int] | None:
    if len(ip) < 40 or ip[0] >> 4 != 6:
        return None
    (word,) = _IPV6(ip)
    quirks = ECN if word >> 20 & 3 else 0
    return 6, ip[7], 40, quirks | FLOW if word & 0xFFFFF else quirks


def _tcp_quirks(sequence: int, acknowledged: int, flags: int, urgent: int, offset: int) -> int:
    quirks = 0 if sequence else SEQ_ZERO
    if flags & _FLAGS_ECN or offset & 1:
        quirks |= ECN
    if flags & _FLAG_ACK:
        if not acknowledged:
            quirks |= ACK_ZERO
    elif acknowledged >> 24 & 1:  # of a stray number p0f 3.09 looks at this one bit, where its text says "non-zero"
        quirks |= ACK_STRAY
    if flags & _FLAG_URGENT:
        quirks |= URGENT
    elif urgent:
        quirks |= URGENT_STRAY
    return quirks | PUSH if flags & _FLAG_PUSH else quirks


class _Walk:
    """One pass over the options of a header."""

    __slots__ = ("kinds", "mss", "own_time", "padding", "quirks", "scale", "times")

    def __init__(self, data: bytes, *, initial: bool) -> None:
        self.kinds = bytearray()
        self.mss: int | None = None
        self.scale: int | None = None
        self.own_time = False
        self.padding = 0
        self.quirks = 0
        self.times: list[int] = []
        """Offsets of timestamps."""
        self._walk(data, initial=initial)

    def _walk(self, data: bytes, *, initial: bool) -> None:
        kinds, at, end = self.kinds, 0, len(data)
        while at < end and len(kinds) < MAX_OPTIONS:
            kind = data[at]
            kinds.append(kind)
            if kind == NOP:
                at += 1
                continue
            if kind == EOL:
                self._pad(data[at + 1 :])
                return
            declared = data[at + 1] if at + 1 < end else 0
            length = _LENGTHS.get(kind)
            if length is None:
                least, most = _SACK_LENGTHS if kind == SACK else _ANY_LENGTHS
                length = declared if least <= declared <= most else 0
            elif declared != length:
                self.quirks |= MALFORMED  # and read as if it were as long as it must be
            if not length or at + length > end:
                self.quirks |= MALFORMED
                return
            self._take(kind, data, at + 2, initial=initial)
            at += length

    def _pad(self, padding: bytes) -> None:
        self.padding = len(padding)
        if any(padding[:-1]):  # p0f does not look at the last byte
            self.quirks |= PADDING_SET

    def _take(self, kind: int, data: bytes, at: int, *, initial: bool) -> None:
        if kind == MSS:
            self.mss = data[at] << 8 | data[at + 1]
        elif kind == SCALE:
            self.scale = data[at]
            if self.scale > MAX_SCALE:
                self.quirks |= SCALE_HIGH
        elif kind == TIMESTAMP:
            self.times.append(at - 2)
            self.own_time = _WORD(data, at)[0] != 0
            if not self.own_time:
                self.quirks |= OWN_TIME_ZERO
            if initial and _WORD(data, at + 4)[0]:
                self.quirks |= PEER_TIME_SET
