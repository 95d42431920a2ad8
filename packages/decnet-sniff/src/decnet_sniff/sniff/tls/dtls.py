# SPDX-License-Identifier: MIT
"""The hellos of DTLS 1.0, 1.2 and 1.3 over UDP, whole or in fragments (RFC 4347, RFC 6347, RFC 9147).

Only plaintext records are read: those of epoch 0. The fragments of a hello name their offset, so they may come in any
order, repeated, and overlapping.
"""

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from decnet_sniff.protocols.verdict import Verdict
from decnet_sniff.sniff.lru_ttl_cache import LruTtlCache
from decnet_sniff.sniff.reassembly_buffer import ReassemblyBuffer
from decnet_sniff.sniff.tls.hello import CLIENT_HELLO, SERVER_HELLO, Hello, read_hello, uint16, uint24

MAX_HELLO_BYTES = 16_384
"""A longer hello is not reassembled."""

MAX_PIECES = 64
"""Fragments of one hello that may wait behind a gap."""

MAX_UNFINISHED = 256
"""Directions whose hello is not complete; 4 MiB at the most, if an attacker fills them all."""

LIFETIME_NS = 30_000_000_000
"""A hello that got no fragment for this long is dropped."""

_HANDSHAKE = 22
_RECORD_BYTES = 13
_MESSAGE_BYTES = 12
_MAX_RECORD_BYTES = 1 << 14
_VERSIONS = frozenset({b"\xfe\xff", b"\xfe\xfd", b"\xfe\xfc", b"\x01\0"})
"""DTLS 1.0, 1.2 and 1.3, though a plaintext record of 1.3 claims to be 1.2 (RFC 9147, 4); and what Cisco AnyConnect
made of the draft of 1.0 (DTLS1_BAD_VER in OpenSSL)."""


class _Fragment(NamedTuple):
    """A part of a handshake message (RFC 6347, 4.2.2)."""

    kind: int
    length: int
    sequence: int
    offset: int
    data: bytes


class _Unfinished:
    """A hello with missing fragments."""

    __slots__ = ("identity", "pieces")

    def __init__(self, identity: tuple[int, int, int]) -> None:
        self.identity = identity
        self.pieces = ReassemblyBuffer(identity[1])


class Handshakes:
    """Finds hellos in datagrams; remembers only the unfinished ones."""

    def __init__(self) -> None:
        self._unfinished = LruTtlCache[Hashable, _Unfinished](MAX_UNFINISHED, LIFETIME_NS)
        self._records = 0

    def counters(self) -> dict[str, int]:
        """Return what was seen and what was dropped since the start."""
        return {
            "dtls_handshake_records": self._records,
            "dtls_unfinished": len(self._unfinished),
            "dtls_evicted": self._unfinished.evicted,
        }

    def datagram(self, key: Hashable, data: bytes, now: int) -> Hello | None:
        """Return the first hello that a UDP payload completes.

        `key` is the flow in the packet's direction (addresses and ports); `now` is the packet's time, nanoseconds.
        """
        if not may_be_dtls(data):
            return None
        first: Hello | None = None
        for record in _records(data):
            self._records += 1
            for fragment in _fragments(record):
                hello = self._fragment(key, fragment, now)
                first = first or hello
        return first

    def _fragment(self, key: Hashable, fragment: _Fragment, now: int) -> Hello | None:
        kind, length, sequence, offset, data = fragment
        if kind not in (CLIENT_HELLO, SERVER_HELLO) or length > MAX_HELLO_BYTES:
            return None
        if offset == 0 and len(data) == length:
            return _hello(kind, data)
        identity = (kind, length, sequence)
        unfinished = self._unfinished.get(key, now)
        if unfinished is None or unfinished.identity != identity:
            unfinished = _Unfinished(identity)
            self._unfinished.put(key, unfinished, now)
        pieces = unfinished.pieces
        pieces.add(offset, data)
        if len(pieces.data) == length:
            self._unfinished.forget(key)
            return _hello(kind, bytes(pieces.data))
        if pieces.spread > MAX_PIECES:
            self._unfinished.forget(key)
        return None


def may_be_dtls(datagram: bytes) -> bool:
    """Return, quickly, whether the datagram can begin with a handshake record of epoch 0."""
    return (
        len(datagram) > _RECORD_BYTES
        and datagram[0] == _HANDSHAKE
        and datagram[1:3] in _VERSIONS
        and datagram[3:5] == b"\0\0"
    )


def _hello(kind: int, body: bytes) -> Hello | None:
    hello = read_hello(kind, body, datagram=True)
    return None if isinstance(hello, Verdict) else hello


def _records(data: bytes) -> Iterator[bytes]:
    """Yield the contents of the plaintext handshake records of a datagram, up to the first other one."""
    at = 0
    while may_be_dtls(data[at : at + _RECORD_BYTES + 1]):
        begin, length = at + _RECORD_BYTES, uint16(data, at + 11)
        at = begin + length
        if at > len(data) or length > _MAX_RECORD_BYTES:
            return
        yield data[begin:at]


def _fragments(record: bytes) -> Iterator[_Fragment]:
    """Yield the fragments in a record, up to an invalid one."""
    at = 0
    while at + _MESSAGE_BYTES <= len(record):
        length, offset, size = uint24(record, at + 1), uint24(record, at + 6), uint24(record, at + 9)
        begin = at + _MESSAGE_BYTES
        if offset + size > length or begin + size > len(record):
            return
        yield _Fragment(record[at], length, uint16(record, at + 4), offset, record[begin : begin + size])
        at = begin + size
