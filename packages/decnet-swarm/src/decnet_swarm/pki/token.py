# SPDX-License-Identifier: MIT
"""The one-time token: all that a new sensor must know, as one word to paste.

It carries the fingerprint of the fleet's authority, so the very first contact is pinned: nobody between sensor and
master can answer in the master's place. The master keeps only a hash of the secret in it. The check sum is no
protection; it tells a token that was not copied whole from one that is wrong.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import zlib

import msgspec

from decnet_swarm.pki.names import NAME_LIMIT, is_name

PREFIX = "decnet1-"
ID_BYTES = 8
SECRET_BYTES = 16
FINGERPRINT_BYTES = 32

_HEAD = ID_BYTES + SECRET_BYTES + FINGERPRINT_BYTES
_SUM = 4
_LONGEST = len(PREFIX) + 4 * ((_HEAD + NAME_LIMIT + _SUM + 2) // 3)


class Token(msgspec.Struct, frozen=True):
    id: bytes
    """ID_BYTES that name it; no secret."""
    secret: bytes
    """SECRET_BYTES."""
    authority: bytes
    """SHA-256 of the authority's certificate in DER."""
    name: str
    """What the sensor will be called."""


class Misread(msgspec.Struct, frozen=True):
    """Why a text is no token."""

    reason: str


def new_token(authority: bytes, name: str) -> Token:
    """Return a fresh token for sensor `name`."""
    return Token(secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES), authority, name)


def encode_token(token: Token) -> str:
    body = token.id + token.secret + token.authority + token.name.encode()
    return PREFIX + base64.urlsafe_b64encode(body + _sum(body)).decode().rstrip("=")


def decode_token(text: str) -> Token | Misread:
    """Return the token in `text`, or why it is none."""
    word = text.strip()
    if not word.startswith(PREFIX):
        return Misread(f"a token begins with {PREFIX}")
    if len(word) > _LONGEST:
        return Misread("it is longer than a token can be")
    body = _decoded(word.removeprefix(PREFIX))
    if body is None or len(body) <= _HEAD + _SUM or _sum(body[:-_SUM]) != body[-_SUM:]:
        return Misread("it is damaged: copy all of it")
    return _token(body[:-_SUM])


def hashed(secret: bytes) -> str:
    """Return what the master keeps of a secret; 128 random bits need no slow hash."""
    return hashlib.sha256(b"decnet enrolment token\0" + secret).hexdigest()


def opens(secret: bytes, kept: str) -> bool:
    """Return whether `secret` is the one whose hash was `kept`, in a time that does not tell how near it is."""
    return hmac.compare_digest(hashed(secret), kept)


def _token(body: bytes) -> Token | Misread:
    key, secret = body[:ID_BYTES], body[ID_BYTES : ID_BYTES + SECRET_BYTES]
    authority, name = body[ID_BYTES + SECRET_BYTES : _HEAD], body[_HEAD:].decode("ascii", "replace")
    if not is_name(name):
        return Misread("the sensor's name in it is none")
    return Token(key, secret, authority, name)


def _decoded(word: str) -> bytes | None:
    if "+" in word or "/" in word:  # b64decode takes these as well as the letters that replace them
        return None
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _sum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_SUM, "big")
