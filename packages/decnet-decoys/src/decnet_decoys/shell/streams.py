# SPDX-License-Identifier: MIT
"""Where a command reads and writes: buffers in memory, bounded."""

from __future__ import annotations

from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.budget import LineBudget

MAX_OUTPUT = 1 << 20
"""Bytes one command may print or pipe before it is ended as if by SIGPIPE."""


class OutputFullError(DecoysError):
    """A command printed more than is carried; it ends like a process whose reader is gone."""


class OutputBuffer:
    """Collects what a command writes; every byte counts against the budget of its line, too."""

    def __init__(self, budget: LineBudget) -> None:
        self._data = bytearray()
        self._budget = budget
        self._left = MAX_OUTPUT

    def write(self, data: bytes) -> None:
        """Append `data`, cut at the limit; raises OutputFullError when the limit is reached."""
        room = min(self._left, self._budget.bytes_left)
        self._data += data[: max(0, room)]
        self._left -= len(data)
        self._budget.bytes_left -= len(data)
        if room < len(data):
            raise OutputFullError

    def take(self) -> bytes:
        """Return what was collected and empty the buffer; its limit is for all that is ever written to it."""
        data, self._data = bytes(self._data), bytearray()
        return data


class InputBuffer:
    """What is piped or redirected into commands; those that share it consume it one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def line(self) -> bytes | None:
        """Return the next line without its end, None at the end of the data."""
        if self._at >= len(self._data):
            return None
        end = self._data.find(b"\n", self._at)
        end = len(self._data) if end < 0 else end
        line, self._at = self._data[self._at : end], end + 1
        return line

    def rest(self) -> bytes:
        """Return all that has not been read."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest


class Streams(NamedTuple):
    """A command's standard streams; stdin None is the terminal or channel."""

    stdin: InputBuffer | None
    out: OutputBuffer
    err: OutputBuffer
