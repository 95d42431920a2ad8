# SPDX-License-Identifier: MIT
"""h11, a little at a time: a read may bring 43,000 chunks of one byte, or 87,000 header lines of three.

What was read is given to h11 in pieces, so that no line, head or trailer that it looks through is long. After
EVENTS_A_TURN events it asks for more data, as it does when it has none; `unfinished` then tells that it has.
"""

from __future__ import annotations

import h11

LARGEST_HEAD = 32 << 10
"""Bytes; `web` hands on heads of 16 KiB, and adds to them who sent them."""
MOST_LINES = 128
"""Of a head, or of the fields after a body in chunks; `web` hands on 100."""
_EVENTS_A_TURN = 128
"""h11 takes 10 µs for a chunk."""
_PIECE = 4096

Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class Parser(h11.Connection):
    """The parser of one connection."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, LARGEST_HEAD)
        self._untaken = bytearray()
        self._left = _EVENTS_A_TURN
        self.unfinished = False
        """Whether a further turn would find something in what was read, without more data."""
        self.head_too_large = False

    @property
    def unread(self) -> bool:
        """Whether the client sent, or is still to send, what no answer needs: a body, or what follows it."""
        return bool(self._untaken or self.their_state in (h11.SEND_BODY, h11.ERROR) or self.trailing_data[0])

    def receive_data(self, data: bytes) -> None:
        """Keep what was read for `next_event`."""
        self._untaken += data

    def begin_turn(self) -> None:
        """Allow EVENTS_A_TURN further events."""
        self._left, self.unfinished = _EVENTS_A_TURN, False

    def next_event(self) -> Event:
        """Return the next event as h11 does, or NEED_DATA at the end of the turn; raises RemoteProtocolError."""
        while self._left:
            self._left -= 1
            event = self._next()
            if event is not h11.NEED_DATA or not self._untaken:
                return event
            super().receive_data(bytes(self._untaken[:_PIECE]))
            del self._untaken[:_PIECE]
        self.unfinished = True
        return h11.NEED_DATA

    def _next(self) -> Event:
        before = self.their_state
        if before is h11.IDLE:
            self._check_head(self.trailing_data[0])
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            self.head_too_large = before is h11.IDLE and error.error_status_hint == 431
            raise
        if event is h11.NEED_DATA and before is h11.SEND_BODY and self.trailing_data[0].count(b"\n") > MOST_LINES:
            raise h11.RemoteProtocolError("too many fields after the body")
        return event

    def _check_head(self, begun: bytes) -> None:
        ends = [end for end in (begun.find(b"\n\r\n"), begun.find(b"\n\n")) if end >= 0]
        if begun.count(b"\n", 0, min(ends, default=len(begun))) > MOST_LINES:
            self.head_too_large = True
            raise h11.RemoteProtocolError("too many header fields", error_status_hint=431)
