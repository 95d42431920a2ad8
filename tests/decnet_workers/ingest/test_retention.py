# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.disk_share import share_of_disk
from decnet_core.spool.writer import SpoolWriter
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import reading, writing
from decnet_models.events import queries
from decnet_models.events.volume import Volume, volumes
from decnet_models.progress.queries import move_cursor
from decnet_workers.ingest.retention import KindRetention, Retention, RetentionSettings, due, within_disk
from decnet_workers.ingest.settings import IngestSettings
from decnet_workers.ingest.worker import Ingest

Maker = Callable[..., list[Event]]
DAY_NS = 24 * HOUR_NS
NOW_NS = 1000 * DAY_NS
LOGIN, COMMAND = LoginAttempt("ssh", "root", success=False), CommandRun("ssh", "id")


def fill(engine: Engine, make_events: Maker, *days: int, payload: object = COMMAND, number: int = 10) -> None:
    """Let the log take `number` events on each of `days`."""
    for day in days:
        with writing(engine) as connection:
            queries.insert_events(connection, make_events(number, payload=payload), now_ns=day * DAY_NS)


@pytest.fixture
def make_events(make_events: Maker) -> Maker:
    """Give every event an id of its own: the log has seen none of them."""
    from decnet_core.events.ids import uuid7

    return lambda number, **fields: [make_events(1, id=uuid7(1), **fields)[0] for _ in range(number)]


def run(engine: Engine, now_ns: int = NOW_NS, **settings: object) -> dict[str, float]:
    retention = Retention(engine, RetentionSettings(**settings))  # type: ignore[arg-type]  # checked by msgspec only
    while retention.step(now=lambda _: now_ns):
        pass
    return dict(retention.counters())


def kept(engine: Engine) -> dict[str, int]:
    """Return the events of each kind that are there; what was counted must say the same."""
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT kind, count(*) FROM event GROUP BY kind")).all()
        assert queries.count_by_kind(connection) == dict(rows)
        return dict(rows)


def test_nothing_is_deleted_unless_a_setting_says_so(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 1)
    assert not Retention(engine, RetentionSettings()).wanted(1e9)
    run(engine)
    assert kept(engine) == {"session.command": 10}


def test_each_kind_goes_at_its_own_age_in_small_transactions(engine: Engine, make_events: Maker) -> None:
    for day in (980, 995):
        fill(engine, make_events, day, payload=LOGIN)
        fill(engine, make_events, day)
    values = run(engine, days=30, kinds={"auth.attempt": KindRetention(days=7)}, batch_events=3)
    assert kept(engine) == {"session.command": 20, "auth.attempt": 10}
    assert values["events_deleted"] == 10
    run(engine, days=7)
    assert kept(engine) == {"session.command": 10, "auth.attempt": 10}


def test_the_clock_of_a_sensor_does_not_decide(engine: Engine, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(5, ts=1), now_ns=NOW_NS)
        queries.insert_events(connection, make_events(5, ts=2 * NOW_NS), now_ns=NOW_NS)
    run(engine, days=1)
    assert kept(engine) == {"session.command": 10}


def test_a_clock_that_was_set_back_makes_nothing_old(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 999, 1)
    run(engine, days=30)
    assert kept(engine) == {"session.command": 20}


def test_the_oldest_go_when_the_log_is_too_large(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, *range(900, 910), payload=LOGIN)
    fill(engine, make_events, 911)
    with reading(engine) as connection:
        size = sum(one.bytes for one in volumes(connection))
        newest = queries.last_seq(connection)
    run(engine, log_bytes=size // 2)
    with reading(engine) as connection:
        assert size * 0.4 < sum(one.bytes for one in volumes(connection)) <= size // 2
        rest = [seq for (seq,) in connection.execute(text("SELECT seq FROM event ORDER BY seq"))]
    assert rest == list(range(rest[0], newest + 1))  # the newest, without a hole
    run(engine, kinds={"auth.attempt": KindRetention(log_bytes=1)})
    assert kept(engine) == {"session.command": 10}


def test_what_a_cursor_has_not_passed_is_held_and_counted(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 900, 999)
    with writing(engine) as connection:
        move_cursor(connection, "profiler", 20, now_ns=1)
        move_cursor(connection, "ttp", 4, now_ns=1)
        move_cursor(connection, "webhook", 2, now_ns=1)  # of notices, not of events
        move_cursor(connection, "webhook.replay", 0, now_ns=1)
    values = run(engine, days=30, batch_events=3)
    assert (values["events_deleted"], values["events_held_by_cursors"]) == (4, 6)
    values = run(engine, days=30, batch_events=3, past_unread=True)
    assert (values["events_deleted"], values["events_deleted_unread"]) == (6, 6)
    assert kept(engine) == {"session.command": 10}


def test_the_newest_event_stays(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 1)
    run(engine, days=1)
    assert kept(engine) == {"session.command": 1}
    with reading(engine) as connection:
        assert queries.last_seq(connection) == 10


def test_events_that_come_again_are_not_counted_twice(engine: Engine, make_events: Maker) -> None:
    events = make_events(5)
    with writing(engine) as connection:
        queries.insert_events(connection, events[:3])
        assert queries.insert_events(connection, [*events, make_events(1, payload=ConnectionOpened("ssh"))[0]]) == 3
    assert kept(engine) == {"session.command": 5, "connection.opened": 1}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from("ab"), st.integers(1, 9)), max_size=12),
    st.integers(0, 60),
    st.integers(0, 3000),
)
def test_no_more_goes_than_must(told: list[tuple[int, str, int]], days: int, limit: int) -> None:
    hours = {(day * 24, kind): events for day, kind, events in told}
    found = [Volume(hour, kind, events, events * 100, 0) for (hour, kind), events in sorted(hours.items())]
    settings = RetentionSettings(days=days, log_bytes=limit)
    gone = due(found, settings, now_ns=51 * DAY_NS)
    assert all(one.events <= one.volume.events for one in gone)
    assert all(one.volume.hour <= other.volume.hour for one, other in pairwise(gone))
    rest = sum(one.bytes for one in found) - sum(one.events * 100 for one in gone)
    if limit:
        assert rest <= limit
        aged = sum(one.bytes for one in found if days and one.hour * HOUR_NS + HOUR_NS <= (51 - days) * DAY_NS)
        assert rest > min(limit, sum(one.bytes for one in found) - aged) - 100


async def test_the_worker_forgets_while_it_takes_events(
    state: Path, engine: Engine, open_spool: Callable[..., SpoolWriter], make_events: Maker
) -> None:
    today = time.time_ns() // DAY_NS
    fill(engine, make_events, today - 31, number=30)
    fill(engine, make_events, *range(today - 29, today + 1, 2), payload=LOGIN, number=1)  # the days went by
    settings = IngestSettings(
        poll_seconds=0.05, retention=RetentionSettings(days=30, batch_events=7, every_seconds=0.1)
    )
    ctx = await open_context(Ingest, Settings({}, {"DECNET_STATE_DIR": str(state)}, "test"), MemoryBus().share())
    running = asyncio.ensure_future(Host(Ingest(settings), ctx).run(lambda: None))
    spool = open_spool("sniff")
    spool.append(make_events(1)[0])
    try:
        async with asyncio.timeout(60):
            while ctx.counters.snapshot().get("events_deleted") != 30:
                await asyncio.sleep(0.02)
    finally:
        ctx.stop()
        await running
    assert kept(engine) == {"session.command": 1, "auth.attempt": 15}


def test_the_settings_are_read_from_tables_of_their_own() -> None:
    section = {"retention": {"days": 90, "kinds": {"flow.closed": {"days": 7}}}}
    found = Settings({"ingest": section}, {}, "test").section("ingest", IngestSettings).retention
    assert (found.days, found.kinds["flow.closed"].days) == (90, 7)
    for wrong in ({"dasy": 1}, {"kinds": {"flow.closed": {"dasy": 1}}}, {"kinds": {"dasy": {"days": 1}}}):
        with pytest.raises(SettingsError, match="dasy"):
            Settings({"ingest": {"retention": wrong}}, {}, "test").section("ingest", IngestSettings)


def test_an_age_that_no_event_reaches_is_refused() -> None:
    for wrong in ({"days": float("inf")}, {"days": 1e300}, {"kinds": {"flow.closed": {"days": float("inf")}}}):
        with pytest.raises(SettingsError, match="days"):
            Settings({"ingest": {"retention": wrong}}, {}, "test").section("ingest", IngestSettings)


def test_sessions_files_and_canary_hits_go_last(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 1)
    fill(engine, make_events, 2, payload=LOGIN)
    with reading(engine) as connection:
        size = sum(one.bytes for one in volumes(connection))
    run(engine, log_bytes=size * 2 // 3)
    assert kept(engine)["session.command"] == 10
    run(engine, log_bytes=size // 4)
    assert kept(engine)["session.command"] < 10


def test_evidence_leaves_room_for_what_is_new(engine: Engine, make_events: Maker) -> None:
    fill(engine, make_events, 1, number=100)
    fill(engine, make_events, 2, payload=LOGIN, number=10)
    with reading(engine) as connection:
        size = sum(one.bytes for one in volumes(connection) if one.kind == "session.command")
    run(engine, log_bytes=size)
    assert kept(engine)["auth.attempt"] == 10
    assert kept(engine)["session.command"] <= 75


def test_the_log_on_a_disk_has_a_limit_by_default(state: Path) -> None:
    file = state / "decnet.db"
    settings = within_disk(RetentionSettings(), file)
    assert settings.log_bytes == share_of_disk(state)
    assert settings.limited
    assert within_disk(RetentionSettings(log_bytes=7), file).log_bytes == 7
    assert not within_disk(RetentionSettings(disk_share=0), file).limited
    assert not within_disk(RetentionSettings(), None).limited


async def test_the_limit_is_a_share_of_the_disk_that_holds_the_database(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in a review: it was a share of the state directory's disk, wherever the database lay."""
    elsewhere = tmp_path / "elsewhere" / "events.db"
    elsewhere.parent.mkdir()
    (state / "decnet.db").rename(elsewhere)
    measured = []

    def statvfs(path: Path) -> os.statvfs_result:
        measured.append(path)
        return real(path)

    real = os.statvfs
    environment = {"DECNET_STATE_DIR": str(state), "DECNET_DATABASE_URL": f"sqlite:///{elsewhere}"}
    ctx = await open_context(Ingest, Settings({}, environment, "test"), MemoryBus().share())
    monkeypatch.setattr(os, "statvfs", statvfs)
    running = asyncio.ensure_future(Host(Ingest(IngestSettings()), ctx).run())
    try:
        async with asyncio.timeout(60):
            while not measured and not running.done():
                await asyncio.sleep(0.02)
    finally:
        ctx.stop()
        await running
    assert measured == [elsewhere]


async def test_a_clock_that_jumped_ahead_deletes_nothing(
    state: Path, engine: Engine, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker as it runs: events of last week, `days = 30`, and a clock that jumps by 400 days."""
    now = time.time_ns() // DAY_NS
    for hours in range(200, 0, -8):
        with writing(engine) as connection:
            queries.insert_events(connection, make_events(1), now_ns=now * DAY_NS - hours * HOUR_NS)
    worker = Ingest(IngestSettings(retention=RetentionSettings(days=30)))
    worker._engine = engine
    worker._retention = Retention(engine, worker.settings.retention)
    assert not worker._forget_step()
    jumped = time.time_ns() + 400 * DAY_NS
    monkeypatch.setattr(time, "time_ns", lambda: jumped)
    for _ in range(3):
        assert not worker._forget_step()
        with writing(engine) as connection:
            queries.insert_events(connection, make_events(1), now_ns=jumped)
    assert kept(engine) == {"session.command": 28}
    assert worker._plausible_time.counters()["clock_doubted_seconds"] > 390 * 86400
