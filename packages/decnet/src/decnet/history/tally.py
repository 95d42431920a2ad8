# SPDX-License-Identifier: MIT
"""What the events of a span of time sum up to. Events that stand for several are counted as many times."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from decnet_core.events.catalogue import CanaryHit, CommandRun, HttpRequest, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_models.database.window import Window
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent
from decnet_models.events.volume import HOUR_NS
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources

K = TypeVar("K")

_PAGE = 5000
_DISTINCT = 100_000
"""Different values of one thing that are counted; an attacker can send any number."""


class Login(msgspec.Struct, frozen=True):
    """A credential that was tried."""

    username: str
    secret: str | None
    """The password, or the public key in its place."""


class Use(msgspec.Struct):
    """How often a value was sent, and by how many addresses."""

    times: int = 0
    accepted: int = 0
    attackers: set[str] = msgspec.field(default_factory=set)


class Tally:
    """Counts of events from attackers; synthetic ones and those of known sources are left out."""

    def __init__(self, known: KnownSources) -> None:
        self._known = known
        self.kinds: Counter[str] = Counter()
        self.attackers: Counter[str] = Counter()
        self.deckies: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        """Events by hour, in hours since the Unix epoch."""
        self.logins: dict[Login, Use] = {}
        self.commands: dict[str, Use] = {}
        self.requests: dict[str, Use] = {}
        self.canary_tokens: dict[str, Use] = {}
        self.not_counted = 0
        """Occurrences of values that came when there were too many different ones."""

    @property
    def events(self) -> int:
        return self.kinds.total()

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.payload.from_attacker and event.src_ip and not event.synthetic and not self._known.match(event):
                self._add(event, event.src_ip)

    def _add(self, event: Event, attacker: str) -> None:
        times = event.payload.occurrences
        self.kinds[event.kind] += times
        self.attackers[attacker] += times
        self.hours[event.ts // HOUR_NS] += times
        if event.decky:
            self.deckies[event.decky] += times
        for payload, count in event.payload.variants():
            self._add_payload(payload, attacker, count)

    def _add_payload(self, payload: Payload, attacker: str, count: int) -> None:
        if isinstance(payload, LoginAttempt):
            secret = payload.password if payload.password is not None else payload.public_key
            self._use(self.logins, Login(payload.username, secret), attacker, count, accepted=payload.success)
        elif isinstance(payload, CommandRun):
            self._use(self.commands, payload.command, attacker, count)
        elif isinstance(payload, HttpRequest):
            self._use(self.requests, f"{payload.method} {payload.target}", attacker, count)
        elif isinstance(payload, CanaryHit):
            self._use(self.canary_tokens, payload.token, attacker, count)

    def _use(self, uses: dict[K, Use], key: K, attacker: str, count: int, *, accepted: bool = False) -> None:
        if key not in uses and len(uses) >= _DISTINCT:
            self.not_counted += count
            return
        use = uses.setdefault(key, Use())
        use.times += count
        use.accepted += count if accepted else 0
        use.attackers.add(attacker)


def tally_of(connection: Connection, window: Window) -> Tally:
    """Return what the log's events of a span of time sum up to."""
    tally = Tally(KnownSources(known_sources(connection)))
    last: StoredEvent | None = None
    while page := queries.in_window(connection, window, _PAGE, after=last):
        tally.add(stored.event for stored in page)
        last = page[-1]
    return tally
