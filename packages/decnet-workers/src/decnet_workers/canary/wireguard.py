# SPDX-License-Identifier: MIT
"""Recognises the first message of a WireGuard handshake by the server's public key that its sender was given. Pure.

The message ends with a MAC keyed by the server's public key (`mac1`, WireGuard white paper §5.4.4), so whoever made it
knows that key. A token's key is 32 bytes of its own that stand in its configuration only; nobody has its private
half, and nobody needs it, for the canary never answers. Tokens are numbered, and all are tried: 256 take under 1 ms.
"""

import hashlib
import hmac

from decnet_core.canary import Slug, SlugKind, numbered

MOST_TOKENS = 256
INITIATION_BYTES = 148
_INITIATION = b"\x01\x00\x00\x00"
_MAC1 = slice(116, 132)


def server_key(key: bytes, slug: str) -> bytes:
    """Return the public key in a token's configuration."""
    return hmac.digest(key, b"canary wireguard" + slug.encode("ascii"), "sha256")


def slug_of_number(key: bytes, number: int) -> Slug:
    """Return the token of a number below MOST_TOKENS."""
    return numbered(key, SlugKind.WIREGUARD, number)


class PlantedKeys:
    """The MAC keys of all tokens, made when the first handshake comes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._macs: list[tuple[bytes, Slug]] = []

    def token_of(self, datagram: bytes) -> Slug | None:
        """Return the token whose key made this message; None for anything else."""
        if len(datagram) != INITIATION_BYTES or not datagram.startswith(_INITIATION):
            return None
        if not self._macs:
            slugs = (slug_of_number(self._key, number) for number in range(MOST_TOKENS))
            self._macs = [(_mac1_key(server_key(self._key, slug.text)), slug) for slug in slugs]
        content, mac = datagram[: _MAC1.start], datagram[_MAC1]
        for mac_key, slug in self._macs:
            if hmac.compare_digest(hashlib.blake2s(content, digest_size=16, key=mac_key).digest(), mac):
                return slug
        return None


def _mac1_key(public: bytes) -> bytes:
    return hashlib.blake2s(b"mac1----" + public).digest()
