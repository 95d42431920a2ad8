# SPDX-License-Identifier: MIT
"""One event of one attacker, with the columns that most tables share."""

from functools import lru_cache

from decnet_core.events.catalogue import Payload
from decnet_core.text import for_column
from decnet_models.attackers.merge import Tally
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.logins import Login

NAME = 255
"""Characters of a column of names."""

Seen = tuple[int, int, int]
"""How many events, the time of the first, and of the last."""


class Observation:
    """One event of one attacker, with the columns that most tables share."""

    __slots__ = (
        *("attacker", "bait", "decky", "last_ts", "logins", "occurrences", "payload", "seen"),
        *("seq", "service", "session", "tally", "ts"),
    )

    def __init__(
        self, tally: Tally, attacker: str, stored: StoredEvent, logins: tuple[Login, ...] = (), bait: str | None = None
    ) -> None:
        event = stored.event
        self.tally = tally
        self.attacker = attacker
        self.seq = stored.seq
        self.payload: Payload = event.payload
        self.logins = logins
        self.bait = bait
        self.ts = self.last_ts = event.ts
        self.occurrences = 1
        self.decky = name(event.decky)
        self.session = for_column(event.session, NAME) if event.session else None  # too many for a cache
        self.service = name(service_of(event.payload))
        if (repeats := getattr(event.payload, "repeats", None)) is not None:
            self.last_ts, self.occurrences = repeats.last_ts, repeats.count
        self.seen: Seen = (self.occurrences, self.ts, self.last_ts)

    def seen_times(self, count: int) -> Seen:
        """Return what rows keep of `count` of the events that this one stands for."""
        return count, self.ts, self.last_ts


def service_of(payload: Payload) -> str | None:
    """Return the service that was touched, None when the event is about no single service."""
    service: str | None = getattr(payload, "service", None)
    return service


@lru_cache(maxsize=1024)
def name(word: str | None) -> str | None:
    """Return `word` cut to a column of names, None for none."""
    return for_column(word, NAME) if word else None


def text(sent: str | None) -> str | None:
    """Return `sent` cut to a column of texts, None for none."""
    return None if sent is None else for_column(sent)
