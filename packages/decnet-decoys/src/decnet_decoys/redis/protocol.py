# SPDX-License-Identifier: MIT
"""Requests and replies of the Redis serialization protocol, versions 2 and 3 (redis.io/docs/reference/protocol-spec).

`Requests` reads an attacker's bytes: bounded, never raising, and never twice over the same bytes.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

MAX_INLINE = 64 << 10
"""Bytes of a request in one line (PROTO_INLINE_MAX_SIZE)."""
MAX_ARGUMENTS = (1 << 31) - 1
"""Of one request, as the real server has it; what is kept of them is bounded in bytes."""
ARGUMENT_BYTES = 56
"""What an argument takes beside its own bytes, in memory."""
MAX_PIECES = 500
"""Lines, words and arguments that are read in one go: a few milliseconds."""

_NUMBER = re.compile(rb"-?[0-9]{1,18}")
_COUNT = re.compile(rb"0|-?[1-9][0-9]{0,17}")
_BLANKS = re.compile(rb"\s*")
_PLAIN = re.compile(rb"""[^\s"']+""")
_QUOTED = {
    b'"': re.compile(rb"""(?:[^"\\]+|\\x[0-9a-fA-F]{2}|\\.){1,8}+""", re.DOTALL),
    b"'": re.compile(rb"""(?:[^'\\]+|\\'|\\){1,8}+"""),
}
"""A portion of what stands between quotes."""
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_UNBALANCED = "unbalanced quotes in request"
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


class Simple(NamedTuple):
    """A reply of one line, such as OK."""

    text: str


class Error(NamedTuple):
    """An error; `text` begins with its code."""

    text: str


class Nothing(NamedTuple):
    """No list, which version 2 tells from no value."""


class Pairs(NamedTuple):
    """A map, which version 2 sends as a list."""

    items: Mapping[str, "Reply"] | Mapping[bytes, "Reply"] | Sequence[tuple[bytes, "Reply"]]
    """In a sequence a name may come twice."""

    @property
    def flat(self) -> "list[Reply]":
        """Names and values, one after the other."""
        pairs = self.items.items() if isinstance(self.items, Mapping) else self.items
        return [part for pair in pairs for part in pair]


class Members(NamedTuple):
    """A set, which version 2 sends as a list."""

    items: "Sequence[Reply]"


class Message(NamedTuple):
    """What a server says unasked, which version 2 sends as a list."""

    items: "Sequence[Reply]"


class Encoded(NamedTuple):
    """A list whose replies were encoded one by one, so that no turn is too long for them."""

    replies: "Sequence[bytes]"


class Pushed(NamedTuple):
    """Several replies to one request; none: the server says nothing."""

    replies: "Sequence[Reply]"


_Special: TypeAlias = "Simple | Error | Nothing | Encoded | Pushed | Pairs | Members | Message"
Reply: TypeAlias = "_Special | int | float | bytes | str | Sequence[Reply] | None"


class Requests:
    """Reads requests from what a client sends; `broken` says what the server answers before it closes."""

    def __init__(self, most_bytes: int) -> None:
        self.broken = ""
        self.paused = False
        """Whether there may be more to read although `take` stopped: let others run, then call it again."""
        self._most = most_bytes
        self._buffer = bytearray()
        self._at = 0
        self._arguments: list[bytes] = []
        self._missing = 0
        """Arguments that the request still needs."""
        self._length: int | None = None
        """Of the argument that comes next."""
        self._words: Iterator[bytes | None] | None = None
        """What is still to be read of a request in one line."""
        self._portions: list[bytes] = []
        """Of the word that is being read."""
        self._held = 0

    @property
    def held(self) -> int:
        """How many bytes of memory are taken by a request that is not complete."""
        return self._held + len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        del self._buffer[: self._at]
        self._at = 0
        self._buffer += data

    def take(self) -> list[bytes] | None:
        """Return the next request, empty ones left out; None when more is needed, or when it is `broken`."""
        self.paused = False
        for _ in range(MAX_PIECES):
            at = self._at
            complete = self._word() if self._words else self._argument() if self._missing else self._begin()
            if complete:
                found, self._arguments, self._held = self._arguments, [], 0
                return found
            if self.broken or (self._at == at and not self._words):
                return None
        self.paused = True
        return None

    def _line(self, limit: int) -> bytes | None:
        """Return the next line; None when it is not complete. The caller checks for one that is too long."""
        end = self._buffer.find(b"\n", self._at, self._at + limit + 1)
        if end < 0 or self._buffer.find(b"\0", self._at, end) >= 0:  # the real server searches with strchr(3)
            return None
        line = bytes(self._buffer[self._at : end]).removesuffix(b"\r")
        self._at = end + 1
        return line

    def _begin(self) -> bool:
        """Read the first line of a request; return whether that is all of it, as of one in one line, without quotes."""
        line = self._line(MAX_INLINE)
        if line is None:
            if len(self._buffer) - self._at > MAX_INLINE:
                is_array = self._buffer[self._at] == ord("*")
                self.broken = f"Protocol error: too big {'mbulk count' if is_array else 'inline request'}"
            return False
        if not line.startswith(b"*"):
            if b'"' in line or b"'" in line:
                self._words = inline(line)
                return False
            self._arguments = line.split()
            return bool(self._arguments)
        if not _COUNT.fullmatch(line[1:]) or int(line[1:]) > MAX_ARGUMENTS:
            self.broken = "Protocol error: invalid multibulk length"
        else:
            self._missing = max(0, int(line[1:]))
        return False

    def _word(self) -> bool:
        """Read a portion of a request in one line with quotes; return whether there was none left."""
        assert self._words is not None
        try:
            portion = next(self._words)
        except StopIteration:
            self._words = None
            return True
        except ValueError as error:
            self.broken, self._words, self._arguments = f"Protocol error: {error}", None, []
            return False
        if portion is None:
            self._arguments.append(b"".join(self._portions))
            self._portions = []
        else:
            self._portions.append(portion)
        return False

    def _argument(self) -> bool:
        """Read the length of an argument, or the argument; return whether it was the last."""
        if self._length is None:
            self._read_length()
            return False
        if len(self._buffer) - self._at < self._length + 2:
            return False
        self._arguments.append(bytes(self._buffer[self._at : self._at + self._length]))
        self._at += self._length + 2
        self._held += self._length + ARGUMENT_BYTES
        self._length = None
        self._missing -= 1
        return not self._missing

    def _read_length(self) -> None:
        line = self._line(MAX_INLINE)
        if line is None:
            if len(self._buffer) - self._at > MAX_INLINE:
                self.broken = "Protocol error: too big bulk count string"
        elif not line.startswith(b"$"):
            self.broken = f"Protocol error: expected '$', got '{chr(line[0]) if line else chr(13)}'"
        elif not _COUNT.fullmatch(line[1:]) or int(line[1:]) < 0 or self._held + int(line[1:]) > self._most:
            self.broken = "Protocol error: invalid bulk length"
        else:
            self._length = int(line[1:])


def inline(line: bytes) -> Iterator[bytes | None]:
    r"""Yield portions of the words of a request in one line, None after each word; ValueError for unbalanced quotes.

    Between double quotes \n, \r, \t, \b, \a and \xNN have their meaning, between single ones only \'.
    """
    at = 0
    while (at := _BLANKS.match(line, at).end()) < len(line):  # type: ignore[union-attr]  # it matches nothing, too
        while at < len(line) and not line[at : at + 1].isspace():
            if plain := _PLAIN.match(line, at):
                at = plain.end()
                yield plain[0]
            else:
                at = yield from _quoted(line, at)
        yield None


def _quoted(line: bytes, at: int) -> Generator[bytes, None, int]:
    """Yield portions of what the quote at `at` begins; return where it ends, with the word."""
    quote, at = line[at : at + 1], at + 1
    while line[at : at + 1] != quote:
        portion = _QUOTED[quote].match(line, at)
        if portion is None:
            raise ValueError(_UNBALANCED)
        at = portion.end()
        yield _ESCAPE.sub(_unescaped, portion[0]) if quote == b'"' else portion[0].replace(b"\\'", b"'")
    if line[at + 1 : at + 2].strip():  # the real server wants a blank after it
        raise ValueError(_UNBALANCED)
    return at + 1


def _unescaped(found: re.Match[bytes]) -> bytes:
    if len(found[1]) == 3:
        return bytes((int(found[1][1:], 16),))
    return _ESCAPES.get(found[1], found[1])


def encoded(reply: Reply, version: int) -> bytes:  # noqa: PLR0911  # a case for each kind
    """Return a reply in version 2 or 3 of the protocol."""
    if isinstance(reply, Pushed):
        return b"".join(encoded(one, version) for one in reply.replies)
    if isinstance(reply, Simple | Error):
        return _line(reply)
    if isinstance(reply, Encoded):
        return b"*%d\r\n" % len(reply.replies) + b"".join(reply.replies)
    match reply:
        case None | Nothing():
            return b"_\r\n" if version == 3 else b"$-1\r\n" if reply is None else b"*-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case float():
            shown = score_text(reply)
            return b",%s\r\n" % shown if version == 3 else b"$%d\r\n%s\r\n" % (len(shown), shown)
        case str() | bytes():
            data = reply.encode("utf-8", "surrogateescape") if isinstance(reply, str) else reply
            return b"$%d\r\n%s\r\n" % (len(data), data)
    return _several(reply, version)


def text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def score_text(value: float) -> bytes:
    """Return a number as replies have it."""
    return b"%.17g" % value


def _line(reply: "Simple | Error") -> bytes:
    if isinstance(reply, Simple):
        return f"+{reply.text}\r\n".encode()
    return b"-%s\r\n" % reply.text.encode("utf-8", "surrogateescape").replace(b"\r", b" ").replace(b"\n", b" ")


def _several(reply: "Pairs | Members | Message | Sequence[Reply]", version: int) -> bytes:
    if isinstance(reply, Members | Message):
        begin = b"*" if version == 2 else b"~" if isinstance(reply, Members) else b">"
        return b"%s%d\r\n" % (begin, len(reply.items)) + _each(reply.items, version)
    if not isinstance(reply, Pairs):
        return b"*%d\r\n" % len(reply) + _each(reply, version)
    parts = [encoded(part, version) for part in reply.flat]
    return (b"%%%d\r\n" % len(reply.items) if version == 3 else b"*%d\r\n" % len(parts)) + b"".join(parts)


def _each(replies: "Sequence[Reply]", version: int) -> bytes:
    """Return several replies. Most are strings, often thousands: those take a fifth of the time here."""
    return b"".join(
        b"$%d\r\n%s\r\n" % (len(one), one) if isinstance(one, bytes) else encoded(one, version) for one in replies
    )
