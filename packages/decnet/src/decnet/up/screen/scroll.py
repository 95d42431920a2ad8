# SPDX-License-Identifier: MIT
"""Lines that come without end, of which a screen shows some: following the newest, scrolled back, held, filtered."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 2000
"""Lines that can be scrolled back to."""


class Scroll(Generic[T]):
    """The newest lines; `text` returns of each what a filter is compared with."""

    def __init__(self, text: Callable[[T], str]) -> None:
        self._text = text
        self._lines: deque[tuple[int, T]] = deque(maxlen=KEPT)
        self._count = 0
        self._last: int | None = None
        """The number of the line at the bottom while it does not follow."""

    @property
    def following(self) -> bool:
        return self._last is None

    @property
    def count(self) -> int:
        """How many lines there have been."""
        return self._count

    def newer(self, wanted: str = "") -> int:
        """Return how many lines are below the bottom."""
        last = self._last
        return 0 if last is None else sum(number > last for number, _ in self._fitting(wanted))

    def extend(self, lines: Iterable[T]) -> None:
        for line in lines:
            self._count += 1
            self._lines.append((self._count, line))

    def hold(self) -> None:
        """Stop following."""
        if self._last is None:
            self._last = self._count

    def follow(self) -> None:
        self._last = None

    def move(self, by: int, room: int, wanted: str = "") -> None:
        """Scroll by so many lines, forward if positive, within what a screen of `room` lines can show."""
        numbers = [number for number, _ in self._fitting(wanted)]
        if not numbers:
            return
        last = self._last
        at = len(numbers) - 1 if last is None else sum(number <= last for number in numbers) - 1
        at = max(min(room, len(numbers)) - 1, at + by)
        self._last = None if at >= len(numbers) - 1 else numbers[at]

    def shown(self, room: int, wanted: str = "") -> list[T]:
        """Return up to `room` lines, the newest last."""
        last = self._count if self._last is None else max(self._last, self._lines[0][0] if self._lines else 0)
        fitting = [line for number, line in self._fitting(wanted) if number <= last]
        return fitting[-room:] if room > 0 else []

    def _fitting(self, wanted: str) -> Iterable[tuple[int, T]]:
        if not wanted:
            return self._lines
        low = wanted.lower()
        return [(number, line) for number, line in self._lines if low in self._text(line).lower()]
