# SPDX-License-Identifier: MIT
"""The enrolment protocol: one request and one reply, each a framed JSON document.

A frame is its length in four bytes, most significant first, and the document. Certificates and requests for them are
PEM (RFC 7468), bytes that are not text are base64.
"""

from typing import Literal

import msgspec

LIMIT = 64 * 1024
"""Bytes of a document: three certificates and a name are 5 KiB."""
HEAD = 4

RENEWAL_PROTOCOL = "decnet-renew/1"
"""Name of this exchange (ALPN, RFC 7301) on the port that events arrive at."""


class AskAuthority(msgspec.Struct, frozen=True, tag="hello"):
    """Asks for the authority's certificate, before the token is sent."""


class Enrol(msgspec.Struct, frozen=True, tag="enrol"):
    """Sign this for the holder of the token."""

    id: bytes
    secret: bytes
    request: str
    """PKCS #10 (RFC 2986)."""


class Renew(msgspec.Struct, frozen=True, tag="renew"):
    """Sign this for the holder of this connection's certificate."""

    request: str


class Authority(msgspec.Struct, frozen=True, tag="authority"):
    """The fleet's authority, which the sensor compares with its token."""

    certificate: str
    time: int
    """The master's clock in seconds since the Unix epoch, only to diagnose a wrong clock."""


class Issued(msgspec.Struct, frozen=True, tag="issued"):
    name: str
    chain: str
    """It, and what leads to the authority."""
    pins: tuple[str, ...]
    """SHA-256 of the public keys that the listener has and will have next."""
    port: int = 0
    """Where the listener takes events."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    reason: Literal["token", "expired", "request", "busy", "unknown", "name", "defect"]
    text: str = ""
    """For the operator of the sensor."""


Request = AskAuthority | Enrol | Renew
Reply = Authority | Issued | Refused

_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_ANSWERS: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


class Malformed(msgspec.Struct, frozen=True):
    """The bytes are not a message, and why."""

    reason: str


def framed(message: msgspec.Struct) -> bytes:
    document = msgspec.json.encode(message)
    return len(document).to_bytes(HEAD, "big") + document


def length_in(head: bytes) -> int | Malformed:
    """Return how many bytes the document has that follows `head` (HEAD bytes)."""
    length = int.from_bytes(head, "big")
    if len(head) != HEAD or not 0 < length <= LIMIT:
        return Malformed(f"a document of {length} bytes")
    return length


def request_in(document: bytes) -> Request | Malformed:
    try:
        return _REQUESTS.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Malformed(str(error))


def answer_in(document: bytes) -> Reply | Malformed:
    try:
        return _ANSWERS.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Malformed(str(error))
