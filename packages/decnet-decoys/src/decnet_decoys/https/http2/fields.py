# SPDX-License-Identifier: MIT
"""Header blocks (RFC 7541): an attacker's, decoded a little at a time, and nginx's own.

One field costs few bytes on the wire and many in memory when it is in the dynamic table, so the decoded list is
bounded, not the block. A block is cut between its fields first, so nothing is decoded for long in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hpack.exceptions import HPACKError
from hpack.hpack import Decoder
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from decnet_core.net.http_head import Head
from decnet_decoys.errors import DecoysError
from decnet_decoys.https.http2.frames import Code, Http2Error

TABLE_BYTES: Final = 4 << 10
FIELD_BYTES: Final = 8 << 10
"""Of a name or a value as it is sent, in Huffman's code or not."""
LIST_BYTES: Final = 32 << 10
"""Of names and values of one request (`large_client_header_buffers 4 8k`); what is more ends the connection."""
LIST_FIELDS: Final = 1000
"""Of one request. nginx counts bytes only, but thousands of fields of a byte each would take 0.1 s in one go."""
PIECE_BYTES: Final = 1 << 10
"""Of a block that is decoded in one go: about a millisecond."""
_huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)

Field = tuple[bytes, bytes]


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Return a number (§5.1) and where it ends; raises Http2Error."""
    most = (1 << bits) - 1
    if at >= len(block):
        raise Http2Error(Code.COMPRESSION_ERROR)
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 21, 7):  # nginx reads four bytes of a number
        if at >= len(block):
            break
        value += (block[at] & 0x7F) << shift
        at += 1
        if not block[at - 1] & 0x80:
            return value, at
    raise Http2Error(Code.COMPRESSION_ERROR)


def _text(block: bytes, at: int) -> int:
    """Return where a string ends (§5.2); raises Http2Error."""
    length, at = _integer(block, at, 7)
    if length > FIELD_BYTES:
        raise Http2Error(Code.ENHANCE_YOUR_CALM)
    return at + length


def _end(block: bytes, at: int) -> int:
    """Return where the representation that begins there ends (§6); raises Http2Error."""
    first = block[at]
    if first & 0x80:
        return _integer(block, at, 7)[1]
    if first & 0x60 == 0x20:
        return _integer(block, at, 5)[1]
    index, after = _integer(block, at, 6 if first & 0x40 else 4)
    return _text(block, after if index else _text(block, after))


def pieces(block: bytes) -> Iterator[bytes]:
    """Cut a block between its fields into pieces of PIECE_BYTES, or of one field; raises Http2Error."""
    start = at = 0
    while at < len(block):
        at = _end(block, at)
        if at > len(block):
            raise Http2Error(Code.FRAME_SIZE_ERROR)
        if at - start >= PIECE_BYTES:
            yield block[start:at]
            start = at
    if at > start:
        yield block[start:at]


def _sets_size(first: int) -> bool:
    """Return whether a representation that begins so sets the table's size (§6.3)."""
    return first & 0xE0 == 0x20


class BlockDecoder:
    """What one connection's header blocks mean."""

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=1 << 30)  # bounded here, by block
        self._has_table = False
        """Whether an entry was kept: nginx makes its table for the first one, and forgets what size was set before."""

    def decoded(self, block: bytes) -> Iterator[list[Field]]:
        """Yield the fields of a block, a few at a time; raises Http2Error."""
        left, fields = LIST_BYTES, LIST_FIELDS
        for piece in pieces(block):
            for part in self._bounded(piece):
                left -= sum(len(name) + len(value) for name, value in part)
                fields -= len(part)
                if left < 0 or fields < 0:
                    raise Http2Error(Code.ENHANCE_YOUR_CALM)
                yield part

    def _bounded(self, piece: bytes) -> Iterator[list[Field]]:
        """Decode a piece: indexed fields, of which each may be as large as the table, eight at a time."""
        at = 0
        while at < len(piece):
            start, at = at, self._group_end(piece, at)
            try:
                yield [(bytes(name), bytes(value)) for name, value in self._decoder.decode(piece[start:at], raw=True)]
            except (HPACKError, IndexError, ValueError):
                raise Http2Error(Code.COMPRESSION_ERROR) from None

    def _group_end(self, piece: bytes, start: int) -> int:
        """Return where a group of representations ends; what sets the table's size is one, as hpack takes it first."""
        at = start
        for _ in range(8):
            at = _end(piece, at)
            if at == len(piece) or _sets_size(piece[start]) or _sets_size(piece[at]):
                break
            self._make_table(piece[at])
        self._make_table(piece[start])
        return at

    def _make_table(self, first: int) -> None:
        if not self._has_table and first & 0xC0 == 0x40:
            self._has_table = True
            self._decoder.header_table_size = TABLE_BYTES


_REFUSED_IN_NAMES = re.compile(rb"[\0-\x20\x7f:A-Z]")
_REFUSED_IN_VALUES = re.compile(rb"[\0\r\n]")
_METHOD = re.compile(rb"[A-Z_-]+")
_PATH = re.compile(rb"/[^\0-\x20\x7f]*")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*")
_PSEUDO = (b":method", b":path", b":scheme", b":authority")


class StreamError(DecoysError):
    """A request for which nginx ends the stream, without an answer."""


def request_head(fields: Iterable[Field]) -> Head | None:
    """Return a request's head as that of HTTP/1.1 would be; None: it is answered with 400 (RFC 9113 §8.2, §8.3).

    Raises StreamError, and Http2Error for a field without a name.
    """
    pseudo: dict[bytes, bytes] = {}
    ordinary: list[tuple[str, str]] = []
    cookies: list[str] = []
    wrong = False
    for name, value in fields:
        _check_field(name, value)
        if name.startswith(b":"):
            wrong = wrong or name in pseudo or name not in _PSEUDO
            pseudo[name] = value
        elif name == b"cookie":
            cookies.append(value.decode("latin-1"))
        else:
            ordinary.append((name.decode("latin-1"), value.decode("latin-1")))
    if wrong or not all(pseudo.get(name) for name in _PSEUDO[:3]) or _SCHEME.fullmatch(pseudo[b":scheme"]) is None:
        return None
    host = [("host", pseudo[b":authority"].decode("latin-1"))] if b":authority" in pseudo else []
    joined = [("cookie", "; ".join(cookies))] if cookies else []
    return _head(pseudo[b":method"], pseudo[b":path"], (*host, *ordinary, *joined))


def _check_field(name: bytes, value: bytes) -> None:
    if not name:
        raise Http2Error(Code.PROTOCOL_ERROR)
    if _REFUSED_IN_NAMES.search(name, 1 if name.startswith(b":") else 0) or _REFUSED_IN_VALUES.search(value):
        raise StreamError


def _head(method: bytes, path: bytes, headers: tuple[tuple[str, str], ...]) -> Head | None:
    if _METHOD.fullmatch(method) is None or _PATH.fullmatch(path) is None:
        return None
    return Head(method.decode("ascii"), path.decode("latin-1"), "HTTP/2.0", headers)


_STATUS: Final = {200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14}
_NAMES: Final = {
    "server": 54, "date": 33, "content-type": 31, "content-length": 28, "last-modified": 44, "location": 46,
    "vary": 59,
}  # fmt: skip
"""Those for which nginx uses the static table (§A); it writes all other names out."""
_LENGTH: Final = 28
"""content-length: nginx never codes its number."""


def _string(value: bytes) -> bytes:
    """Return a string as nginx writes it: in Huffman's code where that is shorter."""
    coded: bytes = _huffman.encode(value)
    if len(coded) < len(value):
        return _prefixed(len(coded), 7, 0x80) + coded
    return _prefixed(len(value), 7, 0) + value


def _raw(value: str) -> bytes:
    return bytes((len(value),)) + value.encode("ascii")


def _prefixed(value: int, bits: int, mark: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes((mark | value,))
    value -= most
    found = bytearray((mark | most,))
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def block_of(status: int, headers: Iterable[tuple[str, str]], *, table_changed: bool) -> bytes:
    """Return nginx's header block of an answer; `table_changed`: the client has set the size of its table."""
    found = bytearray(b"\x20" if table_changed else b"")
    found += bytes((0x80 | _STATUS[status],)) if status in _STATUS else b"\x48\x03" + str(status).encode()
    for name, value in headers:
        index = _NAMES.get(name.lower())
        if index is None:
            found += b"\0" + _string(name.lower().encode("latin-1", "replace"))
        else:
            found += _prefixed(index, 6, 0x40)
        found += _raw(value) if index == _LENGTH else _string(value.encode("latin-1", "replace"))
    return bytes(found)
