# SPDX-License-Identifier: MIT
"""Reassembles bytes that arrive in any order, repeated or overlapping, up to the first gap.

The byte that came first wins. Systems differ in this, and an attacker can send two versions of one segment; whichever
policy a sensor has, some stack has the other. Keeping the first needs no second look at anything.
"""

from bisect import bisect_left

ISLAND_BYTES = 128
"""Memory of a piece behind a gap besides its bytes."""


class ReassemblyBuffer:
    """The first `limit` bytes of a stream; what lies beyond is dropped."""

    __slots__ = ("_ahead", "_starts", "data", "limit", "waiting")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        """All bytes up to the first gap."""
        self.limit = limit
        self.waiting = 0
        """Number of bytes behind a gap."""
        self._starts: list[int] = []
        self._ahead: list[bytearray] = []

    def add(self, offset: int, piece: bytes) -> bool:
        """Add the piece that begins at `offset`, which may be negative; return whether `data` has grown."""
        known = len(self.data)
        if offset < known:
            piece, offset = piece[known - offset :], known
        if offset + len(piece) > self.limit:
            piece = piece[: max(0, self.limit - offset)]
        if not piece:
            return False
        if offset == known and not self._starts:
            self.data += piece
            return True
        self._keep(offset, piece)
        self._join()
        return len(self.data) > known

    @property
    def spread(self) -> int:
        """The number of pieces behind a gap; those that touch are one."""
        return len(self._starts)

    @property
    def size(self) -> int:
        """Approximate memory, bytes."""
        return len(self.data) + self.waiting + ISLAND_BYTES * len(self._starts)

    def _keep(self, offset: int, piece: bytes) -> None:
        """Store the bytes of the piece that no earlier piece has."""
        place = bisect_left(self._starts, offset)
        if place and (reached := self._starts[place - 1] + len(self._ahead[place - 1])) > offset:
            piece, offset = piece[reached - offset :], reached
        while piece and place < len(self._starts):
            following = self._starts[place]
            reached = following + len(self._ahead[place])
            if fresh := piece[: following - offset]:
                place = self._insert(place, offset, fresh)
            piece, offset, place = piece[reached - offset :], reached, place + 1
        if piece:
            self._insert(place, offset, piece)

    def _insert(self, place: int, offset: int, fresh: bytes) -> int:
        """Insert new bytes before the piece at `place`; return where that piece is then."""
        self.waiting += len(fresh)
        starts, ahead = self._starts, self._ahead
        touches = place < len(starts) and offset + len(fresh) == starts[place]
        if place and starts[place - 1] + len(ahead[place - 1]) == offset:
            place -= 1
            ahead[place] += fresh
            if touches:
                ahead[place] += ahead.pop(place + 1)
                del starts[place + 1]
                return place
        elif touches:
            starts[place] = offset
            ahead[place][:0] = fresh
            return place
        else:
            starts.insert(place, offset)
            ahead.insert(place, bytearray(fresh))
        return place + 1

    def _join(self) -> None:
        """Move to `data` what is no longer behind a gap."""
        ready = 0
        for start, piece in zip(self._starts, self._ahead, strict=True):
            if start != len(self.data):
                break
            self.data += piece
            self.waiting -= len(piece)
            ready += 1
        del self._starts[:ready], self._ahead[:ready]
