# SPDX-License-Identifier: MIT
"""The few fields of a certificate that the long-lived workers need, read from its DER (X.690) without a library.

`cryptography` costs 13 MiB of resident memory (measured: 23.0 MiB with asyncio and a TLS context, 35.8 MiB with it),
more than all else that forwarder and listener are. Python's ssl verifies certificates but tells neither a public key
nor, of one's own certificate, how long it lasts.
"""

import hashlib

import msgspec

from decnet_core.net import der

_VERSION = 0xA0


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
    except ValueError as error:
        return Unreadable(str(error))


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in DER, in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def pin(public_key: bytes) -> str:
    """Return the SHA-256 of a SubjectPublicKeyInfo, in hexadecimal; it outlives the certificate (RFC 7469, 2.4)."""
    return hashlib.sha256(public_key).hexdigest()


def _parts(certificate: bytes) -> Parts:
    outer, _ = der.item_at(certificate, 0)
    signed, _ = der.item_at(outer.content, 0)
    body, at = signed.expect(der.SEQUENCE, "signed part"), 0
    if body[:1] == bytes([_VERSION]):
        _, at = der.item_at(body, at)
    for _ in range(3):  # serial number, signature, issuer
        _, at = der.item_at(body, at)
    validity, at = der.item_at(body, at)
    _, at = der.item_at(body, at)  # subject
    key, end = der.item_at(body, at)
    key.expect(der.SEQUENCE, "public key")
    times = [der.seconds(each) for each in der.items(validity.expect(der.SEQUENCE, "validity"))]
    first, last = (each for each in times if each is not None)
    return Parts(first, last, body[at:end])
