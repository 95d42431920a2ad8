# SPDX-License-Identifier: MIT
"""The worker `history`: events in, counts by hour and an index of words out."""

import time
from collections.abc import Callable
from typing import ClassVar

from sqlalchemy import Connection, Engine, func, select

from decnet_core.events.catalogue import PAYLOADS
from decnet_core.net.addresses import canonical
from decnet_core.runtime.worker import MIB
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import reading, writing
from decnet_models.events.tables import event
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.history import index, queries
from decnet_models.history.counts import Counts, merged_values, write
from decnet_models.history.words import words_of
from decnet_workers.history.settings import HistorySettings

_SECONDS_BETWEEN_CLEANINGS = 600.0
_CHUNKS_FORGOTTEN = 4
_HOURS_FORGOTTEN = 24


class History(CursorWorker[HistorySettings]):
    """Keeps counts by hour for summaries and reports, and the index of words for searches.

    Nobody waits for it: what it has not handled yet is read from the event log by those who ask.
    """

    name = "history"
    Settings = HistorySettings
    consumes = PAYLOADS
    group = "heavy"
    background = True
    gives_way = True
    turn_at = 40.0
    memory_budget = 64 * MIB
    batch_events: ClassVar[int] = 2000
    shared = False  # a row of the counts is of all attackers

    _cleaned_at = float("-inf")

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        counts = Counts()
        for stored in batch.events:
            one = stored.event
            address = canonical(one.src_ip or "")
            if address is not None and one.payload.from_attacker:
                counts.add(one.ts, one.kind, one.decky, address, one.payload)
        words = {one.seq: words_of(one.event) for one in batch.events} if self.settings.search else {}
        values = merged_values(batch.connection, counts)

        def store(connection: Connection) -> Results:
            write(connection, counts, values)
            index.add_words(connection, words)
            return Results()

        return store

    def beside(self, engine: Engine) -> bool:
        """Forget what the event log has forgotten, some of it at a time."""
        if time.monotonic() < self._cleaned_at + _SECONDS_BETWEEN_CLEANINGS:
            return False
        with reading(engine) as connection:
            oldest = connection.execute(select(func.min(event.c.seq))).scalar() or 0
        hour = time.time_ns() // HOUR_NS - self.settings.keep_days * 24
        with writing(engine) as connection:
            gone = index.forget_before(connection, oldest, _CHUNKS_FORGOTTEN)
            gone += queries.forget_before(connection, hour, _HOURS_FORGOTTEN)
        if not gone:
            self._cleaned_at = time.monotonic()
        return gone > 0
