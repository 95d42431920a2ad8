# SPDX-License-Identifier: MIT
"""Hellos built from their parts, as RFC 8446 lays them out: what tests of the readers send."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

Extension = tuple[int, bytes]


def vector(content: bytes, size: int = 2) -> bytes:
    """A length of `size` bytes, then what it counts."""
    return len(content).to_bytes(size, "big") + content


def numbers(values: Iterable[int]) -> bytes:
    return b"".join(struct.pack(">H", value) for value in values)


def server_name(name: bytes) -> Extension:
    return 0, vector(b"\0" + vector(name))


def groups(*values: int) -> Extension:
    return 10, vector(numbers(values))


def point_formats(*values: int) -> Extension:
    return 11, vector(bytes(values), 1)


def signatures(*values: int) -> Extension:
    return 13, vector(numbers(values))


def alpn(*names: bytes) -> Extension:
    return 16, vector(b"".join(vector(name, 1) for name in names))


def versions(*values: int) -> Extension:
    return 43, vector(numbers(values), 1)


def extension_block(extensions: Sequence[Extension]) -> bytes:
    return vector(b"".join(struct.pack(">H", kind) + vector(content) for kind, content in extensions))


def client_hello(
    ciphers: Sequence[int] = (0x1301,),
    extensions: Sequence[Extension] | None = (),
    *,
    version: int = 0x0303,
    session: bytes = b"s" * 32,
    cookie: bytes | None = None,
) -> bytes:
    """The handshake message; `extensions` None leaves the block out, `cookie` is DTLS's field."""
    body = struct.pack(">H", version) + bytes(range(32)) + vector(session, 1)
    if cookie is not None:
        body += vector(cookie, 1)
    body += vector(numbers(ciphers)) + vector(b"\0", 1)
    if extensions is not None:
        body += extension_block(extensions)
    return b"\x01" + vector(body, 3)


def server_hello(
    cipher: int = 0x1301,
    extensions: Sequence[Extension] | None = (),
    *,
    version: int = 0x0303,
    random: bytes = b"r" * 32,
) -> bytes:
    body = struct.pack(">H", version) + random + vector(b"", 1) + struct.pack(">H", cipher) + b"\0"
    if extensions is not None:
        body += extension_block(extensions)
    return b"\x02" + vector(body, 3)


def records(message: bytes, size: int = 1 << 14) -> bytes:
    """The message in handshake records of at most `size` bytes each."""
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + vector(piece) for piece in pieces)
