# SPDX-License-Identifier: MIT
"""The hellos in QUIC's Initial packets, of clients and servers (RFC 9001, RFC 9369).

A client's Initial is decrypted with its own destination connection id; a server's with that of the client's first
packet, so a connection is remembered for as long as a handshake may take. A client's later Initials have another
destination and the same keys (RFC 9001, 5.2), except after a Retry, when both start over with the connection id of the
Retry. Whatever the table cannot explain is tried as the beginning of a new connection; the tag of AES-GCM decides.
"""

from collections.abc import Hashable

from decnet_sniff.protocols.verdict import NEED_MORE, Verdict
from decnet_sniff.sniff.lru_ttl_cache import LruTtlCache
from decnet_sniff.sniff.quic import aes
from decnet_sniff.sniff.quic.initial_keys import Keys, initial_keys
from decnet_sniff.sniff.quic.packets import (
    INITIAL,
    RETRY,
    Packet,
    crypto_frames,
    may_be_quic,
    opened,
    packets,
    unread_version,
)
from decnet_sniff.sniff.reassembly_buffer import ReassemblyBuffer
from decnet_sniff.sniff.tls.hello import Hello, ServerHello
from decnet_sniff.sniff.tls.records import read_message

MAX_CONNECTIONS = 2048
"""About 1 KiB each."""

MAX_CRYPTO_BYTES = 16_384
"""The longest hello in CRYPTO frames; a post-quantum ClientHello has 2 KiB."""

MAX_PIECES = 64
"""Frames of one hello that may wait behind a gap."""

MAX_PENDING_BYTES = 2 << 20
"""All unfinished hellos together; beyond it the oldest connections are dropped."""

LIFETIME_NS = 30_000_000_000
"""A connection that is silent for this long is dropped."""

_Flow = tuple[Hashable, Hashable]
"""Sender and receiver."""


class _Side:
    """One side's state: the handshake message that is being reassembled, from the offset `start` on."""

    __slots__ = ("done", "pieces", "start")

    def __init__(self) -> None:
        self.start = 0
        self.done = False
        self.pieces: ReassemblyBuffer | None = None

    @property
    def size(self) -> int:
        return 0 if self.pieces is None else self.pieces.size

    def take(self, payload: bytes) -> Hello | None:
        """Add the CRYPTO frames of a packet; return the hello that they complete."""
        grown = False
        if self.pieces is None:
            self.pieces = ReassemblyBuffer(MAX_CRYPTO_BYTES)
        for offset, data in crypto_frames(payload):
            grown |= self.pieces.add(offset - self.start, data)
            if self.pieces.spread > MAX_PIECES:
                self._finish(0)
                return None
        return self._read() if grown else None

    def _read(self) -> Hello | None:
        assert self.pieces is not None
        hello = read_message(self.pieces.data)
        if isinstance(hello, Verdict):
            if hello is not NEED_MORE or len(self.pieces.data) >= MAX_CRYPTO_BYTES:
                self._finish(0)
            return None
        self._finish(hello.end)
        return hello

    def _finish(self, length: int) -> None:
        self.start += length
        self.done = True
        self.pieces = None


class _Connection:
    """`first` is the connection id that the keys derive from, `server` the one that the server chose for itself."""

    __slots__ = ("_keys", "client_side", "first", "retried", "server", "server_side")

    def __init__(self, first: bytes) -> None:
        self.client_side = _Side()
        self.server_side = _Side()
        self.server: bytes | None = None
        self.retried = False
        self.begin(first)

    def begin(self, first: bytes) -> None:
        """Derive the keys from `first` from now on."""
        self.first = first
        self._keys: dict[tuple[int, bool], Keys] = {}

    def keys(self, version: int, *, server: bool) -> Keys:
        """Return the keys of one side; the version may change during the handshake (RFC 9368)."""
        known = self._keys.get((version, server))
        if known is None:
            known = self._keys[version, server] = initial_keys(version, self.first, server=server)
        return known

    @property
    def size(self) -> int:
        return self.client_side.size + self.server_side.size


class Connections:
    """Finds hellos in datagrams; its memory is bounded by the limits above."""

    def __init__(self) -> None:
        self._aes = aes.load()
        self._recent = LruTtlCache[_Flow, _Connection](MAX_CONNECTIONS, LIFETIME_NS, self._forgotten)
        self._pending = 0
        self._initials = 0
        self._undecrypted = 0
        self._unreadable = 0
        self._retries = 0
        self._unread = {"negotiation": 0, "other": 0}

    def counters(self) -> dict[str, int]:
        """Return what was seen and what was dropped since the start; without a libcrypto nothing is decrypted."""
        return {
            "quic_initials": self._initials,
            "quic_undecrypted": self._undecrypted,
            "quic_unreadable": self._unreadable,
            "quic_retries": self._retries,
            "quic_version_negotiations": self._unread["negotiation"],
            "quic_versions_unread": self._unread["other"],
            "quic_evicted": self._recent.evicted,
            "quic_connections": len(self._recent),
        }

    def datagram(self, source: Hashable, destination: Hashable, data: bytes, now: int) -> Hello | None:
        """Return the hello completed by a UDP payload from `source` to `destination` (address and port).

        `now` is the packet's time, nanoseconds.
        """
        if not may_be_quic(data):
            if (version := unread_version(data)) is not None:
                self._unread[version] += 1
            return None
        first: Hello | None = None
        for packet in packets(data):
            if packet.kind == INITIAL:
                self._initials += 1
                if self._aes is None:
                    self._undecrypted += 1
                    continue
                hello = self._initial((source, destination), data, packet, now)
                first = first or hello
            elif packet.kind == RETRY:
                self._retry((destination, source), packet, now)
        return first

    def _initial(self, flow: _Flow, data: bytes, packet: Packet, now: int) -> Hello | None:
        known = self._recent.get((flow[1], flow[0]), now)
        if known is not None:
            return self._answer(known, data, packet)
        connection = self._recent.get(flow, now)
        if connection is None:
            return self._begin(flow, data, packet, now)
        if connection.client_side.done and packet.destination in (connection.first, connection.server):
            return None
        payload = (
            None
            if connection.client_side.done
            else self._open(data, packet, connection.keys(packet.version, server=False))
        )
        if payload is None and packet.destination != connection.first:
            return self._begin(flow, data, packet, now)
        return self._take(connection, connection.client_side, payload)

    def _begin(self, flow: _Flow, data: bytes, packet: Packet, now: int) -> Hello | None:
        """Try the packet as the first of a connection."""
        connection = _Connection(packet.destination)
        payload = self._open(data, packet, connection.keys(packet.version, server=False))
        if payload is None:
            self._unreadable += 1
            return None
        self._recent.put(flow, connection, now)
        return self._take(connection, connection.client_side, payload)

    def _answer(self, connection: _Connection, data: bytes, packet: Packet) -> Hello | None:
        if connection.server_side.done:
            return None
        payload = self._open(data, packet, connection.keys(packet.version, server=True))
        if payload is None:
            self._unreadable += 1
            return None
        connection.server = packet.source
        hello = self._take(connection, connection.server_side, payload)
        if isinstance(hello, ServerHello) and hello.retry:  # both send another hello
            connection.client_side.done = connection.server_side.done = False
        return hello

    def _retry(self, flow: _Flow, packet: Packet, now: int) -> None:
        """Start over with the connection id of a Retry; a client takes only one (RFC 9000, 17.2.5.2)."""
        connection = self._recent.get(flow, now)
        if connection is None or connection.server is not None:
            return
        if connection.retried or packet.source == connection.first:
            return
        self._retries += 1
        connection.retried = True
        connection.begin(packet.source)

    def _take(self, connection: _Connection, side: _Side, payload: bytes | None) -> Hello | None:
        if payload is None:
            self._unreadable += 1
            return None
        before = connection.size
        hello = side.take(payload)
        self._pending += connection.size - before
        while self._pending > MAX_PENDING_BYTES:
            self._recent.evict()
        return hello

    def _forgotten(self, connection: _Connection) -> None:
        self._pending -= connection.size

    def _open(self, data: bytes, packet: Packet, keys: Keys) -> bytes | None:
        return None if self._aes is None else opened(data, packet, keys, self._aes)
