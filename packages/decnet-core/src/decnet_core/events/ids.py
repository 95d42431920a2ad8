# SPDX-License-Identifier: MIT
"""UUIDv7 event ids (RFC 9562 §5.7): ordered by time, made where the event happens."""

import hashlib
import os
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_MASK = (0xFFF << 64) | ((1 << 62) - 1)


def uuid7(ts: int) -> UUID:
    """Return a new id for time `ts` (ns since the Unix epoch, UTC); 74 random bits keep ids of one ms apart."""
    return _build(ts, int.from_bytes(os.urandom(10), "big"))


def uuid7_of(ts: int, *parts: bytes) -> UUID:
    """Return the same id for the same `parts` and time `ts`.

    Reading the same log line again after a crash gives the same id, so ingest can tell it from a new one.
    """
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return _build(ts, int.from_bytes(digest.digest(), "big"))


def _build(ts: int, noise: int) -> UUID:
    milliseconds = max(0, ts // 1_000_000) & ((1 << 48) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION | _VARIANT | (noise & _RANDOM_MASK))
