# SPDX-License-Identifier: MIT
"""Ids of events, UUIDv7 (RFC 9562 §5.7), and of sessions: ordered by time, made where the event happens."""

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


def session_id(ts: int) -> str:
    """Return a new session's id for time `ts` (ns since the Unix epoch, UTC): 20 hexadecimal digits.

    The first 11 are the milliseconds, so that an index of sessions grows at its end; 36 random bits keep those of one
    millisecond apart.
    """
    return f"{_milliseconds(ts):011x}"[-11:] + os.urandom(5).hex()[:9]


def _milliseconds(ts: int) -> int:
    return max(0, ts // 1_000_000) & ((1 << 48) - 1)


def _build(ts: int, noise: int) -> UUID:
    return UUID(int=(_milliseconds(ts) << 80) | _VERSION | _VARIANT | (noise & _RANDOM_MASK))
