# SPDX-License-Identifier: MIT
"""The bodies of ClientHello and ServerHello: what a client offers and a server chooses, in wire order.

The same bodies travel in TLS records (`tls`), in DTLS (`dtls`) and in the CRYPTO frames of QUIC (`quic`), and both are
plaintext in every version (RFC 5246, RFC 8446, RFC 9147). Every length is checked against the available bytes. A body
with a false outer length is no hello; a false length inside one extension leaves that extension's list empty, because
its presence is itself part of a fingerprint.
"""

import struct
from typing import NamedTuple

from decnet_sniff.protocols.verdict import NOTHING, Verdict

CLIENT_HELLO = 1
SERVER_HELLO = 2

SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN, VERSIONS = 0, 10, 11, 13, 16, 43
"""Extension types that are parsed (IANA, TLS ExtensionType Values)."""

MAX_ALPN_NAMES = 64
"""Of a longer list of application protocols the first ones are kept."""

_HELLO_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3)."""

_EXTENSION = struct.Struct(">HH")
"""Type and length."""


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
    version = uint16(body, 0)
    at = 35 + body[34]  # behind version, random and session_id
    if datagram:
        at += 1 + body[at]
    ciphers = _vector(body, at, uint16(body, at), 2)
    at += 2 + len(ciphers)
    extensions = _extensions(body, at + 1 + body[at])  # behind compression_methods
    content = dict(reversed(extensions)).get  # of one that comes twice, which is forbidden, the first counts
    return ClientHello(
        version,
        _numbers(ciphers),
        tuple([kind for kind, _ in extensions]),
        groups=_numbers(_list(content(GROUPS), 2)),
        point_formats=tuple(_list(content(POINT_FORMATS), 1)),
        signatures=_numbers(_list(content(SIGNATURES), 2)),
        versions=_numbers(_list(content(VERSIONS), 1)),
        alpn=_names(content(ALPN)),
        server_name=_host_name(content(SERVER_NAME)),
        end=end,
    )


def _server_hello(body: bytes, end: int) -> ServerHello:
    version = uint16(body, 0)
    at = 35 + body[34]
    cipher = uint16(body, at)
    extensions = _extensions(body, at + 3)  # behind compression_method
    content = dict(reversed(extensions)).get
    chosen = content(VERSIONS, b"")
    names = _names(content(ALPN))
    return ServerHello(
        version,
        cipher,
        tuple([kind for kind, _ in extensions]),
        chosen=uint16(chosen, 0) if len(chosen) == 2 else version,
        alpn=names[0] if names else None,
        retry=body[2:34] == _HELLO_RETRY,
        end=end,
    )


def _extensions(body: bytes, at: int) -> list[tuple[int, bytes]]:
    """Return type and content of each extension; a hello may end before the block (RFC 5246, 7.4.1.2)."""
    if at == len(body):
        return []
    block = _vector(body, at, uint16(body, at), 2)
    extensions = []
    at, end = 0, len(block)
    while at < end:
        kind, length = _EXTENSION.unpack_from(block, at)
        at += 4 + length
        if at > end:
            raise IndexError
        extensions.append((kind, block[at - length : at]))
    return extensions


def _vector(data: bytes, at: int, length: int, size: int) -> bytes:
    """Return the content of a vector with a length of `size` bytes at `at`; raises IndexError if it is truncated."""
    end = at + size + length
    if end > len(data):
        raise IndexError
    return data[at + size : end]


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
