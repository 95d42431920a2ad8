# SPDX-License-Identifier: MIT
"""Where a command reads and writes: in memory, bounded, and read in pieces so that no step handles all of it."""

from collections.abc import Iterator
from contextlib import suppress
from math import inf
from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.budget import LineBudget
from decnet_decoys.shell.machine.lookup import Reading
from decnet_decoys.shell.machine.tree import MAX_MADE, Filler, piece_of, size_of

MAX_OUTPUT = 1 << 20
"""Bytes one command may print or pipe before it is ended as if by SIGPIPE."""
PIECE = 16 << 10
"""Bytes that a command reads at a time; what it does with them must take a few milliseconds at most."""
MAX_WHOLE = 32 << 20
MAX_LINE = 64 << 10
"""Bytes of a line; a longer one is read as several."""


class OutputFullError(DecoysError):
    """A command printed more than is carried; it ends like a process whose reader is gone."""


class OutputBuffer:
    """Collects what a command writes; every byte counts against the budget of its line, too."""

    def __init__(self, budget: LineBudget) -> None:
        self._data = bytearray()
        self._budget = budget
        self._left = MAX_OUTPUT
        self._other: OutputBuffer | None = None
        self._waiting: tuple[JobOutput, ...] = ()
        self.refused = ""
        """Why nothing can be written there, as the descriptor was closed or the device takes nothing."""

    @property
    def target(self) -> "OutputBuffer":
        """Where what is written goes: here, or where it was diverted to."""
        return self if self._other is None else self._other.target

    def divert(self, other: "OutputBuffer") -> None:
        """Let everything from now on go elsewhere, as `exec >file` does."""
        self._other = None
        if isinstance(other, _Duplicate) and other.kept_by is self:
            return
        target = other.target
        self._other = None if target is self else target

    def inherited(self) -> "OutputBuffer":
        """Return what writes to this until it is diverted itself; one that refuses is given as it is."""
        if self.refused:
            return self
        child = OutputBuffer(self._budget)
        child._other = self  # not where that goes now: a job's output is held from its first pause on
        return child

    def duplicate(self) -> "OutputBuffer":
        """Return what goes where this does now, also when this is diverted later, as `exec 3>&1` has it."""
        last = self
        while last._other is not None:
            last = last._other
        return _Duplicate(self._budget, last)

    def write(self, data: bytes) -> None:
        """Append `data`, cut at the limit; raises OutputFullError when the limit is reached."""
        if self._other is None:
            self.keep(data)
        else:
            self._other.write(data)

    def keep(self, data: bytes) -> None:
        """Append `data` to what is collected here, wherever this is diverted to; raises OutputFullError."""
        room = max(0, min(self._left, self._budget.room(len(data))))
        self._data += data[:room]
        self._left -= len(data)
        if room < len(data):
            raise OutputFullError

    def take(self) -> bytes:
        """Return all that is written to this, as who reads to its end gets it, and empty the buffer."""
        self.settle()
        return self.written()

    def written(self) -> bytes:
        """Return what was collected and empty the buffer; its limit is for all that is ever written to it."""
        data, self._data = bytes(self._data), bytearray()
        return data

    def wait_for(self, job: "JobOutput") -> None:
        """Expect what a job in the background writes to this at its end."""
        self._waiting += (job,)

    def settle(self, until: float = inf) -> None:
        """Let the jobs that write to this, and end until then (Unix time), come to their ends, in their order."""
        ended = [one for one in self._waiting if one.ends <= until]
        self._waiting = tuple(one for one in self._waiting if one.ends > until)
        for one in sorted(ended, key=lambda one: one.ends):
            one.show()


class _Duplicate(OutputBuffer):
    """A descriptor that was duplicated: it goes on to where the first one went, wherever that is diverted to."""

    def __init__(self, budget: LineBudget, kept_by: OutputBuffer) -> None:
        super().__init__(budget)
        self.kept_by = kept_by

    def keep(self, data: bytes) -> None:
        self.kept_by.keep(data)


class JobOutput(OutputBuffer):
    """What a job in the background writes: from its first pause on it is kept until the time of its end has come."""

    def __init__(self, budget: LineBudget, other: OutputBuffer) -> None:
        super().__init__(budget)
        self._shown_in = other
        self._held = False
        self.ends = inf
        """Unix time."""

    @property
    def target(self) -> OutputBuffer:
        return self._shown_in.target if self._other is None and not self._held else super().target

    def hold(self) -> None:
        """Keep what is written from now on."""
        if not self._held:
            self._shown_in.target.wait_for(self)
            self._held = True

    def keep(self, data: bytes) -> None:
        """Append `data`, or pass it on; raises OutputFullError."""
        if self._held:
            super().keep(data)
        else:
            self._shown_in.write(data)

    def show(self) -> None:
        """Write what was kept; it was counted when it was written to this."""
        with suppress(OutputFullError):
            self._shown_in.write(self.take())


class InputFile:
    """A file or standard input as a command reads it."""

    def __init__(self, name: str, content: bytes | Filler, start: int = 0) -> None:
        self.name = name
        self._content = content
        self._start = start

    def __len__(self) -> int:
        return max(0, size_of(self._content) - self._start)

    def piece(self, start: int, size: int = PIECE) -> bytes:
        """Return up to `size` bytes from `start`."""
        return piece_of(self._content, self._start + start, size)

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """Yield the whole, `size` bytes at a time."""
        for start in range(0, len(self), size):
            yield self.piece(start, size)

    def lines(self, *, ends: bool = False, end_mark: bytes = b"\n") -> Iterator[bytes]:
        """Yield the lines, with the byte that ends each, a line feed, if `ends`."""
        end = end_mark if ends else b""
        rest = b""
        for piece in self.pieces():
            *lines, rest = (rest + piece).split(end_mark)
            for line in lines:
                yield line + end
            if len(rest) >= MAX_LINE:
                yield rest
                rest = b""
        if rest:
            yield rest

    def whole(self, limit: int = MAX_WHOLE) -> bytes:
        """Return the first `limit` bytes at once; of a program's noise no more than takes a few milliseconds."""
        return self.piece(0, min(limit, MAX_MADE) if isinstance(self._content, Filler) else limit)


class InputBuffer:
    """What is piped or redirected into commands; those that share it consume it one after the other."""

    def __init__(self, content: bytes | Filler, reading: Reading | None = None) -> None:
        """`reading` keeps a file's content counted as memory as long as this exists."""
        self._content = content
        self._reading = reading
        self._at = 0
        self.found_end = False
        """Whether the line that was read last had its end, or all the bytes that were asked for."""

    def line(self, delimiter: bytes = b"\n", most: int | None = None) -> bytes | None:
        """Return the next line without its end, None at the end of the data; no more than `most` bytes of it.

        Without a delimiter the line ends with that many bytes only.
        """
        found = bytearray()
        limit = MAX_LINE if most is None else min(most, MAX_LINE)
        self.found_end = True
        for piece in self._source().pieces(1024):
            head, newline, _ = piece.partition(delimiter) if delimiter else (piece, b"", b"")
            if len(found) + len(head) >= limit:
                newline, head = newline if most is None else b"", head[: limit - len(found)]
            found += head
            self._at += len(head) + len(newline)
            if newline or len(found) >= limit:
                return bytes(found)
        self.found_end = False
        return bytes(found) or None

    def has_more(self) -> bool:
        """Return whether anything is left."""
        return len(self._source()) > 0

    def rest(self) -> InputFile:
        rest = self._source()
        self._at += len(rest)
        return rest

    def _source(self) -> InputFile:
        return InputFile("-", self._content, self._at)


class Streams(NamedTuple):
    """A command's standard streams; stdin None is the terminal or channel."""

    stdin: InputBuffer | None
    out: OutputBuffer
    err: OutputBuffer

    def inherited(self) -> "Streams":
        """Return what a child process has of them: where it diverts them, the parent's do not go."""
        return Streams(self.stdin, self.out.inherited(), self.err.inherited())
