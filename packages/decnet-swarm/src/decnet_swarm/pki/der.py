# SPDX-License-Identifier: MIT
"""The few fields of a certificate that the long-lived workers need, read from its DER (X.690) without a library.

`cryptography` costs 13 MiB of resident memory (measured: 23.0 MiB with asyncio and a TLS context, 35.8 MiB with it),
more than all else that forwarder and listener are. Python's ssl verifies certificates but tells neither a public key
nor, of one's own certificate, how long it lasts.
"""

import datetime as dt
import hashlib

import msgspec

_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


class Parts(msgspec.Struct, frozen=True):
    """What was read; times in seconds since the Unix epoch."""

    not_before: int
    not_after: int
    public_key: bytes
    """SubjectPublicKeyInfo in DER."""


class Unreadable(msgspec.Struct, frozen=True):
    """Why bytes are no certificate."""

    reason: str


def parts_of(certificate: bytes) -> Parts | Unreadable:
    """Return validity and public key of a certificate (RFC 5280, 4.1)."""
    try:
        return _parts(certificate)
    except (ValueError, IndexError) as error:
        return Unreadable(str(error))


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in DER, in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def pin(public_key: bytes) -> str:
    """Return the SHA-256 of a SubjectPublicKeyInfo, in hexadecimal; it outlives the certificate (RFC 7469, 2.4)."""
    return hashlib.sha256(public_key).hexdigest()


def _parts(certificate: bytes) -> Parts:
    _, outer, _ = _element(certificate, 0)
    _, body, _ = _element(outer, 0, _SEQUENCE)
    at = 0
    if body[:1] == bytes([_VERSION]):
        _, _, at = _element(body, at)
    for _ in range(3):  # serial number, signature, issuer
        _, _, at = _element(body, at)
    _, validity, at = _element(body, at, _SEQUENCE)
    _, _, at = _element(body, at)  # subject
    _, _, end = _element(body, at, _SEQUENCE)
    kind, first, next_at = _element(validity, 0)
    last_kind, last, _ = _element(validity, next_at)
    return Parts(_time(kind, first), _time(last_kind, last), body[at:end])


def _element(data: bytes, at: int, wanted: int | None = None) -> tuple[int, bytes, int]:
    """Return tag, content and end of the element at `at`; raises ValueError or IndexError."""
    tag, size, start = data[at], data[at + 1], at + 2
    if wanted is not None and tag != wanted:
        raise ValueError(f"tag {tag:#x} where {wanted:#x} belongs")
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4:
            raise ValueError("a length of no definite form")
        size, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    if start + size > len(data):
        raise ValueError("it ends too early")
    return tag, data[start : start + size], start + size


def _time(kind: int, content: bytes) -> int:
    """Return a time of the forms that RFC 5280 (4.1.2.5) allows; two-digit years are those from 1950 on."""
    text = content.decode("ascii")
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError(f"tag {kind:#x} where a time belongs")
    moment = dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)
    return int(moment.timestamp())
