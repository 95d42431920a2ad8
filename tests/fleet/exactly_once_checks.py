# SPDX-License-Identifier: MIT
"""The two proofs of exactly-once, for whatever an arena's fleet went through.

What attackers were answered is found in exactly one event. And the tables that the killed workers left are, row for
row, those that one undisturbed run makes from the same event log.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, insert, select
from tests.decnet_models.migrated import migrated_database
from tests.fleet.accepted import CURSORS, assert_each_accepted_mark_is_one_event
from tests.fleet.arena import Arena

from decnet_core.events.catalogue import kind_of
from decnet_core.events.notices import notice_kind
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_models.attackers.tables import metadata as attackers
from decnet_models.canary.tables import metadata as canary
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.tables import event
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.following.cursor_worker import CursorWorker, EventBatch
from decnet_models.notices.tables import notice
from decnet_models.progress.queries import begin_cursor
from decnet_models.progress.tables import dead_letter
from decnet_models.ttp.tables import metadata as ttp
from decnet_models.webhooks.tables import webhook_delivery
from decnet_workers.webhook.fleet_troubles import TROUBLES

LAST = 1_000_000
"""The waves after all killing are numbered from here."""
DEEDS = ("http", "guess", "command", "url", "dns")
VOLATILE = {"id", "seq", "created_at", "updated_at", "tagged_at"}
"""Columns that tell when or in which order a row was written, not what it says."""


def prove(arena: Arena, tmp_path: Path) -> None:
    """Hold both proofs over a fleet that has come to rest and stopped."""
    assert_each_accepted_mark_is_one_event(arena)
    assert_tables_are_those_of_one_clean_run(arena, tmp_path)
    assert_each_notice_arrived_and_is_genuine(arena)


def assert_tables_are_those_of_one_clean_run(arena: Arena, tmp_path: Path) -> None:
    """Run the cursor workers once over a copy of the event log, in one go, and compare every row."""
    with contextlib.ExitStack() as opened:
        worn = open_engine(arena.database, read_only=True)
        opened.callback(worn.dispose)
        clean = open_engine(migrated_database(tmp_path / "clean.db"))
        opened.callback(clean.dispose)
        _compare_with_clean_run(worn, clean)


def _compare_with_clean_run(worn: Engine, clean: Engine) -> None:
    with reading(worn) as source, writing(clean) as target:
        for table in (event, *canary.sorted_tables):
            rows = [dict(row) for row in source.execute(select(table)).mappings()]
            if rows:
                target.execute(insert(table), rows)
    for name in CURSORS:
        run_once(name, clean)
    with reading(worn) as left, reading(clean) as right:
        for metadata in (attackers, ttp):
            _compare(metadata, left, right)
        of_the_fleet = notice.c.kind.in_(["webhook.test", *(notice_kind(kind) for kind in TROUBLES)])
        of_cursors = ~of_the_fleet & notice.c.kind.not_like("incident.%")  # which webhook makes of them
        keys = select(notice.c.key, notice.c.kind, notice.c.body).where(of_cursors)
        assert sorted(map(tuple, left.execute(keys))) == sorted(map(tuple, right.execute(keys)))
        assert list(left.execute(select(dead_letter))) == []


def run_once(name: str, engine: Engine) -> None:
    shape = worker_registry.load(name)
    worker = shape(Settings({}, {}, "test").section(name, shape.Settings))
    assert isinstance(worker, CursorWorker)
    if name == "ttp":
        from decnet_core.runtime.counters import Counters
        from decnet_workers.ttp.watch import Watched

        worker._rules, worker._counters = Watched(worker.settings), Counters()  # type: ignore[attr-defined]
        worker._rules.read()  # type: ignore[attr-defined]
    with writing(engine) as connection:
        begin_cursor(connection, name, now_ns=1)
        worker.prepare(connection)
    processor = BatchProcessor(
        engine,
        name,
        lambda connection, events: worker.handle(EventBatch(connection, events)).notices,
        kinds=[kind_of(payload) for payload in shape.consumes],
        limit=100_000,
    )
    while processor.step().lag:
        pass


def _compare(metadata: MetaData, left: Connection, right: Connection) -> None:
    for table in metadata.sorted_tables:
        columns = [c for c in table.columns if c.name not in VOLATILE]
        worn = Counter(tuple(row) for row in left.execute(select(*columns)))
        clean = Counter(tuple(row) for row in right.execute(select(*columns)))
        assert worn == clean, f"{table.name}: {(worn - clean) or (clean - worn)}"


def assert_each_notice_arrived_and_is_genuine(arena: Arena) -> None:
    engine = open_engine(arena.database, read_only=True)
    with reading(engine) as connection:
        messages = list(connection.execute(select(webhook_delivery.c.message_id)).scalars())
    engine.dispose()
    assert len(messages) == len(set(messages))
    assert {arrival.message_id for arrival in arena.receiver.arrivals} == set(messages)


async def attack_until_all_is_answered(arena: Arena, patience: float) -> None:
    """Send waves until each sort of deed was answered in one of them: on a busy machine one may come too late."""
    deadline = time.monotonic() + patience
    for number in itertools.count(LAST):
        await arena.attack(number)
        waves = {f"mark-{wave}-x" for wave in range(LAST, number + 1)}
        silent = [kind for kind in DEEDS if waves.isdisjoint(arena.accepted[kind])]
        if not silent:
            return
        assert time.monotonic() < deadline, f"after the killing nobody answers: {silent}"
