# SPDX-License-Identifier: MIT
"""JSON of rows that pages show again and again, kept as bytes: to make it costs ten times what reading a row does.

A key says everything that the JSON depends on (the number and id of an event, which never changes, or all values of a
row), so nothing kept is ever wrong, whatever is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import msgspec

from decnet_models.recent_values import RecentValues

MOST_BYTES = 1 << 20
"""Of both generations together, with OVERHEAD for each row."""
OVERHEAD = 1024
"""Bytes of a key with its values, and of the objects around: about 400 for an event, 950 for an attacker."""
LARGEST = 8 << 10
"""Bytes of one row; the JSON of a larger one is made each time."""


class KeptRows(RecentValues[Hashable, msgspec.Raw]):
    """Rows as JSON by what they depend on; used in any thread."""

    def __init__(self) -> None:
        super().__init__(MOST_BYTES // 2, _size)

    def row(self, key: Hashable, make: Callable[[], bytes]) -> msgspec.Raw:
        """Return the JSON of `key`; `make()` returns it when it is not known. What `make` raises is raised."""
        known = self.find(key)
        if known is None:
            known = msgspec.Raw(make())
            self.keep(key, known)
        return known


def _size(_key: Hashable, row: msgspec.Raw) -> int | None:
    size = len(memoryview(row))
    return size + OVERHEAD if size <= LARGEST else None
