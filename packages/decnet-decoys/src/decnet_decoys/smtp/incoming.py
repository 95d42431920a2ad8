# SPDX-License-Identifier: MIT
"""Takes what an SMTP client sends apart: command lines, and the text of a mail up to its dot (RFC 5321). Sans-IO.

Bounded: a line keeps its first 2,048 bytes, as Postfix's does; a mail keeps what its receiver allows.
"""

from typing import Final

LONGEST_LINE: Final = 2048
SEARCHED_AT_ONCE: Final = 2 << 10
"""Bytes of a mail that are looked at in one go: each may be a line, which takes half a microsecond."""


class Incoming:
    """The bytes of one client that have not been taken yet."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def put_back(self, data: bytes) -> None:
        """Take bytes before those that wait: they followed the end of a mail."""
        self._buffer[:0] = data

    def clear(self) -> None:
        """Drop what was sent ahead: after STARTTLS it would be taken for something that came under TLS (RFC 3207)."""
        self._buffer.clear()

    def line(self) -> bytes | None:
        """Return the next line without its end; None when there is none yet."""
        end = self._buffer.find(b"\n")
        if end < 0:
            del self._buffer[LONGEST_LINE:]
            return None
        line = bytes(self._buffer[: min(end, LONGEST_LINE)])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def take(self, size: int) -> bytes:
        """Return up to `size` bytes as they are."""
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class MailText:
    """The text of one mail (RFC 5321, section 4.5.2): lines without the dots that were added, up to one of a dot."""

    def __init__(self, most: int) -> None:
        """Of the text, `most` bytes are kept; the rest is counted."""
        self.size = 0
        self.bare_ends = 0
        """Ends of line without CR in chunks: Postfix counts them as two bytes."""
        self._most = most
        self._kept = bytearray()
        self._rest = b""
        self._last = b""
        """The last byte."""

    @property
    def kept(self) -> memoryview:
        """What is kept, not copied: nothing can be added while somebody has it."""
        return memoryview(self._kept)

    @property
    def unended(self) -> int:
        """Bytes by which a mail of chunks becomes longer as its last line is ended."""
        return 0 if self._last in (b"", b"\n") else 2

    @property
    def held(self) -> int:
        """Bytes that are kept."""
        return len(self._kept)

    def take(self, data: bytes) -> bytes | None:
        """Take a piece of the client's bytes; return those that follow the end of the mail, None before it."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for index, line in enumerate(lines):
            if line in (b".", b".\r"):
                return b"\n".join((*lines[index + 1 :], self._rest))
            self._keep(line.removeprefix(b".") + b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._keep(self._rest)
            self._rest = b""
        return None

    def add(self, data: bytes) -> None:
        """Add a chunk of BDAT (RFC 3030), which is as it is."""
        self.bare_ends += data.count(b"\n") - data.count(b"\r\n")
        if data.startswith(b"\n") and self._kept.endswith(b"\r"):
            self.bare_ends -= 1
        self._keep(data)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        self._last = data[-1:] or self._last
        room = self._most - len(self._kept)
        if room > 0:
            self._kept += data[:room]
