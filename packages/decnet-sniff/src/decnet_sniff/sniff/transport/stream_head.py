# SPDX-License-Identifier: MIT
"""The first bytes of one direction of a TCP connection (RFC 9293), in whatever order its segments arrive.

A post-quantum ClientHello spans segments, so a handshake cannot be parsed from single packets. The buffer is bounded in
bytes, in segments behind a gap and in how many bytes recognisers may read; a direction that exceeds one of these limits
is given up. Overlaps: the byte that came first wins (`reassembly_buffer`).
"""

from decnet_sniff.sniff.reassembly_buffer import ReassemblyBuffer

LIMIT = 65_536
"""Bytes of a direction."""
MOST_PIECES = 512
"""Non-adjacent pieces behind a gap: a post-quantum ClientHello, byte by byte in any order."""
MOST_LOOKED_AT = 2 << 20
"""Bytes, counted at each look, because a look reads all: what a sender of single bytes may cost."""

_WRAP = 1 << 32
_HALF = 1 << 31


class Stream:
    """One direction; `base` is the sequence number of its first byte."""

    __slots__ = ("_pieces", "base", "looked_at")

    def __init__(self, base: int) -> None:
        self.base = base
        self.looked_at = 0
        self._pieces = ReassemblyBuffer(LIMIT)

    def add(self, sequence: int, payload: bytes) -> bool:
        """Add a segment; return whether there are more bytes in order than before."""
        offset = (sequence - self.base) % _WRAP
        if offset >= _HALF:
            offset -= _WRAP
        grown = self._pieces.add(offset, payload)
        if grown:
            self.looked_at += len(self._pieces.data)
        return grown

    @property
    def data(self) -> bytes:
        """All bytes in order up to the first gap."""
        return bytes(self._pieces.data)

    @property
    def size(self) -> int:
        """Approximate memory, bytes."""
        return self._pieces.size

    @property
    def exhausted(self) -> bool:
        """Whether this direction has exceeded one of its limits."""
        pieces = self._pieces
        return len(pieces.data) >= LIMIT or pieces.spread > MOST_PIECES or self.looked_at >= MOST_LOOKED_AT
