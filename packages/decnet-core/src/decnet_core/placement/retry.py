# SPDX-License-Identifier: MIT
"""When deckies that failed are tried again: each after a pause of its own, which doubles. Pure; times in ns."""

from collections.abc import Iterable

import msgspec

from decnet_core.timing.backoff import backoff
from decnet_core.timing.durations import SECOND_NS

FIRST_SECONDS, LONGEST_SECONDS = 1, 300


class Failure(msgspec.Struct, frozen=True):
    """The last attempt of a decky; a newer version of it does not wait."""

    version: int
    attempts: int
    retry_at: int


def failure(version: int, attempts_before: int, now_ns: int) -> Failure:
    """Return when to try again after one more failure."""
    pause = backoff(FIRST_SECONDS, attempts_before, LONGEST_SECONDS)
    return Failure(version, attempts_before + 1, now_ns + int(pause * SECOND_NS))


class Retries:
    """The deckies that failed."""

    def __init__(self) -> None:
        self._failures: dict[str, Failure] = {}

    def waiting(self, now_ns: int) -> dict[str, int]:
        """Return name and version of those whose time has not come.

        A time that is further away than any pause was set by a clock that was ahead: it has come.
        """
        latest = now_ns + LONGEST_SECONDS * SECOND_NS
        return {name: one.version for name, one in self._failures.items() if now_ns < one.retry_at <= latest}

    def failed(self, name: str, version: int, attempts_before: int, now_ns: int) -> Failure:
        """Note a failure; `attempts_before` is how many there were since the last success."""
        self._failures[name] = failure(version, attempts_before, now_ns)
        return self._failures[name]

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)

    def keep(self, names: set[str]) -> None:
        """Forget all others: they are no deckies any more."""
        for name in set(self._failures) - names:
            del self._failures[name]

    def hasten(self, names: Iterable[str]) -> None:
        """Let these be tried now; should they fail again, the pause goes on growing."""
        for name in names:
            if name in self._failures:
                self._failures[name] = msgspec.structs.replace(self._failures[name], retry_at=0)

    @property
    def count(self) -> int:
        """How many deckies are failing."""
        return len(self._failures)

    def next_at(self) -> int | None:
        return min((one.retry_at for one in self._failures.values()), default=None)
