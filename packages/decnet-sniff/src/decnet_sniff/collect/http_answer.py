# SPDX-License-Identifier: MIT
"""One HTTP/1.1 answer (RFC 9112) as a container engine gives it: bytes in, pieces of the body out, bounded.

Ours and not h11's: the peer is this host's own engine, only GET is asked, and a sensor saves a distribution and its
megabyte. What it does not know it refuses.
"""

from __future__ import annotations

import re

from decnet_sniff.errors import SniffError

_MAX_HEAD_BYTES = 65_536
_MAX_SIZE_LINE = 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?")


class AnswerError(SniffError, ValueError):
    """The bytes are not an HTTP/1.1 answer."""


class Answer:
    """An answer that is being received; `status` is 0 until its head is complete."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False
        self._buffer = bytearray()
        self._chunked = False
        self._left: int | None = None
        """Bytes of the body, or of the present chunk, that are still to come; None: until the connection ends."""
        self._after_chunk = False
        self._trailers = False

    def feed(self, data: bytes) -> bytes:
        """Return the part of the body that `data` brings; raises AnswerError."""
        self._buffer += data
        if not self.status and not self._read_head():
            return b""
        return self._chunks() if self._chunked else self._plain()

    def close(self) -> None:
        """The connection has ended; raises AnswerError when the answer has not."""
        if self.status and not self._chunked and self._left is None:
            self.ended = True
        if not self.ended:
            raise AnswerError("the connection ended within an answer")

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end > _MAX_HEAD_BYTES or (end < 0 and len(self._buffer) > _MAX_HEAD_BYTES):
            raise AnswerError("the head of an answer is too long")
        if end < 0:
            return False
        first, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        found = _STATUS.fullmatch(first)
        if found is None:
            raise AnswerError("not HTTP/1.1")
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon:
                raise AnswerError("a header without a colon")
            self.headers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
        self._note_length()
        self.status = int(found[1])
        return True

    def _note_length(self) -> None:
        coding, length = self.headers.get("transfer-encoding"), self.headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked":
                raise AnswerError("an unknown transfer coding")
            self._chunked, self._left = True, 0
        elif length is not None:
            if not length.isascii() or not length.isdigit() or len(length) > 15:
                raise AnswerError("a length that is none")
            self._left = int(length)
            self.ended = not self._left

    def _plain(self) -> bytes:
        taken = self._take(len(self._buffer) if self._left is None else self._left)
        if self._left is not None:
            self._left -= len(taken)
            self.ended = not self._left
        return taken

    def _chunks(self) -> bytes:
        body = bytearray()
        while not self.ended:
            if self._left:
                piece = self._take(self._left)
                self._left -= len(piece)
                self._after_chunk = True
                body += piece
                if self._left:
                    break
                continue
            line = self._line()
            if line is None:
                break
            self._between(line)
        return bytes(body)

    def _between(self, line: bytes) -> None:
        """Read a line that stands between chunks or after the last."""
        if self._trailers:
            self.ended = not line
        elif self._after_chunk:
            if line:
                raise AnswerError("a chunk does not end where it says")
            self._after_chunk = False
        else:
            found = _SIZE.fullmatch(line)
            if found is None:
                raise AnswerError("a chunk without a size")
            self._left = int(found[1], 16)
            self._trailers = not self._left

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end > _MAX_SIZE_LINE or (end < 0 and len(self._buffer) > _MAX_SIZE_LINE):
            raise AnswerError("a line between chunks is too long")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
