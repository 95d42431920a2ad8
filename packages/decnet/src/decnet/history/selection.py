# SPDX-License-Identifier: MIT
"""Which events of the log are shown."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from decnet_models.database.window import Window
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent
from decnet_models.known.matching import KnownSources

_PAGE = 1000


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What an event must be like; None and empty: anything."""

    kinds: tuple[str, ...] = ()
    attacker: str | None = None
    decky: str | None = None
    session: str | None = None
    window: Window = Window()
    synthetic: bool = False
    """Whether also what the worker orchestrator causes."""

    known: KnownSources = KnownSources()
    """Sources whose events are left out."""

    def includes(self, stored: StoredEvent) -> bool:
        event = stored.event
        return (
            (not self.kinds or event.kind in self.kinds)
            and self.attacker in (None, event.src_ip)
            and self.decky in (None, event.decky)
            and self.session in (None, event.session)
            and self.window.since <= event.ts < self.window.until
            and (self.synthetic or not event.synthetic)
            and self.known.match(event) is None
        )

    def newest(self, connection: Connection, limit: int) -> list[StoredEvent]:
        """Return the newest `limit` events, oldest of them first."""
        matching: list[StoredEvent] = []
        for page in self._pages(connection, _PAGE if self.decky else min(limit, _PAGE)):
            matching += filter(self.includes, page)
            if len(matching) >= limit:
                break
        return matching[:limit][::-1]

    def _pages(self, connection: Connection, size: int) -> Iterator[list[StoredEvent]]:
        """Yield the log backwards by the index that leaves out most."""
        if self.session is not None:
            yield queries.by_session(connection, self.session)[::-1]
            return
        last: StoredEvent | None = None
        while page := self._page(connection, size, last):
            yield page
            last = page[-1]

    def _page(self, connection: Connection, size: int, last: StoredEvent | None) -> list[StoredEvent]:
        before = None if last is None else last.seq
        if self.attacker is not None:
            return queries.of_attacker(connection, self.attacker, _PAGE, before=before)
        if self.window.bounded:
            return queries.in_window(connection, self.window, _PAGE, after=last, newest=True)
        return queries.recent(connection, size, kinds=self.kinds, before=before)
