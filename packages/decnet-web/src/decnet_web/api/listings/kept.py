# SPDX-License-Identifier: MIT
"""JSON of rows that pages show again and again, kept as bytes: to make it costs ten times what reading a row does.

A key says everything that the JSON depends on (the number and id of an event, which never changes, or all values of a
row), so nothing kept is ever wrong, whatever is committed. There are two generations: what is asked for moves to the
younger one, and when that is full, the older one is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable

import msgspec

MOST_BYTES = 1 << 20
"""Of both generations together, with OVERHEAD for each row."""
OVERHEAD = 1024
"""Bytes of a key with its values, and of the objects around: about 400 for an event, 950 for an attacker."""
LARGEST = 8 << 10
"""Bytes of one row; the JSON of a larger one is made each time."""


class KeptRows:
    """Rows as JSON by what they depend on; used in any thread."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._young: dict[Hashable, msgspec.Raw] = {}
        self._old: dict[Hashable, msgspec.Raw] = {}
        self._bytes = 0

    def row(self, key: Hashable, make: Callable[[], bytes]) -> msgspec.Raw:
        """Return the JSON of `key`; `make()` returns it when it is not known. What `make` raises is raised."""
        known = self.find(key)
        if known is None:
            known = msgspec.Raw(make())
            self._keep(key, known)
        return known

    def find(self, key: Hashable) -> msgspec.Raw | None:
        """Return the JSON of `key` if it is known."""
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key)
            if known is not None:
                self._keep(key, known)
        return known

    def found(self, keys: Iterable[Hashable]) -> list[msgspec.Raw | None]:
        """Return what `find` does of each key."""
        get = self._young.get
        return [self.find(key) if (known := get(key)) is None else known for key in keys]

    def clear(self) -> None:
        """Forget all of them."""
        with self._changing:
            self._young, self._old, self._bytes = {}, {}, 0

    def _keep(self, key: Hashable, row: msgspec.Raw) -> None:
        size = len(memoryview(row))
        if size > LARGEST:
            return
        with self._changing:
            if self._bytes + size + OVERHEAD > MOST_BYTES // 2:
                self._young, self._old, self._bytes = {}, self._young, 0
            self._young[key] = row
            self._bytes += size + OVERHEAD
