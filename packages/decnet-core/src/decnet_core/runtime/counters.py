# SPDX-License-Identifier: MIT
"""Counters and gauges of one worker, shown in its health; names are code's, never an attacker's (law 9)."""

from collections.abc import Callable


class Counters:
    """Numbers by name: `add` for counts, `set` for levels, `read_from` for another object's own counters."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._sources: list[Callable[[], dict[str, float]]] = []

    def add(self, name: str, amount: float = 1) -> None:
        self._values[name] = self._values.get(name, 0) + amount

    def set(self, name: str, value: float) -> None:
        self._values[name] = value

    def read_from(self, source: Callable[[], dict[str, float]]) -> None:
        """Include what `source()` returns in every snapshot."""
        self._sources.append(source)

    def snapshot(self) -> dict[str, float]:
        values = dict(self._values)
        for source in self._sources:
            values.update(source())
        return values
