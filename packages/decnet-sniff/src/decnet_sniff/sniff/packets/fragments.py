# SPDX-License-Identifier: MIT
"""Reassembles fragmented IP packets (RFC 791, RFC 8200 §4.5); on overlap the byte that came first wins.

The table is bounded in packets, bytes and age; the oldest goes first, because a sender of first fragments only would
otherwise lock out others.
"""

from decnet_sniff.sniff.packets.ip import Packet, upper
from decnet_sniff.sniff.packets.link import Buffer
from decnet_sniff.sniff.reassembly_buffer import ReassemblyBuffer

MOST_PACKETS = 64
MOST_BYTES = 256 * 1024
MOST_PIECES = 128
"""Fragments of one packet behind a gap."""
PATIENCE_NS = 30_000_000_000
_LARGEST = 65_535

Key = tuple[bytes, bytes, int, int]


class _Reassembly:
    __slots__ = ("began", "header", "pieces", "protocol", "size", "total")

    def __init__(self, began: int, protocol: int) -> None:
        self.began = began
        self.protocol = protocol
        self.header = b""
        self.pieces = ReassemblyBuffer(_LARGEST)
        self.total: int | None = None
        self.size = 0


class Fragments:
    """Fragments of incomplete packets."""

    def __init__(self) -> None:
        self._waiting: dict[Key, _Reassembly] = {}
        self.held = 0
        """Bytes held."""
        self.counts = {"fragments": 0, "fragments_joined": 0, "fragments_given_up": 0}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, ts: int, packet: Packet, buffer: Buffer) -> tuple[bytes, Packet] | None:
        """Add a fragment received at `ts` (ns); return the whole packet with its buffer when this completes it."""
        if packet.fragment is None:
            return None
        self.counts["fragments"] += 1
        identification, offset, more = packet.fragment
        protocol = packet.protocol if len(packet.source) == 4 else 0  # in IPv6 only the first fragment's counts
        key = (packet.source, packet.destination, protocol, identification)
        reassembly = self._waiting.get(key)
        if reassembly is not None and ts - reassembly.began > PATIENCE_NS:
            self._give_up(key)
            reassembly = None
        if reassembly is None:
            reassembly = self._waiting[key] = _Reassembly(ts, packet.protocol)
        piece = bytes(buffer[packet.payload : packet.end])
        if offset == 0 and not reassembly.header:
            reassembly.header = bytes(buffer[packet.header : packet.payload])
            reassembly.protocol = packet.protocol
        if not more and reassembly.total is None:
            reassembly.total = offset + len(piece)
        reassembly.pieces.add(offset, piece)
        self._account(reassembly)
        whole = self._whole(key, reassembly, packet)
        self._bound()
        return whole

    def _whole(self, key: Key, reassembly: _Reassembly, packet: Packet) -> tuple[bytes, Packet] | None:
        if reassembly.total is None or len(reassembly.pieces.data) < reassembly.total or not reassembly.header:
            return None
        self._remove(key)
        self.counts["fragments_joined"] += 1
        header, payload = reassembly.header, bytes(reassembly.pieces.data[: reassembly.total])
        buffer, protocol, at = header + payload, reassembly.protocol, len(header)
        if header[0] >> 4 == 6:  # extension headers may follow the fragment header
            inner = upper(protocol, buffer, at, len(buffer))
            if isinstance(inner, str) or inner[2] is not None:
                return None
            protocol, at, _ = inner
        return buffer, Packet(protocol, packet.source, packet.destination, 0, at, len(buffer))

    def _account(self, reassembly: _Reassembly) -> None:
        size = reassembly.pieces.size
        self.held += size - reassembly.size
        reassembly.size = size

    def _bound(self) -> None:
        while len(self._waiting) > MOST_PACKETS or self.held > MOST_BYTES:
            self._give_up(next(iter(self._waiting)))
        spread = [key for key, reassembly in self._waiting.items() if reassembly.pieces.spread > MOST_PIECES]
        for key in spread:
            self._give_up(key)

    def _give_up(self, key: Key) -> None:
        self._remove(key)
        self.counts["fragments_given_up"] += 1

    def _remove(self, key: Key) -> None:
        self.held -= self._waiting.pop(key).size
