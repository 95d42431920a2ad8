# SPDX-License-Identifier: MIT
"""The bodies of ClientHello and ServerHello: what a client offers and a server chooses, in wire order.

The same bodies travel in TLS records (`tls`), in DTLS (`dtls`) and in the CRYPTO frames of QUIC (`quic`), and both are
plaintext in every version (RFC 5246, RFC 8446, RFC 9147). Every length is checked against the available bytes. A body
with a false outer length is no hello; a false length inside one extension leaves that extension's list empty, because
its presence is itself part of a fingerprint.
"""

import struct
from functools import lru_cache
from typing import NamedTuple

from decnet_sniff.protocols.verdict import NOTHING, Verdict

CLIENT_HELLO = 1
SERVER_HELLO = 2

SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN, VERSIONS = 0, 10, 11, 13, 16, 43
"""Extension types that are parsed (IANA, TLS ExtensionType Values)."""

MAX_ALPN_NAMES = 64
"""Of a longer list of application protocols the first ones are kept."""

HELLO_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3)."""

_EXTENSION = struct.Struct(">HH").unpack_from
"""Type and length."""

_LISTS = (GROUPS, POINT_FORMATS, SIGNATURES, VERSIONS, ALPN)
PARSED = frozenset((SERVER_NAME, *_LISTS))
"""Extensions whose content is read; of the others only that they are there."""

MAX_REMEMBERED = 300
"""Size limit (numbers in its lists) for remembering what was parsed of a hello: about 3 KiB each."""
MOST_REMEMBERED = 256
"""Hellos whose parts are remembered: most are the same few over and over, from the same programs."""

Offered = tuple[
    int,
    tuple[int, ...],
    tuple[int, ...],
    tuple[int, ...],
    tuple[int, ...],
    tuple[int, ...],
    tuple[int, ...],
    tuple[bytes, ...],
]
"""The fields of a ClientHello but for the server's name and the end."""
Chosen = tuple[int, int, tuple[int, ...], int, bytes | None, bool]
"""The fields of a ServerHello but for the end."""


class ClientHello(NamedTuple):
    """What a client offers, including GREASE; `end` is the offset where something else begins.

    With records that is the end of the record, which may lie beyond the available bytes.
    """

    version: int
    ciphers: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    point_formats: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    versions: tuple[int, ...] = ()
    alpn: tuple[bytes, ...] = ()
    server_name: bytes | None = None
    end: int = 0


class ServerHello(NamedTuple):
    """What a server chose: `version` is the field, `chosen` the effective version; `retry`: HelloRetryRequest."""

    version: int
    cipher: int
    extensions: tuple[int, ...] = ()
    chosen: int = 0
    alpn: bytes | None = None
    retry: bool = False
    end: int = 0


Hello = ClientHello | ServerHello


def is_grease(value: int) -> bool:
    """Return whether a 16-bit value is one of the sixteen reserved by RFC 8701: 0x0a0a, 0x1a1a, ... 0xfafa."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def without_grease(values: tuple[int, ...]) -> list[int]:
    """Return the values that are not GREASE, in their order."""
    return [value for value in values if not is_grease(value)]


def read_hello(kind: int, body: bytes, *, end: int = 0, datagram: bool = False) -> Hello | Verdict:
    """Return the hello in the body of a handshake message of type `kind`, NOTHING if it is none or invalid.

    `datagram`: a ClientHello has the field `cookie` of DTLS (RFC 6347, 4.2.1).
    """
    try:
        if kind == CLIENT_HELLO:
            return _client_hello(body, end, datagram)
        if kind == SERVER_HELLO:
            return _server_hello(body, end)
    except (IndexError, struct.error):  # a length points beyond the bytes that are there
        pass
    return NOTHING


def uint16(data: bytes | bytearray, at: int) -> int:
    """Return two bytes as a big-endian number; the caller has checked that they are there."""
    return data[at] << 8 | data[at + 1]


def uint24(data: bytes | bytearray, at: int) -> int:
    """Return three bytes as a big-endian number; the caller has checked that they are there."""
    return data[at] << 16 | data[at + 1] << 8 | data[at + 2]


def _client_hello(body: bytes, end: int, datagram: bool) -> ClientHello:
    at = 35 + body[34]  # behind version, random and session_id
    if datagram:
        at += 1 + body[at]
    begin = at + 2
    at = begin + uint16(body, at)
    kinds, content = _extensions(body, at + 1 + body[at])  # behind compression_methods
    name, lists = content.pop(SERVER_NAME, None), tuple(map(content.get, _LISTS))
    ciphers = body[begin:at]
    small = len(ciphers) // 2 + len(kinds) <= MAX_REMEMBERED and sum(map(len, content.values())) < 4 * MAX_REMEMBERED
    offered = (_offered if small else _decode)(body[:2], ciphers, kinds, lists)
    return ClientHello(*offered, _host_name(name), end)


def _decode(version: bytes, ciphers: bytes, kinds: tuple[int, ...], lists: tuple[bytes | None, ...]) -> Offered:
    """Return all of a ClientHello that is the same in each one of a program."""
    groups, points, signatures, versions, alpn = lists
    return (
        uint16(version, 0),
        _numbers(ciphers),
        kinds,
        _numbers(_list(groups, 2)),
        tuple(_list(points, 1)),
        _numbers(_list(signatures, 2)),
        _numbers(_list(versions, 1)),
        _names(alpn),
    )


_offered = lru_cache(maxsize=MOST_REMEMBERED)(_decode)


def _server_hello(body: bytes, end: int) -> ServerHello:
    version = uint16(body, 0)
    at = 35 + body[34]
    cipher = uint16(body, at)
    kinds, content = _extensions(body, at + 3)  # behind compression_method
    chosen = content.get(VERSIONS, b"")
    names = _names(content[ALPN]) if ALPN in content else ()
    return ServerHello(
        version,
        cipher,
        kinds,
        uint16(chosen, 0) if len(chosen) == 2 else version,
        names[0] if names else None,
        body[2:34] == HELLO_RETRY,
        end,
    )


def _extensions(body: bytes, at: int) -> tuple[tuple[int, ...], dict[int, bytes]]:
    """Return the types of all extensions, and the content of those that are parsed.

    A hello may end before the block (RFC 5246, 7.4.1.2). Of an extension that comes twice, which is forbidden, the
    first counts.
    """
    kinds: list[int] = []
    content: dict[int, bytes] = {}
    if at == len(body):
        return (), content
    end = at + 2 + uint16(body, at)
    if end > len(body):
        raise IndexError
    at += 2
    while at < end:
        kind, length = _EXTENSION(body, at)
        begin, at = at + 4, at + 4 + length
        if at > end:
            raise IndexError
        if kind in PARSED and kind not in content:
            content[kind] = body[begin:at]
        kinds.append(kind)
    return tuple(kinds), content


def _numbers(data: bytes) -> tuple[int, ...]:
    """Return 16-bit numbers; an odd trailing byte is dropped."""
    return struct.unpack_from(f">{len(data) // 2}H", data)


def _list(content: bytes | None, size: int) -> bytes:
    """Return the list that makes up an extension; empty if the extension is absent or invalid."""
    if content is None or len(content) < size:
        return b""
    length = int.from_bytes(content[:size], "big")
    return content[size : size + length] if size + length <= len(content) else b""


def _names(content: bytes | None) -> tuple[bytes, ...]:
    """Return the protocol names of ALPN (RFC 7301), up to the first invalid one."""
    block = _list(content, 2)
    names: list[bytes] = []
    at = 0
    while at < len(block) and len(names) < MAX_ALPN_NAMES:
        begin = at + 1
        at = begin + block[at]
        if at > len(block):
            break
        names.append(block[begin:at])
    return tuple(names)


def _host_name(content: bytes | None) -> bytes | None:
    """Return the first host name of server_name (RFC 6066, 3); None if there is none."""
    block = _list(content, 2)
    at = 0
    while at + 3 <= len(block):
        begin = at + 3
        kind, at = block[at], begin + uint16(block, at + 1)
        if at > len(block):
            break
        if kind == 0:
            return block[begin:at]
    return None
