# SPDX-License-Identifier: MIT
"""What was made of rows, as far as it was asked for lately, up to a number of bytes.

There are two generations: what is asked for moves to the younger one, and when that is full, the older one is
forgotten. So nothing is noted or sorted when a value is found where most are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RecentValues(Generic[K, V]):
    """Values by key; used in any thread.

    `most_bytes` of a generation; `size` returns the bytes of a key with its value, None for what is not worth keeping.
    """

    def __init__(self, most_bytes: int, size: Callable[[K, V], int | None]) -> None:
        self._changing = threading.Lock()
        self._most_bytes = most_bytes
        self._size = size
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._bytes = 0

    def find(self, key: K) -> V | None:
        """Return the value of `key` if it is known."""
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key)
            if known is not None:
                self.keep(key, known)
        return known

    def found(self, keys: Iterable[K]) -> list[V | None]:
        """Return what `find` does of each key."""
        get = self._young.get
        return [self.find(key) if (known := get(key)) is None else known for key in keys]

    def keep(self, key: K, value: V) -> None:
        """Keep a value, if its `size` is not None."""
        size = self._size(key, value)
        if size is None:
            return
        with self._changing:
            if self._bytes + size > self._most_bytes:
                self._young, self._old, self._bytes = {}, self._young, 0
            self._young[key] = value
            self._bytes += size

    def clear(self) -> None:
        """Forget all of them."""
        with self._changing:
            self._young, self._old, self._bytes = {}, {}, 0
