# SPDX-License-Identifier: MIT
"""Frames waiting for one connection, bounded: when full, the oldest whole message is dropped and counted.

Only a little is handed to the transport at a time, because what the transport holds can no longer be dropped and
a frame cut in half would ruin the stream.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from decnet_core.bus.protocol.frames import Line

CHUNK = 65_536  # bytes handed to the transport at a time
RUN_CHUNK = 131_072  # the same of messages that came in one read: fewer calls, and no frames are made of them
AT_ONCE = 16_384  # bytes of one run from which joining it saves more than one more call costs
MAX_LINES = 1024


class Writer(Protocol):
    """The part of a transport that is used here."""

    def write(self, data: bytes) -> None:
        """Send or buffer `data`."""
        ...

    def is_closing(self) -> bool:
        """Whether what is written now would be lost."""
        ...


class SendQueue:
    """A bounded queue of frames; `Line` frames are never dropped, so `overfull` says when there are too many."""

    __slots__ = (
        "_allowance",
        "_floor",
        "_frames",
        "_lines",
        "_writer",
        "dropped",
        "paused",
        "pushed",
        "sent_bytes",
        "waiting_bytes",
    )

    def __init__(self, floor: int, allowance: Callable[[], int]) -> None:
        """Hold `floor` bytes without asking, and above that as many as `allowance()` grants just then."""
        self._floor = floor
        self._allowance = allowance
        self._frames: deque[bytes] = deque()
        self._lines = 0
        self._writer: Writer | None = None
        self.paused = True
        self.pushed = 0
        self.dropped = 0
        self.sent_bytes = 0
        self.waiting_bytes = 0

    @property
    def waiting(self) -> int:
        """Messages not yet handed to the transport."""
        return len(self._frames) - self._lines

    @property
    def sent(self) -> int:
        """Messages handed to the transport."""
        return self.pushed - self.dropped - self.waiting

    @property
    def overfull(self) -> bool:
        """Whether too many lines wait that may not be dropped: the other side sends requests and never reads."""
        return self._lines > MAX_LINES

    def open(self, writer: Writer) -> None:
        """Start to write to `writer`; what waited goes first."""
        self._writer = writer
        self.paused = False

    def close(self) -> None:
        """Stop writing and forget the lines (they belonged to that connection); messages wait for the next."""
        self._writer = None
        self.paused = True
        self._frames = deque(frame for frame in self._frames if type(frame) is not Line)
        self._lines = 0
        self.waiting_bytes = sum(map(len, self._frames))

    def discard(self) -> None:
        self.dropped += self.waiting
        self._frames.clear()
        self._lines = self.waiting_bytes = 0

    def push(self, frame: bytes) -> None:
        self._frames.append(frame)
        self.pushed += 1
        self.waiting_bytes += len(frame)
        if self.waiting_bytes > self._floor:
            self._trim()

    def push_run(self, head: bytes, bodies: list[bytes]) -> None:
        """Queue a frame of `head` and body for each of `bodies`, which have one size.

        A long run is joined and handed over at once, without becoming frames, while the transport takes it.
        """
        size, count, start = len(head) + len(bodies[0]), len(bodies), 0
        if size * count >= AT_ONCE or size * count + self.waiting_bytes > CHUNK:
            self.flush()
            portion = -(-count // -(-size * count // RUN_CHUNK))  # equal ones, or a small rest would be a call more
            while start < count and self._writable:
                part = bodies[start : start + portion]
                self._write(head.join((b"", *part)))
                self.pushed += len(part)
                start += len(part)
        if start < count:
            self._push_frames([head + body for body in bodies[start:]], size)

    def _push_frames(self, frames: list[bytes], size: int) -> None:
        self._frames.extend(frames)
        self.pushed += len(frames)
        self.waiting_bytes += size * len(frames)
        if self.waiting_bytes > self._floor:
            self._trim()

    def push_line(self, line: Line) -> None:
        """Queue a line, which is never dropped, but belongs to the present connection: without one it is forgotten."""
        if self._writer is None:
            return
        self._frames.append(line)
        self._lines += 1
        self.waiting_bytes += len(line)

    def flush(self) -> None:
        """Hand frames to the transport until it asks to pause."""
        while self._frames and self._writable:
            self._write(self._chunk())

    @property
    def _writable(self) -> bool:
        return not self.paused and self._writer is not None and not self._writer.is_closing()

    def _write(self, chunk: bytes) -> None:
        self.sent_bytes += len(chunk)
        if self._writer is not None:
            self._writer.write(chunk)

    def _chunk(self) -> bytes:
        if self.waiting_bytes <= CHUNK:
            data = b"".join(self._frames)
            self._frames.clear()
            self._lines = self.waiting_bytes = 0
            return data
        taken: list[bytes] = []
        size = 0
        while self._frames and size < CHUNK:
            frame = self._frames.popleft()
            self._lines -= type(frame) is Line
            size += len(frame)
            taken.append(frame)
        self.waiting_bytes -= size
        return b"".join(taken)

    def _trim(self) -> None:
        self.flush()
        allowed = self._allowance()
        kept: list[bytes] = []
        while self.waiting_bytes > allowed and len(self._frames) > 1:
            frame = self._frames.popleft()
            if type(frame) is Line:
                kept.append(frame)
                continue
            self.dropped += 1
            self.waiting_bytes -= len(frame)
        self._frames.extendleft(reversed(kept))
