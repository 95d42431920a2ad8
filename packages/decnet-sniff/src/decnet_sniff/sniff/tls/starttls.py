# SPDX-License-Identifier: MIT
"""TLS that does not begin a connection: after STARTTLS (RFC 3207, 2595, 4217), CONNECT, SOCKS, and RDP's own.

The dialogue before it is not parsed: there are too many kinds. The client waits for the server's consent, so a hello
begins a segment; where it does not, a network card or a kernel has coalesced it with what came before: a line, or
MySQL's request, which waits for nothing.
"""

from decnet_sniff.sniff.tls.hello import CLIENT_HELLO, SERVER_HELLO, uint16, uint24

PATIENCE = 4096
"""Bytes of one direction that may come before its hello."""

_RECORD = b"\x16\x03"
_LATEST_VERSION = 4
_HEADERS_BYTES = 9
"""Of the record and of the message in it."""
_BEFORE = {36: b"\x20\x00\x00\x01", 7: b"\x15\x03"}
"""Length and beginning of what may precede a hello: MySQL's SSLRequest, an alert of TLS."""


def find(payload: bytes) -> int | None:
    """Return the offset of a hello in the payload of a segment, None if there is none."""
    at = payload.find(_RECORD)
    while at >= 0:
        if _may_begin(payload, at) and _is_hello(payload, at):
            return at
        at = payload.find(_RECORD, at + 1)
    return None


def _may_begin(payload: bytes, at: int) -> bool:
    return at == 0 or payload[at - 1 : at] == b"\n" or (at in _BEFORE and payload.startswith(_BEFORE[at]))


def _is_hello(payload: bytes, at: int) -> bool:
    """Return whether the headers at `at` are those of a record and of a hello that begins in it."""
    if len(payload) < at + _HEADERS_BYTES or payload[at + 2] > _LATEST_VERSION:
        return False
    record, kind, message = uint16(payload, at + 3), payload[at + 5], uint24(payload, at + 6)
    return kind in (CLIENT_HELLO, SERVER_HELLO) and 4 < record <= 1 << 14 and 38 <= message < 1 << 16
