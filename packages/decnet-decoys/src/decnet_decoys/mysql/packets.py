# SPDX-License-Identifier: MIT
"""Packets of the MySQL client/server protocol 4.1, as MariaDB 10.11 and MySQL 8.0 send them. Sans-IO, bounded."""

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from decnet_decoys.errors import DecoysError

PROTOCOL_41, CONNECT_WITH_DB, SSL, PLUGIN_AUTH = 0x200, 0x8, 0x800, 0x80000
PLUGIN_AUTH_LENENC, SECURE_CONNECTION, DEPRECATE_EOF = 0x200000, 0x8000, 0x1000000
_OF_MYSQL = 1
EXTENDED_METADATA, CACHED_METADATA = 1 << 35, 1 << 36
"""Of MariaDB alone; it announces them beside the others, and so does its client."""
_OFFERED: Final = {"mariadb": 0x81FFF7FE, "mysql": 0xC7FFFFFF}
"""Capabilities, read off the real servers; that of TLS is added where it is offered."""
AUTOCOMMIT: Final = 2
MORE_RESULTS: Final = 8
NO_INDEX_USED: Final = 0x20
CURSOR: Final = 0x40
LAST_ROW: Final = 0x80
DATABASE_DROPPED: Final = 0x100
MULTI_STATEMENTS: Final = 1 << 16
_CHARSET_BYTES: Final = 2
_LARGEST: Final = 0xFFFFFFFF
TOO_OLD: Final = (
    "Client does not support authentication protocol requested by server; consider upgrading MariaDB client"
)
_RESPONSE_OF_OLD: Final = 8
TEXT = 0xFD
"""Type of a column: VAR_STRING."""
_BINARY = 63
"""A character set."""
LONGEST_HELLO: Final = 64 << 10
"""Bytes of what a client may send before it has logged in."""


class TooLongError(DecoysError):
    """A packet is longer than it may be."""


class OutOfOrderError(DecoysError):
    """A packet has another number than the one that comes next."""


class ProxyHeaderError(DecoysError):
    """A client begins with what begins a header of the PROXY protocol, of a proxy that is none of ours."""


_PROXY: Final = (b"PROXY", b"\r\n\r\n")


class Column(NamedTuple):
    """A column of a result, as the real server describes it."""

    name: str
    kind: int = TEXT
    size: int = 1024
    flags: int = 0
    decimals: int = 39
    text: bool = True
    """Whether it has the connection's character set."""
    schema: str = ""
    table: str = ""
    real_table: str = ""
    """As the catalogue has it, where the statement gives it another name; likewise the column's `origin`."""
    origin: str = ""


class Framing:
    """Takes the client's bytes apart."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.sequence = 0
        """Number of the packet that comes next, from either side."""
        self.charset = 33
        """Of the connection, by its number."""
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def take(self) -> bytes | None:
        """Return the next packet, None when it is not there yet.

        Raises TooLongError, OutOfOrderError, ProxyHeaderError.
        """
        if len(self._buffer) < 4:
            return None
        if self.sequence == 1 and self._buffer.startswith(_PROXY):
            raise ProxyHeaderError
        if self._buffer[3] != self.sequence:
            raise OutOfOrderError
        size = int.from_bytes(self._buffer[:3], "little")
        if size > self.most:
            raise TooLongError
        if len(self._buffer) < 4 + size:
            return None
        self.sequence = (self._buffer[3] + 1) & 0xFF
        packet = bytes(self._buffer[4 : 4 + size])
        del self._buffer[: 4 + size]
        return packet

    def take_all(self) -> bytes:
        """Return what is left, whatever it is."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def framed(self, packets: Iterable[bytes]) -> bytes:
        """Return packets as they are sent."""
        out = bytearray()
        for packet in packets:
            out += len(packet).to_bytes(3, "little") + bytes((self.sequence,)) + packet
            self.sequence = (self.sequence + 1) & 0xFF
        return bytes(out)


class Hello(NamedTuple):
    """A client's answer to the greeting."""

    capabilities: int
    username: bytes
    response: bytes
    database: bytes
    plugin: str
    charset: int


def greeting(flavour: str, version: str, plugin: str, thread: int, salt: bytes, *, tls: bool) -> bytes:
    """Return the first packet (protocol version 10); `salt` has 20 bytes."""
    capabilities = _OFFERED[flavour] & ~SSL | (SSL if tls else 0)
    name = f"5.5.5-{version}" if flavour == "mariadb" else version
    extended = b"\x1d\0\0\0" if flavour == "mariadb" else bytes(4)
    return b"".join(
        (
            b"\n" + name.encode() + b"\0",
            struct.pack("<I", thread) + salt[:8] + b"\0",
            struct.pack("<HBHHB", capabilities & 0xFFFF, 45 if flavour == "mariadb" else 255, AUTOCOMMIT,
                        capabilities >> 16, len(salt) + 1),
            bytes(6) + extended + salt[8:] + b"\0" + plugin.encode() + b"\0",
        )
    )  # fmt: skip


class Account(NamedTuple):
    """Who goes on with a connection (COM_CHANGE_USER), and in which database."""

    username: bytes
    database: bytes


def account(given: bytes, capabilities: int) -> Account | None:
    """Return who a client asks to be; None: the packet ends before it has said so."""
    username, ended, rest = given.partition(b"\0")
    size = rest[0] if rest else 0
    database, closed, last = rest[1 + size :].partition(b"\0")
    named = len(last) > _CHARSET_BYTES or not capabilities & PLUGIN_AUTH
    return Account(username, database) if ended and closed and named else None


def wants_tls(packet: bytes) -> bool:
    return len(packet) == 32 and bool(int.from_bytes(packet[:4], "little") & SSL)


def is_of_old(packet: bytes) -> bool:
    """Return whether it is a log-in of protocol 3.20 with a response of eight bytes, as passwords of old have it."""
    response = packet[5:].partition(b"\0")[2].partition(b"\0")[0]
    return not int.from_bytes(packet[:2], "little") & PROTOCOL_41 and len(response) == _RESPONSE_OF_OLD


def hello(packet: bytes) -> Hello | None:
    """Return a client's log-in; None for what is none."""
    if len(packet) < 33:
        return None
    capabilities = int.from_bytes(packet[:4], "little")
    if not capabilities & PROTOCOL_41:
        return None
    if not capabilities & _OF_MYSQL:
        capabilities |= int.from_bytes(packet[28:32], "little") << 32
    username, _, rest = packet[32:].partition(b"\0")
    charset = packet[8]
    if (capabilities & PLUGIN_AUTH_LENENC and rest[:1] < b"\xfb") or capabilities & SECURE_CONNECTION:
        size = rest[:1]
    else:
        response, _, rest = rest.partition(b"\0")
        return _rest_of_hello(capabilities, username, response, rest, charset)
    length = size[0] if size else 0
    return _rest_of_hello(capabilities, username, rest[1 : 1 + length], rest[1 + length :], charset)


def _rest_of_hello(capabilities: int, username: bytes, response: bytes, rest: bytes, charset: int) -> Hello:
    database = b""
    if capabilities & CONNECT_WITH_DB:
        database, _, rest = rest.partition(b"\0")
    plugin = rest.partition(b"\0")[0] if capabilities & PLUGIN_AUTH else b""
    return Hello(capabilities, username, response, database, plugin[:64].decode("latin-1"), charset)


def ok(
    affected: int = 0,
    header: int = 0,
    *,
    insert_id: int = 0,
    status: int = AUTOCOMMIT,
    warnings: int = 0,
    info: str = "",
) -> bytes:
    told = text_of(info) if info else b""
    return bytes((header,)) + _length(affected) + _length(insert_id) + struct.pack("<HH", status, warnings) + told


def error(code: int, state: str, message: str) -> bytes:
    text = message.encode("utf-8", "surrogateescape")[:512]
    return b"\xff" + code.to_bytes(2, "little") + b"#" + state.encode() + text


def refused_of_old(code: int, message: str) -> bytes:
    """Return an error for a client older than protocol 4.1, which knows no SQLSTATE."""
    return b"\xff" + code.to_bytes(2, "little") + message.encode("utf-8", "surrogateescape")[:512]


def switch(plugin: str, salt: bytes) -> bytes:
    """Ask for another way to log in (AuthSwitchRequest)."""
    return b"\xfe" + plugin.encode() + b"\0" + salt + b"\0"


def end_of_rows(status: int = AUTOCOMMIT, warnings: int = 0) -> bytes:
    return b"\xfe" + struct.pack("<HH", warnings, status)


def rows(  # noqa: PLR0917  # of one packet's parts
    columns: Sequence[Column],
    values: Iterable[Sequence[str | bytes | None] | bytes],
    capabilities: int,
    charset: int = 33,
    status: int = AUTOCOMMIT,
    warnings: int = 0,
) -> Iterable[bytes]:
    """Yield the packets of a result; a value of None is NULL, and a row in its binary form is sent as it is."""
    deprecated = capabilities & DEPRECATE_EOF
    end = end_of_rows(status, warnings)
    yield _length(len(columns)) + (b"\1" if capabilities & CACHED_METADATA else b"")
    yield from described(columns, capabilities, charset)
    if not deprecated:
        yield end_of_rows(status)
    for row in values:
        yield row if isinstance(row, bytes) else text_row(row)
    yield ok(header=0xFE, status=status, warnings=warnings) if deprecated else end


def opened_cursor(columns: Sequence[Column], capabilities: int, charset: int, status: int) -> Iterable[bytes]:
    """Yield the packets of a result whose rows the client fetches."""
    yield _length(len(columns)) + (b"\1" if capabilities & CACHED_METADATA else b"")
    yield from described(columns, capabilities, charset)
    yield ok(header=0xFE, status=status) if capabilities & DEPRECATE_EOF else end_of_rows(status)


def described(columns: Sequence[Column], capabilities: int, charset: int) -> Iterable[bytes]:
    """Yield the descriptions of columns."""
    extension = b"\0" if capabilities & EXTENDED_METADATA else b""
    for column in columns:
        yield _column(column, extension, charset)


def text_row(values: Sequence[str | bytes | None]) -> bytes:
    """Return a row as a text result has it."""
    return b"".join(b"\xfb" if one is None else text_of(one) for one in values)


def _column(column: Column, extension: bytes, charset: int) -> bytes:
    used = charset if column.text else _BINARY
    fixed = struct.pack("<HIBHB", used, min(column.size, _LARGEST), column.kind, column.flags, column.decimals)
    names = (column.schema, column.table, column.real_table, column.name, column.origin)
    return b"\x03def" + b"".join(map(text_of, names)) + extension + b"\x0c" + fixed + b"\0\0"


def text_of(value: str | bytes) -> bytes:
    """Return text with its length before it."""
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return _length(len(data)) + data


def _length(number: int) -> bytes:
    """Return a length-encoded integer."""
    if number < 0xFB:
        return bytes((number,))
    if number < 1 << 16:
        return b"\xfc" + number.to_bytes(2, "little")
    if number < 1 << 24:
        return b"\xfd" + number.to_bytes(3, "little")
    return b"\xfe" + number.to_bytes(8, "little")
