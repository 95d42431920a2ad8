# SPDX-License-Identifier: MIT
"""A profiler on tables of its own, and events to give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, event, select

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers.tables import metadata
from decnet_models.canary.tables import metadata as canary_metadata
from decnet_models.cursor import Batch
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.worker import Profiler

Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def connection() -> Iterator[Connection]:
    """A database in memory with the tables of the domains attackers and canary."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.connect() as made:
        metadata.create_all(made)
        canary_metadata.create_all(made)
        made.commit()
        yield made
    engine.dispose()


@pytest.fixture
def profile(connection: Connection) -> Callable[[Sequence[Sequence[StoredEvent]]], tuple[Tables, dict[str, Notice]]]:
    """Handle batches from empty tables; return the rows of all tables, and the notices as the outbox keeps them."""

    def handle(batches: Sequence[Sequence[StoredEvent]]) -> tuple[Tables, dict[str, Notice]]:
        worker, outbox = Profiler(NoSettings()), dict[str, Notice]()
        try:
            for batch in batches:
                for key, notice in worker.handle(Batch(connection, batch)).notices:
                    outbox.setdefault(key, notice)
            return rows_of(connection), outbox
        finally:
            connection.rollback()

    return handle


def rows_of(connection: Connection) -> Tables:
    """Every row of every table, in the order of the keys."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in metadata.sorted_tables
    }


@pytest.fixture
def stored() -> Callable[..., StoredEvent]:
    """Make an event of the log."""
    return make_stored


def make_stored(seq: int, payload: Payload, *, ts: int | None = None, **envelope: Any) -> StoredEvent:
    """Return the event at `seq`; times are seconds unless given."""
    envelope = {"src_ip": "192.0.2.1", "decky": "web", **envelope}
    moment = seq * 1_000_000_000 if ts is None else ts
    return StoredEvent(seq, Event(id=UUID(int=seq), ts=moment, sensor="s", payload=payload, **envelope))
