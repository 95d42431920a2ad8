# SPDX-License-Identifier: MIT
"""Canary tokens: slugs with a MAC, so that a receiver recognises genuine ones without a database.

A slug is 24 characters of lower-case base32 (RFC 4648 §6): 1 byte kind, 7 random bytes, 7 bytes of HMAC-SHA256 over
both. It fits a DNS label and survives resolvers and mail programs that change case. The kind byte is masked by a
second MAC, so all 24 characters look random and no slug can be recognised by its beginning. 56 bits of MAC: a
guesser needs 2^55 requests, and the receiver's rate limit counts each of them.
"""

import base64
import binascii
import enum
import hmac
import secrets
from pathlib import Path

import msgspec

from decnet_core.keys import read_or_create

SLUG_LENGTH = 24
_RANDOM_BYTES = 7
_MAC_BYTES = 7


class SlugKind(enum.Enum):
    """How a receiver answers whoever uses the token: many kinds of bait share one."""

    URL = "url"
    """A small page."""
    WEBBUG = "webbug"
    """A picture of one pixel."""
    DNS = "dns"
    """Reached by its host name alone."""
    REDIRECT = "redirect"
    """Sends a browser on to a page that its URL names."""
    API = "api"
    """Refused as an interface for programs would: 401, in JSON."""
    LOGIN = "login"
    """The password of a login pair: it has no receiver, any decoy sees it."""
    WIREGUARD = "wireguard"
    """The public key of a WireGuard server."""


_CODES = {kind: code for code, kind in enumerate(SlugKind, 1)}
_KINDS = {code: kind for kind, code in _CODES.items()}


class Slug(msgspec.Struct, frozen=True):
    """A verified token; `text` is its canonical, lower-case form."""

    text: str
    kind: SlugKind


def canary_key(keys: Path) -> bytes:
    """Return the fleet's canary key from the directory `keys`; raises decnet_core.keys.KeyFileError."""
    return read_or_create(keys / "canary.key")


def mint(key: bytes, kind: SlugKind) -> Slug:
    """Return a new token of `kind`."""
    return _slug(key, kind, secrets.token_bytes(_RANDOM_BYTES))


def numbered(key: bytes, kind: SlugKind, number: int) -> Slug:
    """Return the token of `kind` that has a number: for what a receiver finds by trying them all."""
    digest = hmac.digest(key, b"canary number" + bytes([_CODES[kind]]) + number.to_bytes(4, "big"), "sha256")
    return _slug(key, kind, digest[:_RANDOM_BYTES])


def verify(key: bytes, text: str) -> Slug | None:
    """Return the token in `text`, in any case; None when it was not minted with `key`."""
    raw = _decoded(text)
    if raw is None:
        return None
    random, mac = raw[1 : 1 + _RANDOM_BYTES], raw[1 + _RANDOM_BYTES :]
    kind = _KINDS.get(raw[0] ^ _mask(key, random))
    if kind is None or not hmac.compare_digest(mac, _mac(key, kind, random)):
        return None
    return Slug(text.lower(), kind)


def _slug(key: bytes, kind: SlugKind, random: bytes) -> Slug:
    masked = bytes([_CODES[kind] ^ _mask(key, random)])
    raw = masked + random + _mac(key, kind, random)
    return Slug(base64.b32encode(raw).decode("ascii").lower(), kind)


def _decoded(text: str) -> bytes | None:
    if len(text) != SLUG_LENGTH or not text.isascii():
        return None
    try:
        return base64.b32decode(text, casefold=True)
    except (binascii.Error, ValueError):
        return None


def _mac(key: bytes, kind: SlugKind, random: bytes) -> bytes:
    return hmac.digest(key, b"canary token" + bytes([_CODES[kind]]) + random, "sha256")[:_MAC_BYTES]


def _mask(key: bytes, random: bytes) -> int:
    return hmac.digest(key, b"canary kind" + random, "sha256")[0]
