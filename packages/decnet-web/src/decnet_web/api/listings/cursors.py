# SPDX-License-Identifier: MIT
"""Cursors of listings: where the next page begins, signed, so that nobody can ask for a position of his own making.

A cursor is the base64url of a MAC and the position's JSON. The MAC covers the path of the listing too: a cursor of one
does not serve another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from decnet_web.api.problems import Problem

_MAC_BYTES = 16
_LONGEST = 2048

Position = tuple[Any, ...]


class Cursors:
    """Signs and checks cursors with a key."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(b"cursors", key=key, digest_size=32).digest()

    def write(self, position: Position, path: str) -> str:
        """Return the cursor of a position in the listing at `path`; its values are strings, numbers or None."""
        content = msgspec.json.encode(position)
        return base64.urlsafe_b64encode(self._mac(content, path) + content).rstrip(b"=").decode()

    def read(self, cursor: str, path: str) -> Position:
        """Return the position of a cursor; raises Problem 400 for one that this fleet has not made for `path`."""
        if len(cursor) > _LONGEST:
            raise _not_ours()
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise _not_ours() from None
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(content, path)):
            raise _not_ours()
        return tuple(msgspec.json.decode(content))

    def _mac(self, content: bytes, path: str) -> bytes:
        return hashlib.blake2b(path.encode() + b"\0" + content, key=self._key, digest_size=_MAC_BYTES).digest()


def _not_ours() -> Problem:
    return Problem(400, title="Bad cursor", detail="`after` is not a cursor of this listing; begin without it")
