# SPDX-License-Identifier: MIT
"""Sealed tickets: what the server has to remember between two steps of a log-in, kept by the client.

So nobody who is not logged in makes rows. A ticket is AES-256-GCM with a key derived from the fleet's `api.key`; its
kind is authenticated, so that one of another step does not serve. A step that was completed is recorded, and its ticket
is worthless then. The same seals the secret of a TOTP in the database, for its account.

The library of ciphers (8 MiB) is imported by the first who needs it: most requests do not.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import time
from typing import TypeVar

import msgspec

from decnet.access.secrets import digest
from decnet_web.api.problems import Problem

T = TypeVar("T", bound=msgspec.Struct)

SECOND = 1_000_000_000
LONGEST = 4096
_NONCE = 12


class SealedError(ValueError):
    """What was sealed cannot be opened: it is not ours, or was made with another key."""


class Sealer:
    """Seals with a key of its own."""

    def __init__(self, key: bytes, use: str) -> None:
        self._key = hmac.digest(key, f"accounts: {use}".encode(), "sha256")

    def seal(self, text: bytes, about: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        hidden = AESGCM(self._key).encrypt(nonce, text, about.encode())
        return base64.urlsafe_b64encode(nonce + hidden).rstrip(b"=").decode()

    def open(self, sealed: str, about: str) -> bytes:
        """Return what was sealed about the same; raises SealedError."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            return AESGCM(self._key).decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
        except (ValueError, binascii.Error, InvalidTag) as error:
            raise SealedError("this cannot be opened") from error


class Tickets:
    """Makes and opens tickets."""

    def __init__(self, key: bytes) -> None:
        self._sealer = Sealer(key, "tickets")

    def make(self, content: msgspec.Struct, seconds: int) -> str:
        """Return a ticket that is good for so long; its kind is the name of `content`'s class."""
        expires = time.time_ns() + seconds * SECOND
        text = msgspec.json.encode((expires, content))
        return self._sealer.seal(text, type(content).__name__)

    def open(self, ticket: str, kind: type[T]) -> tuple[T, int]:
        """Return a ticket's content and when it expires (ns); raises Problem 400."""
        if len(ticket) > LONGEST or not ticket.isascii():
            raise _stale()
        try:
            opened = self._sealer.open(ticket, kind.__name__)
            expires, content = msgspec.json.decode(opened, type=tuple[int, kind])  # type: ignore[valid-type]  # known when it runs
        except (SealedError, msgspec.DecodeError):
            raise _stale() from None
        if expires <= time.time_ns():
            raise _stale()
        return content, expires


def ticket_digest(ticket: str) -> str:
    """Return what is stored of a ticket that was used."""
    return digest(ticket)


def _stale() -> Problem:
    return Problem(400, title="Step is over", detail="this step is over or was done already; begin again")
