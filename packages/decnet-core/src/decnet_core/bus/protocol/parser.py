# SPDX-License-Identifier: MIT
"""The NATS client protocol as a stream: bytes in, operations out, however the bytes are cut.

Publishers repeat themselves, so nearly every control line was seen before. Lines are therefore looked up whole, in a
bounded table, before they are parsed, and messages in a row under one and the same line are one run, handled at once;
this is what makes pure Python fast enough. Bytes are scanned once: an unfinished payload waits in a buffer that grows
in place until all of it is there.
"""

from collections.abc import Mapping
from struct import iter_unpack

from decnet_core.bus.protocol.operations import (
    FROM_CLIENT,
    FROM_SERVER,
    LINE_VIOLATION,
    PARSER_ERROR,
    UNKNOWN_OPERATION,
    Malformed,
    Operation,
    Reader,
)

MAX_LINE = 4096  # bytes behind the operation's name, as nats-server's max_control_line
MAX_PAYLOAD = 1_048_576  # bytes, headers included, as nats-server's max_payload
_LONGEST_REMEMBERED = 128
_MAX_REMEMBERED = 2048
_NAME = len(b"CONNECT ")
_CRLF = b"\r\n"
_FEW = 8  # operations in a row that are read one by one before many are unpacked at once, ...
_SHORT = 1024  # ... and the longest bodies, in bytes, for which that saves time

Run = tuple[Operation, list[bytes]]
"""Operations in a row that have the same control line, and the body of each."""

_NO_BODY = [b""]


class ControlLines:
    """Reads control lines and remembers the short ones; parsers of one process may share one."""

    def __init__(self, readers: Mapping[bytes, Reader], max_payload: int = MAX_PAYLOAD) -> None:
        self._readers = readers
        self._max_payload = max_payload
        self.remembered: dict[bytes, Operation] = {}

    def read(self, line: bytes) -> Operation:
        """Return the operation `line` (with or without its CR) announces."""
        verb, _, arguments = line.strip().replace(b"\t", b" ").partition(b" ")
        reader = self._readers.get(verb.upper())
        if reader is None:
            return Malformed(UNKNOWN_OPERATION)
        operation = reader(arguments, self._max_payload)
        if len(line) <= _LONGEST_REMEMBERED and not isinstance(operation, Malformed):
            if len(self.remembered) >= _MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[line] = operation
        return operation


def lines_from_client(max_payload: int = MAX_PAYLOAD) -> ControlLines:
    return ControlLines(FROM_CLIENT, max_payload)


def lines_from_server(max_payload: int = MAX_PAYLOAD) -> ControlLines:
    return ControlLines(FROM_SERVER, max_payload)


def joined(runs: list[Run], more: list[Run]) -> list[Run]:
    """Return all runs, one where the second list goes on with what the first ends with."""
    if runs and more and runs[-1][0] is more[0][0] and runs[-1][0].span:
        operation, bodies = runs[-1]
        return [*runs[:-1], (operation, bodies + more[0][1]), *more[1:]]
    return runs + more


class Parser:
    """One direction of one connection; after `Malformed` it is finished and returns nothing more.

    Each operation comes with its body: headers and payload *with the final CRLF*, so that a relay copies it once.
    """

    def __init__(self, lines: ControlLines, max_line: int = MAX_LINE) -> None:
        self._lines = lines
        self._longest = _NAME + max_line
        self._held = bytearray()
        self._needed = 0
        self._finished = False

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their operation."""
        return len(self._held)

    def give_up(self) -> None:
        """Discard what waits, and read nothing more."""
        self._held = bytearray()
        self._finished = True

    def feed(self, data: bytes | memoryview) -> list[tuple[Operation, bytes]]:
        """Return the operations that `data` completes, oldest first."""
        return [(operation, body) for operation, bodies in self.feed_runs(data) for body in bodies]

    def feed_runs(self, data: bytes | memoryview) -> list[Run]:
        """Return the operations that `data` completes, oldest first, in runs."""
        if self._finished:
            return []
        if len(self._held) + len(data) < self._needed:
            self._held += data
            return []
        data = b"".join((self._held, data))
        self._held = bytearray()
        found: list[Run] = []
        used = self._scan(data, found)
        self._finished = bool(found) and isinstance(found[-1][0], Malformed)
        if used < len(data) and not self._finished:
            self._held = bytearray(memoryview(data)[used:])
        return found

    def _scan(self, data: bytes, found: list[Run]) -> int:
        """Append what is complete to `found`, `Malformed` last of all, and return how many bytes were used."""
        position, end = 0, len(data)
        remembered, find = self._lines.remembered, data.find
        while (line_end := find(b"\n", position)) >= 0:
            line = data[position:line_end]
            operation = remembered.get(line) or self._read(line)
            if not operation.span:
                found.append((operation, _NO_BODY))
                if isinstance(operation, Malformed):
                    return end
                position = line_end + 1
                continue
            start = line_end + 1
            stop = start + operation.span
            if stop > end:
                self._needed = stop - position
                return position
            body = data[start:stop]
            if body[-2:] != _CRLF:
                found.append((Malformed(PARSER_ERROR), _NO_BODY))
                return end
            bodies, position = [body], stop
            if data.startswith(line, position):
                position = _collect(bodies, data, position, line + b"\n", operation.span)
            found.append((operation, bodies))
        self._needed = 0
        if end - position > self._longest:
            found.append((Malformed(LINE_VIOLATION), _NO_BODY))
        return position

    def _read(self, line: bytes) -> Operation:
        return self._lines.read(line) if len(line) <= self._longest else Malformed(LINE_VIOLATION)


def _collect(bodies: list[bytes], data: bytes, position: int, line: bytes, span: int) -> int:
    """Append the whole operations under `line` from `position` on to `bodies`, and return where they end."""
    end, head, startswith = len(data), len(line), data.startswith
    while startswith(line, position):
        stop = position + head + span
        body = data[position + head : stop]
        if stop > end or not body.endswith(_CRLF):
            break
        bodies.append(body)
        position = stop
        if len(bodies) == _FEW and span <= _SHORT:
            position = _collect_many(bodies, data, position, line, span)
    return position


def _collect_many(bodies: list[bytes], data: bytes, position: int, line: bytes, span: int) -> int:
    """Do the same for many at once, in half the time, as long as all of these are under `line`.

    They are at most as many as there are already: where another line begins, little was unpacked in vain.
    """
    size = len(line) + span
    while count := min(len(bodies), (len(data) - position) // size):
        stop = position + count * size
        part = data[position:stop]
        found = [body for (body,) in iter_unpack(f"{len(line)}x{span}s", part)]
        ends = part[size - 2 :: size], part[size - 1 :: size]
        if line.join((b"", *found)) != part or ends != (b"\r" * count, b"\n" * count):
            break
        bodies += found
        position = stop
    return position
