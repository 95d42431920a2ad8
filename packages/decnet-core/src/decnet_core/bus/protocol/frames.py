# SPDX-License-Identifier: MIT
"""The NATS client protocol written: each function returns one whole frame, ready for the wire."""

import msgspec

from decnet_core.bus.protocol.headers import NO_RESPONDERS
from decnet_core.bus.protocol.operations import Info, raw_of


class Line(bytes):
    """A frame that must never be dropped from a full queue: it answers or orders something."""

    __slots__ = ()


PING = Line(b"PING\r\n")
PONG = Line(b"PONG\r\n")
OK = Line(b"+OK\r\n")


def pub(subject: bytes, payload: bytes, reply: bytes = b"") -> bytes:
    """Return PUB; a reply subject is optional."""
    if reply:
        return b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(payload), payload)
    return b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload)


def hpub(subject: bytes, header: bytes, payload: bytes, reply: bytes = b"") -> bytes:
    """Return HPUB; `header` is a whole header block."""
    to = b"%b %b" % (subject, reply) if reply else subject
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (to, len(header), len(header) + len(payload), header, payload)


def sub(pattern: str, sid: bytes, queue: str | None = None) -> Line:
    """Return SUB, alone or as a member of `queue`."""
    if queue is None:
        return Line(b"SUB %b %b\r\n" % (raw_of(pattern), sid))
    return Line(b"SUB %b %b %b\r\n" % (raw_of(pattern), raw_of(queue), sid))


def unsub(sid: bytes, after: int = 0) -> Line:
    """Return UNSUB: at once, or when `after` messages have been delivered in all."""
    return Line(b"UNSUB %b %d\r\n" % (sid, after) if after else b"UNSUB %b\r\n" % sid)


def connect(options: dict[str, object]) -> Line:
    """Return CONNECT with `options` as its JSON."""
    return Line(b"CONNECT %b\r\n" % msgspec.json.encode(options))


def info(about: Info) -> Line:
    return Line(b"INFO %b\r\n" % msgspec.json.encode(about))


def err(text: str) -> Line:
    """Return -ERR; line breaks cannot occur in `text`, they become spaces."""
    return Line(b"-ERR '%b'\r\n" % raw_of(" ".join(text.split())))


def no_responders(reply: bytes, sid: bytes, subject: bytes) -> Line:
    """Return the status message a server sends to `reply` when nobody subscribes to a request's `subject`."""
    block = NO_RESPONDERS % subject
    return Line(b"HMSG %b %b %d %d\r\n%b\r\n" % (reply, sid, len(block), len(block), block))
