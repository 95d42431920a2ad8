# SPDX-License-Identifier: MIT
"""The keys of QUIC Initial packets, derivable by all who see the client's first packet (RFC 9001, 5.2; RFC 9369).

They come from a public salt and the connection id that the client chose, so no secret is broken here.
"""

import hmac
from functools import lru_cache
from typing import NamedTuple

VERSION_1 = 0x00000001
VERSION_2 = 0x6B3343CF
DRAFTS = range(0xFF00001B, 0xFF000023)
"""The drafts of version 1 that were deployed, 27 to 34: the same packets, but for the salt of the first six."""


class _Constants(NamedTuple):
    """What differs between versions (RFC 9001, 5.1 and 5.2; RFC 9369, 3.3)."""

    salt: bytes
    label: bytes


_FINAL = _Constants(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), b"quic")
_TO_28 = _Constants(bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502"), b"quic")
_TO_32 = _Constants(bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"), b"quic")

_VERSIONS = {
    VERSION_1: _FINAL,
    VERSION_2: _Constants(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), b"quicv2"),
    # draft-ietf-quic-tls-27 to -34, section 5.2
    **{draft: _TO_28 if draft & 0xFF <= 28 else _TO_32 if draft & 0xFF <= 32 else _FINAL for draft in DRAFTS},
}


class Keys(NamedTuple):
    """AES-128 key, initialisation vector (12 bytes) and header protection key of one sender."""

    key: bytes
    iv: bytes
    header: bytes


def initial_keys(version: int, connection_id: bytes, *, server: bool) -> Keys:
    """Return the keys of one side's Initial packets; `connection_id` is the client's first destination.

    Raises KeyError for a version that is not one of those above.
    """
    constants = _VERSIONS[version]
    initial = hmac.digest(constants.salt, connection_id, "sha256")  # HKDF-Extract (RFC 5869)
    secret = _expand(initial, b"server in" if server else b"client in", 32)
    return Keys(
        _expand(secret, constants.label + b" key", 16),
        _expand(secret, constants.label + b" iv", 12),
        _expand(secret, constants.label + b" hp", 16),
    )


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """Return HKDF-Expand-Label (RFC 8446, 7.1) with SHA-256, no context, and at most 32 bytes: one block."""
    return hmac.digest(secret, _block(label, length), "sha256")[:length]


@lru_cache(maxsize=16)
def _block(label: bytes, length: int) -> bytes:
    return length.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\0\x01"
