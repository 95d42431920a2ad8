# SPDX-License-Identifier: MIT
"""The operations of the NATS client protocol as values, and how each is read from its control line.

A control line is everything before the line end; what follows it (headers and payload) is `span` bytes long,
its final CRLF included. Reading never raises: a line that cannot be read is `Malformed`, and says which of the
documented -ERR texts answers it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

SERVER_VERSION = "2.10.0"  # of nats-server, whose core protocol the broker speaks: clients refuse or degrade below 2
CLIENT_VERSION = "0.1.0"
PARSER_ERROR = "Parser Error"
PROTOCOLS = (0, 1)  # of CONNECT: 1 understands an INFO that comes later than the first
UNKNOWN_OPERATION = "Unknown Protocol Operation"
PAYLOAD_VIOLATION = "Maximum Payload Violation"
LINE_VIOLATION = "Maximum Control Line Exceeded"
_CRLF = 2
_SIZE_DIGITS = 10


class Malformed(msgspec.Struct, frozen=True):
    """Bytes that are not the protocol; nothing after them can be read."""

    reason: str
    span: int = 0


class Connect(msgspec.Struct, frozen=True, rename={"password": "pass"}):
    """CONNECT: a client's options; the defaults are those of an empty CONNECT, as in nats-server."""

    verbose: bool = True
    pedantic: bool = True
    echo: bool = True
    headers: bool = False
    no_responders: bool = False
    protocol: int = 0
    name: str = ""
    lang: str = ""
    version: str = ""
    user: str = ""
    password: str = ""
    auth_token: str = ""
    span: int = 0


class Info(msgspec.Struct, frozen=True, omit_defaults=True):
    """INFO: a server's properties; `dropped` is our extension: messages for this client dropped so far."""

    server_id: str = ""
    server_name: str = ""
    version: str = ""
    go: str = ""
    """What the server is built with, not necessarily Go: clients expect the field, but do not read it."""
    proto: int = 0
    host: str = ""
    port: int = -1
    """0 where there is none, on a UNIX socket."""
    headers: bool = False
    max_payload: int = 1_048_576
    client_id: int = 0
    client_ip: str = ""
    auth_required: bool = False
    tls_required: bool = False
    tls_available: bool = False
    nonce: str = ""
    ldm: bool = False
    dropped: int = 0
    span: int = 0


class Publish(msgspec.Struct, frozen=True, gc=False):
    """PUB or HPUB; `before` and `after` stand around the subscription's id when it is relayed as MSG or HMSG."""

    subject: str
    reply: bytes
    header_size: int
    span: int
    before: bytes
    after: bytes


class Deliver(msgspec.Struct, frozen=True, gc=False):
    """MSG or HMSG."""

    subject: str
    sid: bytes
    reply: str | None
    header_size: int
    span: int


class Subscribe(msgspec.Struct, frozen=True):
    """SUB, alone or as a member of a queue group."""

    pattern: str
    queue: str | None
    sid: bytes
    span: int = 0


class Unsubscribe(msgspec.Struct, frozen=True):
    """UNSUB at once, or after `after` messages in all (0 is at once)."""

    sid: bytes
    after: int = 0
    span: int = 0


class Ping(msgspec.Struct, frozen=True):
    """PING, answered by PONG."""

    span: int = 0


class Pong(msgspec.Struct, frozen=True):
    """PONG: everything sent before its PING was taken."""

    span: int = 0


class Ok(msgspec.Struct, frozen=True):
    """+OK, only in verbose mode."""

    span: int = 0


class Err(msgspec.Struct, frozen=True):
    """-ERR with its text, quotes removed."""

    text: str
    span: int = 0


Operation = Malformed | Connect | Info | Publish | Deliver | Subscribe | Unsubscribe | Ping | Pong | Ok | Err
Reader = Callable[[bytes, int], Operation]  # (arguments, longest payload in bytes) -> operation

_MALFORMED = Malformed(PARSER_ERROR)


def text_of(raw: bytes) -> str:
    """Return a subject, pattern or queue as text; what is not UTF-8 survives the way back through `raw_of`."""
    return raw.decode("utf-8", "surrogateescape")


def raw_of(text: str) -> bytes:
    """Undo `text_of`."""
    return text.encode("utf-8", "surrogateescape")


def _words(arguments: bytes) -> list[bytes]:
    """Return the arguments of a control line, whose tabs are spaces by now; other bytes may be part of a subject."""
    return [word for word in arguments.replace(b"\r", b" ").split(b" ") if word]


def _number(raw: bytes) -> int:
    """Return the number `raw` spells, or -1; never slow, however many digits there are."""
    return int(raw) if raw.isdigit() and len(raw) <= _SIZE_DIGITS else -1


def _sizes(header: bytes, total: bytes, limit: int) -> tuple[int, int] | Malformed:
    header_size, size = _number(header), _number(total)
    if size > limit:
        return Malformed(PAYLOAD_VIOLATION)
    if header_size < 0 or size < header_size:
        # more digits than a size can have is a size too large, not a size unreadable
        return Malformed(PAYLOAD_VIOLATION) if total.isdigit() and size < 0 else _MALFORMED
    return header_size, size


def _read_pub(arguments: bytes, limit: int) -> Operation:
    parts = _words(arguments)
    if len(parts) not in (2, 3):
        return _MALFORMED
    sizes = _sizes(b"0", parts[-1], limit)
    if isinstance(sizes, Malformed):
        return sizes
    reply = parts[1] if len(parts) == 3 else b""
    after = b" %b%d\r\n" % (reply + b" " if reply else b"", sizes[1])
    return Publish(text_of(parts[0]), reply, 0, sizes[1] + _CRLF, b"MSG %b " % parts[0], after)


def _read_hpub(arguments: bytes, limit: int) -> Operation:
    parts = _words(arguments)
    if len(parts) not in (3, 4):
        return _MALFORMED
    sizes = _sizes(parts[-2], parts[-1], limit)
    if isinstance(sizes, Malformed):
        return sizes
    if not sizes[0]:  # no headers: a plain message
        return _read_pub(b" ".join((*parts[:-2], parts[-1])), limit)
    reply = parts[1] if len(parts) == 4 else b""
    after = b" %b%d %d\r\n" % (reply + b" " if reply else b"", *sizes)
    return Publish(text_of(parts[0]), reply, sizes[0], sizes[1] + _CRLF, b"HMSG %b " % parts[0], after)


def _read_delivery(arguments: bytes, limit: int, numbers: int) -> Operation:
    """`numbers`: one for MSG, its size; two for HMSG, that of its headers before it."""
    parts = _words(arguments)
    if len(parts) - numbers not in (2, 3):
        return _MALFORMED
    sizes = _sizes(parts[-2] if numbers == 2 else b"0", parts[-1], limit)
    if isinstance(sizes, Malformed):
        return sizes
    reply = text_of(parts[2]) if len(parts) - numbers == 3 else None
    return Deliver(text_of(parts[0]), parts[1], reply, sizes[0], sizes[1] + _CRLF)


def _read_sub(arguments: bytes, _limit: int) -> Operation:
    parts = _words(arguments)
    if len(parts) == 2:
        return Subscribe(text_of(parts[0]), None, parts[1])
    if len(parts) == 3:
        return Subscribe(text_of(parts[0]), text_of(parts[1]), parts[2])
    return _MALFORMED


def _read_unsub(arguments: bytes, _limit: int) -> Operation:
    parts = _words(arguments)
    if len(parts) == 1:
        return Unsubscribe(parts[0])
    if len(parts) == 2:
        return Unsubscribe(parts[0], max(0, _number(parts[1])))  # nats-server takes a number it cannot read for "now"
    return _MALFORMED


def _read_connect(arguments: bytes, _limit: int) -> Operation:
    return _read_json(arguments, Connect)


def _read_info(arguments: bytes, _limit: int) -> Operation:
    return _read_json(arguments, Info)


def _read_json(raw: bytes, kind: type[Connect] | type[Info]) -> Operation:
    """Read options as nats-server does: names in any case, and null is an option that was not given."""
    try:
        read = msgspec.json.decode(raw, type=dict[str, Any] | None) or {}
        given = {name.lower(): value for name, value in read.items() if value is not None and name != "span"}
        return msgspec.convert(given, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _MALFORMED


def _read_err(arguments: bytes, _limit: int) -> Operation:
    return Err(arguments.decode("utf-8", "backslashreplace").strip().strip("'"))


def _always(operation: Operation) -> Reader:
    return lambda _arguments, _limit: operation


FROM_CLIENT: dict[bytes, Reader] = {
    b"PUB": _read_pub,
    b"HPUB": _read_hpub,
    b"SUB": _read_sub,
    b"UNSUB": _read_unsub,
    b"CONNECT": _read_connect,
    b"PING": _always(Ping()),
    b"PONG": _always(Pong()),
}
FROM_SERVER: dict[bytes, Reader] = {
    b"MSG": partial(_read_delivery, numbers=1),
    b"HMSG": partial(_read_delivery, numbers=2),
    b"INFO": _read_info,
    b"PING": _always(Ping()),
    b"PONG": _always(Pong()),
    b"+OK": _always(Ok()),
    b"-ERR": _read_err,
}
