# SPDX-License-Identifier: MIT
"""One event of one attacker, with the columns that most tables share."""

from functools import lru_cache

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.text import for_column
from decnet_models.attackers.merge import Row, Tally
from decnet_models.events.queries import StoredEvent

NAME = 255
"""Characters of a column of names."""


class Observation:
    """One event of one attacker, with the columns that most tables share."""

    __slots__ = ("attacker", "decky", "event", "last_ts", "seen", "seq", "service", "session", "tally", "ts")

    def __init__(self, tally: Tally, attacker: str, stored: StoredEvent) -> None:
        self.tally = tally
        self.attacker = attacker
        self.seq = stored.seq
        self.event: Event = stored.event
        self.ts = stored.event.ts
        self.decky = name(stored.event.decky)
        self.session = name(stored.event.session)
        self.service = name(service_of(stored.event.payload))
        repeats = getattr(stored.event.payload, "repeats", None)
        self.last_ts: int = self.ts if repeats is None else repeats.last_ts
        self.seen = self.seen_times(stored.event.payload.occurrences)

    def seen_times(self, count: int) -> Row:
        """Return what rows keep of `count` of the events that this one stands for."""
        return {"events": count, "first_seen": self.ts, "last_seen": self.last_ts}


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
