# SPDX-License-Identifier: MIT
"""Events as they are committed: read from the database, at once when the bus announces them, else every two seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from decnet.fleet.deployment import Deployment
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.subjects import EVENTS_INGESTED
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import DatabaseError, reason
from decnet_models.events.queries import StoredEvent, events_after, last_seq
from decnet_models.known.matching import KnownSources, KnownSourcesCache

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
_BATCH = 500


class EventFeed:
    """The event log from one position on; a busy or unreachable database is retried, nothing is missed.

    Synthetic ones and those of known sources are left out unless they are asked for.
    """

    def __init__(
        self,
        deployment: Deployment,
        bus: Bus,
        *,
        kinds: Sequence[str] = (),
        attacker: str | None = None,
        synthetic: bool = False,
        known: bool = False,
    ) -> None:
        self._engine: Engine = open_engine(deployment.database_url, read_only=True)
        self._bus = bus
        self._kinds = tuple(kinds)
        self._attacker = attacker
        self._synthetic = synthetic
        self._known_cache, self._left_out = None if known else KnownSourcesCache(), KnownSources()
        self.seq = 0

    def start_at_end(self) -> None:
        """Skip what is in the log already."""
        with reading(self._engine) as connection:
            self.seq = last_seq(connection)

    async def batches(self, at_end: Callable[[], None] = lambda: None) -> AsyncIterator[list[StoredEvent]]:
        """Yield new events, oldest first, without end; `at_end` is called whenever there are no more for now."""
        nudge = await self._bus.subscribe(EVENTS_INGESTED.pattern, limit=1)
        try:
            while True:
                events, self.seq = await asyncio.to_thread(self._read)
                if events:
                    yield events
                    continue
                at_end()
                try:
                    await nudge.next(POLL_SECONDS)
                except (TimeoutError, BusError):
                    continue
        finally:
            await nudge.close()
            self._engine.dispose()

    def _read(self) -> tuple[list[StoredEvent], int]:
        """Read until something matches or the end is reached; return it and the position after it."""
        seq = self.seq
        try:
            with reading(self._engine) as connection:
                if self._known_cache is not None:
                    self._left_out = self._known_cache.current(connection)
                while events := events_after(connection, seq, _BATCH, self._kinds):
                    seq = events[-1].seq
                    if fitting := [one for one in events if self._fits(one)]:
                        return fitting, seq
        except (DBAPIError, DatabaseError) as error:
            log.warning("cannot read events now error=%s", reason(error))
        return [], seq

    def _fits(self, stored: StoredEvent) -> bool:
        event = stored.event
        return (
            self._attacker in (None, event.src_ip)
            and (self._synthetic or not event.synthetic)
            and self._left_out.match(event) is None
        )
