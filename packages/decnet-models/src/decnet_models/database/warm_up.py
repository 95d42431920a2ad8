# SPDX-License-Identifier: MIT
"""Warms up a parent that is about to fork: a worker's database work, done once in memory.

What it compiles and caches (statements, result types, event types) is then in pages shared by all children.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, MetaData

from decnet_core.events.catalogue import Payload, kind_of
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.database.domains import loaded_metadata
from decnet_models.database.engine import warm_up_engine, writing
from decnet_models.database.schema import require_current
from decnet_models.migrations.chain import newest_revision

_TS = 1_700_000_000_000_000_000
_VALUES: dict[Any, object] = {str: "warm-up", int: 1, bool: True}


_empty: dict[frozenset[MetaData], bytes] = {}
"""The last empty database that was made, by what its tables are of: to make one takes 50 ms, to load it 1."""
_PAGE_BYTES = 512
"""The least there is: most of its pages are all but empty."""


def warm_up(work: Callable[[Engine], object]) -> None:
    """Run `work` on an empty database with the tables of every domain loaded so far."""
    with warm_up_engine() as engine:
        _make_tables(engine, frozenset(loaded_metadata()))
        work(engine)


def _make_tables(engine: Engine, domains: frozenset[MetaData]) -> None:
    with contextlib.closing(engine.raw_connection()) as pooled:
        memory: Any = pooled.driver_connection
        if domains in _empty:
            memory.deserialize(_empty[domains])
            return
        memory.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    with writing(engine) as connection:
        for metadata in domains:
            metadata.create_all(connection)
        _check(connection)
    if hasattr(memory, "serialize"):  # an SQLite can be built without it
        _empty.clear()
        _empty[domains] = memory.serialize()


def sample_events(kinds: Sequence[type[Payload]]) -> list[Event]:
    """Return one event of each kind with only its required fields."""
    return [
        Event(
            id=uuid7(_TS),
            ts=_TS,
            sensor="warm-up",
            payload=_sample(kind),
            decky="warm-up",
            src_ip="192.0.2.1",  # TEST-NET-1, RFC 5737
            src_port=1,
            session="warm-up",
        )
        for kind in kinds
    ]


def _check(connection: Connection) -> None:
    """Do what a worker does first when it opens a database."""
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (newest_revision(),))
    require_current(connection)


def begin(connection: Connection, worker: str) -> None:
    """Give `worker` a cursor at the beginning of the log."""
    from decnet_models.progress.queries import begin_cursor

    begin_cursor(connection, worker, now_ns=time.time_ns())


def _sample(kind: type[Payload]) -> Payload:
    fields = {field.name: _VALUES[field.type] for field in msgspec.structs.fields(kind) if field.required}
    return msgspec.convert({"kind": kind_of(kind), **fields}, kind)
