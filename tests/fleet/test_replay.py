# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from decnet_core.events.catalogue import CommandRun, LoginAttempt, SessionClosed
from decnet_core.events.envelope import Event
from decnet_core.runtime.counters import Counters
from decnet_models.attackers.tables import metadata as attackers
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.ownership import REPLAY
from decnet_models.errors import CursorMovedError
from decnet_models.events import queries as events
from decnet_models.events.volume import forget, volumes
from decnet_models.following import replay
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.notices.tables import notice
from decnet_models.progress import queries as progress
from decnet_models.ttp.tables import ttp_tag, ttp_window
from decnet_workers.profiler.worker import Profiler
from decnet_workers.ttp.watch import Watched
from decnet_workers.ttp.worker import Ttp

Maker = Callable[..., list[Event]]


@pytest.fixture
def log(engine: Engine, make_events: Maker) -> Engine:
    """Password guesses and commands of a few attackers."""
    made: list[Event] = []
    for number in range(60):
        source = {"src_ip": f"192.0.2.{number % 5}", "session": f"s{number % 7}"}
        made += make_events(1, LoginAttempt("ssh", "root", success=False), **source)
        made += make_events(1, CommandRun("ssh", "cat /etc/passwd; id"), **source)
    made += make_events(1, SessionClosed("ssh", 9, 1), session="s1")
    with writing(engine) as connection:
        events.insert_events(connection, made)
    return engine


def follow(engine: Engine, kind: type[CursorWorker[Any]]) -> BatchProcessor:
    worker = kind(kind.Settings())
    if isinstance(worker, Ttp):
        worker._rules, worker._counters = Watched(worker.settings), Counters()
        worker._rules.read()
    if engine.dialect.name == "postgresql":
        leases = ShardLeases(engine, kind.name, seconds=60, shared=kind.shared)
        leases.keep()
        return worker._processor(engine, kind.name, leases)
    with writing(engine) as connection:
        progress.begin_cursor(connection, kind.name, now_ns=1)
    return worker._processor(engine, kind.name)


def run(engine: Engine, kind: type[CursorWorker[Any]]) -> None:
    processor = follow(engine, kind)
    while (step := processor.step()).lag:
        assert step.dead_letters == 0


def rows(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    tables = [*attackers.sorted_tables, ttp_tag, ttp_window, notice]
    with reading(engine) as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(*(c for c in table.c if c.name != "created_at")))),
                key=str,
            )
            for table in tables
        }


def begin(engine: Engine, worker: str, first: int) -> replay.Plan:
    with writing(engine) as connection:
        plan = replay.plan(connection, worker, first)
        replay.begin(connection, plan)
    return plan


def test_sums_are_emptied_and_come_out_the_same(log: Engine) -> None:
    run(log, Profiler)
    before = rows(log)
    assert before["attacker"]
    plan = begin(log, "profiler", 50)
    assert (plan.first, plan.last, plan.events, plan.forgotten) == (1, 121, 121, 0)
    assert set(plan.emptied) == set(attackers.tables)
    assert rows(log)["attacker"] == []
    run(log, Profiler)
    assert rows(log) == before


def test_rows_named_by_their_event_stay_and_are_not_doubled(log: Engine) -> None:
    run(log, Ttp)
    before = rows(log)
    assert before["ttp_tag"]
    plan = begin(log, "ttp", 1)
    assert (plan.emptied, plan.kept) == (("ttp_window",), ("ttp_tag", "ttp_technique_attacker"))
    assert rows(log)["ttp_tag"] == before["ttp_tag"]
    run(log, Ttp)
    assert rows(log) == before


def test_what_newer_rules_find_is_added_and_a_count_begins_where_it_began(log: Engine) -> None:
    run(log, Ttp)
    before = rows(log)
    with writing(log) as connection:
        connection.execute(text("DELETE FROM ttp_tag WHERE seq > 60"))
    plan = begin(log, "ttp", 61)
    assert (plan.asked, plan.first) == (61, 1)
    run(log, Ttp)
    assert rows(log) == before


def test_a_worker_without_tables_to_empty_begins_at_the_given_position(
    log: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(log, Ttp)
    monkeypatch.delitem(ttp_window.info, REPLAY)
    plan = begin(log, "ttp", 61)
    assert (plan.first, plan.events, plan.emptied) == (61, 61, ())
    with reading(log) as connection:
        assert progress.cursor_of(connection, "ttp") == 60


def test_a_batch_in_hand_during_a_replay_is_refused(log: Engine, url: str) -> None:
    other = open_engine(url)

    class Overtaken(BatchProcessor):
        def _consume(self, *arguments: Any) -> int:
            begin(other, "profiler", 1)
            return super()._consume(*arguments)

    run(log, Profiler)
    before = rows(log)
    with writing(log) as connection:  # one more batch to do
        progress.put_back(connection, "profiler", 100, now_ns=1)
    processor = follow(log, Profiler)
    processor.__class__ = Overtaken
    with pytest.raises(CursorMovedError):
        processor.step()
    run(log, Profiler)
    assert rows(log) == before
    other.dispose()


def test_a_replay_that_dies_before_its_commit_has_not_happened(log: Engine) -> None:
    run(log, Profiler)
    before = rows(log)
    with log.connect() as connection:
        replay.begin(connection, replay.plan(connection, "profiler", 1))
        connection.rollback()
    assert rows(log) == before
    with reading(log) as connection:
        assert progress.cursor_of(connection, "profiler") == 121


def test_dead_letters_are_tried_again(log: Engine) -> None:
    run(log, Ttp)
    with writing(log) as connection:
        for seq in (5, 50):
            progress.add_dead_letter(connection, "ttp", seq, "x", now_ns=1)
    begin(log, "ttp", 40)
    with reading(log) as connection:
        assert progress.dead_letters_of(connection, "ttp") == []


def test_a_worker_that_is_behind_is_not_moved_ahead(log: Engine) -> None:
    follow(log, Ttp).step()
    with writing(log) as connection:
        progress.move_cursor(connection, "ttp", 10, now_ns=1)
        progress.put_back(connection, "ttp", 99, now_ns=2)
        assert progress.cursor_of(connection, "ttp") == 10


def test_sums_whose_events_are_forgotten_are_counted(log: Engine) -> None:
    run(log, Profiler)
    with writing(log) as connection:
        connection.execute(text("DELETE FROM event WHERE seq <= 30"))
        assert replay.plan(connection, "profiler", 1).forgotten == 30
        assert replay.plan(connection, "profiler", 1).events == 91


def test_forgotten_events_of_one_kind_in_the_middle_are_counted_too(log: Engine) -> None:
    """Retention per kind leaves the oldest event of another kind, and no gap that could be told from others."""
    run(log, Profiler)
    with writing(log) as connection:
        commands = next(one for one in volumes(connection) if one.kind == "session.command")
        assert forget(connection, commands, 100, 20) == 20
        assert forget(connection, commands, 100, 5) == 5
        assert events.by_seq(connection, 1) is not None
        assert replay.plan(connection, "profiler", 1).forgotten == 25


@pytest.mark.parametrize("worker", ["webhook", "ingest", "nobody"])
def test_a_worker_without_a_cursor_cannot_replay(log: Engine, worker: str) -> None:
    with reading(log) as connection, pytest.raises(replay.ReplayError, match="does not follow"):
        replay.plan(connection, worker, 1)


def test_a_time_is_the_first_event_from_then_on(log: Engine) -> None:
    with reading(log) as connection:
        ts = events.by_seq(connection, 121)
        assert ts is not None
        assert replay.row_at(connection, 0) == 1
        assert replay.row_at(connection, ts.event.ts + 10**18) == 122
