# SPDX-License-Identifier: MIT
"""What clients store on one decky, for everybody who comes later; bounded in keys and bytes.

A value is bytes, a list, a hash, a set, a sorted set or a stream; of the other types of Redis nothing can be stored.
"""

import fnmatch
import re
from collections.abc import Iterator
from typing import TypeAlias

from decnet_decoys.errors import DecoysError
from decnet_decoys.redis.types.stream import Stream

MAX_KEYS = 512
MAX_BYTES = 256 << 10
"""Of all keys and values of a database."""
MAX_PATTERN, MAX_STARS, MAX_MATCHED = 64, 8, 256
"""Of a pattern's characters and stars, and of a key's, so that matching all keys takes milliseconds; others match
nothing, unless the pattern is a star alone."""
_EACH = 64
"""Bytes that are counted for each element beside its own."""


class Scores(dict[bytes, float]):
    """A sorted set; no hash, although both are dictionaries."""


Value: TypeAlias = bytes | list[bytes] | dict[bytes, bytes] | frozenset[bytes] | Scores | Stream


class Full(DecoysError):
    """There is no room: the real server says that it is out of memory."""


class WrongType(DecoysError):
    """The key has a value of another type."""


class Keyspace:
    """One database; times are seconds since the Unix epoch."""

    def __init__(self) -> None:
        self._values: dict[bytes, Value] = {}
        self._expires: dict[bytes, float] = {}
        self._written: dict[bytes, int] = {}
        """Which change was the last of each key that is there, by number."""
        self._used = 0
        self.changes = 0
        """How often something was written."""

    def __len__(self) -> int:
        return len(self._values)

    @property
    def expiring(self) -> int:
        return len(self._expires)

    def average_milliseconds(self, now: float) -> int:
        """Return how long keys that expire remain on average; 0 without any."""
        left = [max(0.0, at - now) for at in self._expires.values()]
        return int(1000 * sum(left) / len(left)) if left else 0

    def items(self) -> Iterator[tuple[bytes, Value]]:
        return iter(self._values.items())

    def expire(self, now: float) -> None:
        """Remove what has expired."""
        for key in [key for key, at in self._expires.items() if at <= now]:
            self.remove(key)

    def get(self, key: bytes) -> Value | None:
        return self._values.get(key)

    def string(self, key: bytes) -> bytes | None:
        """Return a string; raises WrongType."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bytes):
            raise WrongType
        return value

    def list_(self, key: bytes) -> list[bytes]:
        """Return a list, an empty one without the key; raises WrongType."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise WrongType
        return value

    def hash_(self, key: bytes) -> dict[bytes, bytes]:
        """Return a hash, an empty one without the key; raises WrongType."""
        value = self._values.get(key, {})
        if not isinstance(value, dict) or isinstance(value, Scores):
            raise WrongType
        return value

    def scores(self, key: bytes) -> Scores:
        """Return a sorted set, an empty one without the key; raises WrongType."""
        value = self._values.get(key, Scores())
        if not isinstance(value, Scores):
            raise WrongType
        return value

    def stream(self, key: bytes) -> Stream | None:
        """Return a stream, None without the key; raises WrongType."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, Stream):
            raise WrongType
        return value

    def set_(self, key: bytes) -> frozenset[bytes]:
        """Return a set, an empty one without the key; raises WrongType."""
        value = self._values.get(key, frozenset())
        if not isinstance(value, frozenset):
            raise WrongType
        return value

    def put(self, key: bytes, value: Value, expires: float | None = None, *, keeps_time: bool = False) -> None:
        """Store a value, an empty list or hash as none; raises Full."""
        size = _size(key, value)
        left = self._used - (_size(key, self._values[key]) if key in self._values else 0)
        if left + size > MAX_BYTES or (key not in self._values and len(self._values) >= MAX_KEYS):
            raise Full
        self.changes += 1
        until = self._expires.get(key) if keeps_time else expires
        self.remove(key)
        if value or isinstance(value, bytes):  # a stream is always one, however empty
            self._values[key] = value
            self._used += size
            self.set_time(key, until)

    def remove(self, key: bytes) -> bool:
        value = self._values.pop(key, None)
        self._expires.pop(key, None)
        self._written.pop(key, None)
        if value is None:
            return False
        self._used -= _size(key, value)
        self.changes += 1
        return True

    def clear(self) -> None:
        self.changes += 1
        self._values.clear()
        self._expires.clear()
        self._written.clear()
        self._used = 0

    def set_time(self, key: bytes, at: float | None) -> None:
        """Set when a key expires; None: never."""
        self.changes += 1
        if at is None:
            self._expires.pop(key, None)
        else:
            self._expires[key] = at
        if key in self._values:
            self._written[key] = self.changes

    def last_change(self, key: bytes) -> int:
        """Return the number of the last change of a key or of its time; 0: it is not there."""
        return self._written.get(key, 0)

    def expires_at(self, key: bytes) -> float | None:
        return self._expires.get(key)

    def time_left(self, key: bytes, now: float) -> float | None:
        """Return the seconds until a key expires, None when it never does."""
        at = self._expires.get(key)
        return None if at is None else max(0.0, at - now)

    def matching(self, pattern: bytes) -> list[bytes]:
        """Return the keys that match a pattern of the shell's kind."""
        if pattern == b"*":
            return list(self._values)
        if len(pattern) > MAX_PATTERN or pattern.count(b"*") > MAX_STARS:
            return []
        short = (key.decode("latin-1") for key in self._values if len(key) <= MAX_MATCHED)
        matches = re.compile(fnmatch.translate(pattern.decode("latin-1").replace("[^", "[!"))).match
        return [key.encode("latin-1") for key in short if matches(key)]


def _size(key: bytes, value: Value) -> int:
    if isinstance(value, bytes):
        return len(key) + len(value) + _EACH
    if isinstance(value, Stream):
        return len(key) + value.size
    if isinstance(value, Scores):
        return len(key) + sum(map(len, value)) + 2 * _EACH * (len(value) + 1)
    parts: list[bytes] = (
        [part for pair in value.items() for part in pair] if isinstance(value, dict) else list(value)  # type: ignore[misc]
    )
    return len(key) + sum(map(len, parts)) + _EACH * (len(parts) + 1)
