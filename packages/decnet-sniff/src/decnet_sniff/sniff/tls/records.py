# SPDX-License-Identifier: MIT
"""TLS records: the first hello of one direction of a TCP stream, however it is split into records (RFC 8446, 5.1)."""

import struct
from collections.abc import Iterator

from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff.tls.hello import CLIENT_HELLO, SERVER_HELLO, Hello, read_hello, uint16, uint24

MAX_HELLO_BYTES = 60_000
"""A longer hello is not reassembled: with its record headers it must fit what is kept of one direction of a flow."""

MAX_RECORDS = 256
"""Records that one hello may span; with more, tiny records would cost more to parse than to send."""

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = 20, 21, 22
_ALERT, _ALERT_BYTES = bytes([ALERT]), 2
_WARNING = 1
"""The level of an alert that may stand before a hello: a server warns of a name that it does not know (RFC 6066, 3)."""
_MAX_RECORD_BYTES = 1 << 14
_HEADER_BYTES = 5
_BEGINNING = struct.Struct(">BBBHBBH").unpack_from
"""Type, version and length of a record, type and length of the handshake message in it."""


def recognise(data: bytes) -> Hello | Verdict:
    """Return the first hello of a stream that begins with a TLS record.

    What follows a HelloRetryRequest is found by calling this again with `data[hello.end:]`: the ChangeCipherSpec that
    may lie in between (RFC 8446, D.4) is skipped, and so is a warning alert.
    """
    if (hello := _in_one_record(data)) is not None:
        return hello
    message = bytearray()
    for fragment, end in _fragments(data):
        if fragment is None:
            return NOTHING
        message += fragment
        hello = read_message(message)
        if hello is NOTHING:
            return NOTHING
        if not isinstance(hello, Verdict):
            return hello._replace(end=end)
        if len(message) >= 4 and len(data) < _HEADER_BYTES + 4 + uint24(message, 1):
            break  # it cannot be whole yet: do not look at the rest
    return NEED_MORE


def _in_one_record(data: bytes) -> Hello | Verdict | None:
    """Return the hello that is whole in the first record, as nearly all are; None if it goes on in the next."""
    begin = _HEADER_BYTES + 4
    if len(data) < begin:
        return None
    content, major, minor, size, kind, high, low = _BEGINNING(data)
    if content != HANDSHAKE or major != 3 or minor > 4 or not 1 <= size <= _MAX_RECORD_BYTES:
        return None
    end, whole = _HEADER_BYTES + size, begin + (high << 16 | low)
    if whole > end:
        return None
    if whole > len(data):
        return NEED_MORE if kind in (CLIENT_HELLO, SERVER_HELLO) else NOTHING
    return read_hello(kind, data[begin:whole], end=end)


def read_message(message: bytes | bytearray) -> Hello | Verdict:
    """Return the hello at the beginning of a stream of handshake messages without records."""
    if message and message[0] not in (CLIENT_HELLO, SERVER_HELLO):
        return NOTHING
    if len(message) < 4:
        return NEED_MORE
    end = 4 + uint24(message, 1)
    if end > MAX_HELLO_BYTES:
        return NOTHING
    if len(message) < end:
        return NEED_MORE
    return read_hello(message[0], bytes(message[4:end]), end=end)


def _fragments(data: bytes) -> Iterator[tuple[bytes | None, int]]:
    """Yield the bytes of each handshake record, the last perhaps incomplete, and the offset behind them.

    None instead of bytes: this is not TLS, or split into too many records.
    """
    at, begun = 0, False
    for _ in range(MAX_RECORDS):
        header = data[at : at + _HEADER_BYTES]
        if not _plausible(header) or (header[:1] == _ALERT and (begun or _is_fatal(data, at))):
            break
        if len(header) < _HEADER_BYTES:
            return
        begin, at = at + _HEADER_BYTES, at + _HEADER_BYTES + uint16(header, 3)
        if header[0] == HANDSHAKE:
            begun = True
            yield data[begin:at], at
        if at > len(data):
            return
    yield None, at


def _is_fatal(data: bytes, at: int) -> bool:
    """Return whether the alert whose record begins at `at` is there and ends the handshake."""
    return len(data) > at + _HEADER_BYTES and data[at + _HEADER_BYTES] != _WARNING


def _plausible(header: bytes) -> bool:
    """Return whether the available bytes can begin a record of a hello: SSL 3.0 to TLS 1.3, and not empty."""
    size = len(header)
    return not (
        (size > 0 and header[0] not in (HANDSHAKE, CHANGE_CIPHER_SPEC, ALERT))
        or (size > 4 and header[0] == ALERT and uint16(header, 3) != _ALERT_BYTES)
        or (size > 1 and header[1] != 3)
        or (size > 2 and header[2] > 4)
        or (size > 4 and not 1 <= uint16(header, 3) <= _MAX_RECORD_BYTES)
    )
