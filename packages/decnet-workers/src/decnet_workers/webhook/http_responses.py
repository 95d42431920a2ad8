# SPDX-License-Identifier: MIT
"""Reads responses (RFC 9112) of a receiver, one after another, from whatever bytes it sends; pure, and bounded.

Not h11, which reads one response for each request that it wrote itself: several requests are under way at once here,
and its events cost more processor time than all else that a delivery needs. Bodies are skipped, not stored. A response
whose body cannot be delimited still counts, as its status has arrived; nothing can be read after it.
"""

import re
from collections.abc import Generator

import msgspec

MAX_HEAD_BYTES = 16384
MAX_ANSWER_BYTES = 65536
"""Bytes of a body, with its chunk sizes and trailers, that are skipped so that the connection can be reused."""

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: .*)?\r?", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?", re.DOTALL)
_BODILESS = frozenset({204, 304})

Steps = Generator[None, None, None]
"""Yields whenever more bytes are needed."""


class Reply(msgspec.Struct, frozen=True):
    """The receiver's response."""

    status: int
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class ResponseReader:
    """The responses on one connection. After `broken` or `last` nothing more is read."""

    def __init__(self) -> None:
        self.broken = False
        """What was received after the responses so far is not HTTP."""
        self.last = False
        """The connection cannot be used after the responses so far."""
        self._held = bytearray()
        self._within_body = False
        self._replies: list[Reply] = []
        self._steps = self._read()
        next(self._steps)

    @property
    def between(self) -> bool:
        """Whether each response that has begun is complete."""
        return not self._held and not self._within_body

    def receive(self, data: bytes) -> list[Reply]:
        """Return the responses whose heads are complete now."""
        self._held += data
        next(self._steps, None)
        replies, self._replies = self._replies, []
        return replies

    def _read(self) -> Steps:
        while not self.last and not self.broken:
            yield from self._response()

    def _response(self) -> Steps:
        searched = 0
        while (end := _END.search(self._held, searched)) is None and len(self._held) <= MAX_HEAD_BYTES:
            searched = max(0, len(self._held) - 2)
            yield
        if end is None or end.end() > MAX_HEAD_BYTES:
            self.broken = True
            return
        head = bytes(self._held[: end.start()])
        del self._held[: end.end()]
        yield from self._answer(head)

    def _answer(self, head: bytes) -> Steps:
        first, *lines = head.split(b"\n")
        words = _STATUS.fullmatch(first)
        status = int(words[2]) if words else 101
        if words is None or status == 101:  # nobody asked to switch protocols
            self.broken = True
        elif status >= 200:
            fields = _fields(lines)
            retry_after = fields.get(b"retry-after")
            self._replies.append(Reply(status, None if retry_after is None else retry_after.decode("latin-1")))
            self.last = words[1] == b"0" or b"close" in fields.get(b"connection", b"").lower()
            self._within_body = True
            yield from self._skip_body(status, fields)
            self._within_body = False

    def _skip_body(self, status: int, fields: dict[bytes, bytes]) -> Steps:
        coding, length = fields.get(b"transfer-encoding"), fields.get(b"content-length", b"")
        if status in _BODILESS:
            return
        if coding is not None and coding.lower() == b"chunked" and not length:
            yield from self._skip_chunks()
        elif coding is None and _LENGTH.fullmatch(length) and int(length) <= MAX_ANSWER_BYTES:
            yield from self._skip(int(length))
        else:
            self.last = True  # too long, or delimited by the end of the connection, or in two ways

    def _skip_chunks(self) -> Steps:
        """Skip a chunked body (RFC 9112 §7.1) with its trailer section."""
        left = MAX_ANSWER_BYTES
        while left > 0 and not self.last:
            line = yield from self._line(left)
            size = _CHUNK.fullmatch(line)
            length = int(size[1], 16) if size else left
            left -= len(line) + 1 + length
            if length == 0:
                yield from self._skip_trailers(left)
                return
            if left <= 0:  # also when this was no chunk
                break
            yield from self._skip(length)
            self.last = (yield from self._line(2)) not in {b"", b"\r"}
        self.last = True

    def _skip_trailers(self, left: int) -> Steps:
        while left > 0:
            line = yield from self._line(left)
            if line in {b"", b"\r"}:
                return
            left -= len(line) + 1
        self.last = True

    def _skip(self, length: int) -> Steps:
        while length > len(self._held):
            length -= len(self._held)
            self._held.clear()
            yield
        del self._held[:length]

    def _line(self, limit: int) -> Generator[None, None, bytes]:
        """Return the next line without its LF; one longer than `limit` is cut off, and so matches nothing."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0 and len(self._held) <= limit:
            searched = len(self._held)
            yield
        line = bytes(self._held[: end if end >= 0 else limit + 1])
        del self._held[: len(line) + 1]
        return line


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    """Return the fields by their names in lower case; the values of several of one name are joined (RFC 9110 §5.3)."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        key, text = name.lower(), value.strip()
        fields[key] = fields[key] + b", " + text if key in fields else text
    return fields
