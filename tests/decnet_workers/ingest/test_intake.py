# SPDX-License-Identifier: MIT
from __future__ import annotations

import gc
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from tests.examples import examples

from decnet_core.events.catalogue import FileCaptured
from decnet_core.events.codec import MAX_LINE_BYTES, decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.positions import Position
from decnet_core.spool.quarantine import Quarantine, kept_lines
from decnet_core.spool.reader import SpoolReader
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.sqlite.syncing import sync_log
from decnet_models.errors import EveryEventFailsError, EveryEventRefusedError, passes, stops
from decnet_models.events import queries
from decnet_workers.ingest import intake as module
from decnet_workers.ingest.intake import Intake, IntakeResult
from decnet_workers.ingest.settings import IngestSettings

Maker = Callable[..., list[Event]]
Opener = Callable[..., SpoolWriter]


def open_intake(engine: Engine, state: Path, **values: int) -> Intake:
    quarantine = Quarantine(state / "quarantine")
    settings = structs.replace(IngestSettings(), **values)
    return Intake(engine, state / "spool", quarantine, settings, store=state / "artifacts")


@pytest.fixture
def intake(engine: Engine, state: Path) -> Iterator[Intake]:
    made = open_intake(engine, state)
    yield made
    made.close()


def run_all(intake: Intake) -> list[IntakeResult]:
    outcomes = [intake.run_pass()]
    while outcomes[-1].read:
        assert len(outcomes) < 1000
        outcomes.append(intake.run_pass())
    return outcomes


def logged(engine: Engine) -> list[Event]:
    with reading(engine) as connection:
        return [one.event for one in queries.events_after(connection, 0, 100_000)]


def refuse_bad(engine: Engine) -> None:
    """Let the database refuse the events of the sensor `bad`."""
    with writing(engine) as connection:
        connection.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.sensor = 'bad' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )


def quarantined(state: Path) -> list[dict[str, str]]:
    files = sorted((state / "quarantine").glob("*"))
    return [msgspec.json.decode(line) for file in files for line in file.read_bytes().splitlines()]


def test_what_is_spooled_is_in_the_log_in_its_order(
    intake: Intake, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    events, spool = make_events(50), open_spool("sniff")
    for event in events:
        spool.append(event)
    first, last = run_all(intake)
    assert (first.new, first.duplicates, first.last_seq, first.lag_bytes) == (50, 0, 50, 0)
    assert not last.read
    assert logged(engine) == events


def test_no_garbage_is_collected_during_a_pass(
    intake: Intake, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    collects: list[bool] = []

    def insert(connection: Connection, events: Sequence[Event], *, now_ns: int) -> int:
        collects.append(gc.isenabled())
        return inserted(connection, events, now_ns=now_ns)

    inserted = queries.insert_events
    monkeypatch.setattr(queries, "insert_events", insert)
    spool = open_spool("a")
    for event in make_events(3):
        spool.append(event)
    assert gc.isenabled()
    assert intake.run_pass().new == 3
    assert (collects, gc.isenabled()) == ([False], True)


def test_what_the_disk_does_not_confirm_is_not_acknowledged_and_is_stored_once(
    intake: Intake, engine: Engine, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, spool = make_events(6), open_spool("a", segment_bytes=4096)
    for event in events:
        spool.append(event)

    def fail(_: Engine) -> None:
        if logged(engine):
            raise OperationalError("fdatasync", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(module, "sync_log", fail)
        with pytest.raises(OperationalError, match="disk I/O"):
            intake.run_pass()
    assert intake.spools.lag_bytes() > 0
    assert intake.run_pass().last_seq == 6
    assert intake.spools.lag_bytes() == 0
    assert logged(engine) == events


def test_what_a_killed_process_committed_is_synced_before_it_is_acknowledged(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, done = open_spool("a", segment_bytes=4096), list[str]()
    for event in make_events(40):
        spool.append(event)

    def kill(_: Engine) -> None:
        if len(logged(engine)) == 40:
            raise KeyboardInterrupt

    def acknowledge(reader: SpoolReader, position: Position) -> None:
        done.append("acknowledged")
        acknowledged(reader, position)

    def sync(log: Engine) -> None:
        done.append("synced")
        sync_log(log)

    acknowledged = SpoolReader.acknowledge
    open_intake(engine, state, batch_events=5).run_pass()  # from now on the spool is none that is new
    with monkeypatch.context() as patched:
        patched.setattr(module, "sync_log", kill)
        with pytest.raises(KeyboardInterrupt):
            open_intake(engine, state).run_pass()
    monkeypatch.setattr(module, "sync_log", sync)
    monkeypatch.setattr(SpoolReader, "acknowledge", acknowledge)
    assert not open_intake(engine, state).run_pass().read
    assert done == ["synced", "acknowledged"]


def test_batches_are_bounded(engine: Engine, state: Path, open_spool: Opener, make_events: Maker) -> None:
    spool, other = open_spool("a"), open_spool("b")
    for event in make_events(25):
        spool.append(event)
        other.append(event)
    intake = open_intake(engine, state, batch_events=10)
    outcomes = run_all(intake)
    assert all(outcome.new + outcome.duplicates <= 10 for outcome in outcomes)
    assert sum(outcome.new for outcome in outcomes) == 25
    assert sum(outcome.duplicates for outcome in outcomes) == 25
    intake.close()


def test_an_event_that_is_there_already_is_counted_and_ignored(
    intake: Intake, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    events, spool = make_events(4), open_spool("sniff")
    for event in [*events, *events, events[0]]:
        spool.append(event)
    assert (intake.run_pass().duplicates, logged(engine)) == (5, events)


def test_the_position_is_committed_with_the_rows(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    spool = open_spool("sniff")
    for event in make_events(3):
        spool.append(event)
    first = open_intake(engine, state)
    first.run_pass()  # and is never closed: its process was killed
    for event in make_events(2):
        spool.append(event)
    second = open_intake(engine, state)
    outcome = second.run_pass()
    assert (outcome.new, outcome.duplicates) == (2, 0)
    second.close()


def test_after_a_spool_is_lost_what_was_stored_but_not_acknowledged_hides_nothing_new(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ingest was killed between commit and acknowledgement; the position that it stored is in no segment any more."""
    events = make_events(120)
    spool = open_spool("sniff", segment_bytes=4096, quota_bytes=1 << 20)
    first = open_intake(engine, state, batch_events=20)
    for event in events[:20]:
        spool.append(event)
    run_all(first)
    first.spools.acknowledge(finished_only=False)
    for event in events[20:60]:
        spool.append(event)
    monkeypatch.setattr(SpoolReader, "acknowledge", lambda *_: None)
    run_all(first)
    monkeypatch.undo()
    spool.close()
    shutil.rmtree(state / "spool" / "sniff")
    again = open_spool("sniff", segment_bytes=4096, quota_bytes=1 << 20)
    for event in events[60:]:
        again.append(event)
    second = open_intake(engine, state)
    outcomes = run_all(second)
    second.close()
    assert logged(engine) == events
    assert sum(outcome.missing for outcome in outcomes) == 1


def test_a_line_that_is_no_event_goes_to_quarantine_and_the_rest_goes_on(
    intake: Intake, engine: Engine, state: Path, make_events: Maker
) -> None:
    directory = state / "spool" / "odd"
    directory.mkdir()
    events = make_events(2)
    garbage = [b"", b"\x00\x1b[2J", b'{"kind":1}', b"\xff" * 10_000]
    lines = [encode(events[0]), *garbage, b"x" * (MAX_LINE_BYTES + 10), encode(events[1]), b'{"torn']
    (directory / "0000000001.jsonl").write_bytes(b"\n".join(lines))
    run_all(intake)
    assert logged(engine) == events
    records = quarantined(state)
    assert len(records) == len(garbage) + 1
    assert all(record["from"] == "odd" and record["reason"] for record in records)


def test_a_torn_line_and_a_missing_segment_are_counted(
    intake: Intake, engine: Engine, state: Path, make_events: Maker
) -> None:
    directory = state / "spool" / "torn"
    directory.mkdir()
    one, two, three = make_events(3)
    (directory / "0000000001.jsonl").write_bytes(encode(one) + b"\n" + encode(two)[:40])
    (directory / "0000000004.jsonl").write_bytes(encode(three) + b"\n")
    outcomes = run_all(intake)
    assert sum(outcome.torn for outcome in outcomes) == 1
    assert sum(outcome.missing for outcome in outcomes) == 2
    assert logged(engine) == [one, three]


def test_an_event_from_the_future_is_stored_as_of_now_counted_and_kept_as_it_came(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    (event,) = make_events(1, ts=2**63 - 1)
    open_spool("sniff").append(event)
    before = time.time_ns()
    assert intake.run_pass().from_future == 1
    (stored,) = logged(engine)
    assert before <= stored.ts <= time.time_ns()
    assert structs.replace(stored, ts=event.ts) == event
    (kept,) = quarantined(state)
    assert kept["reason"] == f"dated {event.ts} ns, in the future: stored as of {stored.ts} ns"
    assert decode(kept["line"].encode()) == event


class Clock:
    """Stands for the module `time` in the intake."""

    def __init__(self, now: int) -> None:
        self.now = now

    def time_ns(self) -> int:
        return self.now


def test_the_future_begins_after_the_seconds_that_are_set(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(1_800_000_000 * 10**9)
    monkeypatch.setattr(module, "time", clock)
    intake, spool = open_intake(engine, state, future_seconds=60), open_spool("sniff")
    for later in (0, 60 * 10**9, 60 * 10**9 + 1):
        spool.append(make_events(1, ts=clock.now + later, id=uuid7(clock.now + later))[0])
    outcome = intake.run_pass()
    assert (outcome.new, outcome.from_future) == (3, 1)
    intake.close()


def test_a_pass_that_finds_nothing_counts_nothing(intake: Intake) -> None:
    assert intake.run_pass() == IntakeResult(
        new=0, duplicates=0, from_future=0, torn=0, missing=0, last_seq=0, lag_bytes=0, read=False
    )


def test_what_was_refused_and_what_was_lost_is_reported(
    intake: Intake, state: Path, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    directory = state / "spool" / "odd"
    directory.mkdir()
    (directory / "0000000001.jsonl").write_bytes(encode(make_events(1)[0]) + b"\n")
    run_all(intake)
    assert caplog.messages == []
    (directory / "0000000004.jsonl").write_bytes(b"!\n" + b"x" * (MAX_LINE_BYTES + 10) + b"\n")
    run_all(intake)
    assert sorted(caplog.messages) == [
        "invalid lines quarantined spool=odd lines=2",
        "segments lost unread spool=odd segments=2",
    ]


def test_a_spool_is_acknowledged_after_the_first_batch_of_each_segment_and_at_the_end(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    """An acknowledgement costs two syncs and frees whole segments only."""
    spool, intake = open_spool("sniff"), open_intake(engine, state)
    told = SpoolReader(state / "spool" / "sniff", "ingest")
    ends = []
    for event in make_events(3):
        spool.append(event)
        ends.append(spool.end())
        intake.run_pass()
        assert told.acknowledged() == ends[0]
    intake.close()
    assert told.acknowledged() == ends[-1]


def test_finished_segments_are_removed_once_they_are_committed(
    intake: Intake, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    spool = open_spool("sniff", segment_bytes=4096, quota_bytes=1 << 20)
    for event in make_events(200):
        spool.append(event)
    segments = state / "spool" / "sniff"
    assert len(list(segments.glob("*.jsonl"))) > 5
    run_all(intake)
    spool.collect_garbage()
    assert len(list(segments.glob("*.jsonl"))) == 1


def test_a_locked_database_loses_nothing_and_quarantines_nothing_twice(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    engine = open_engine(f"sqlite:///{state / 'decnet.db'}", busy_seconds=0.05)
    intake = open_intake(engine, state)
    open_spool("sniff").append(make_events(1)[0])
    (state / "spool" / "bad").mkdir()
    (state / "spool" / "bad" / "0000000001.jsonl").write_bytes(b"garbage\n")
    holder = sqlite3.connect(state / "decnet.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(DBAPIError) as caught:
            intake.run_pass()
        assert passes(caught.value)
    holder.execute("ROLLBACK")
    holder.close()
    assert intake.run_pass().new == 1
    assert len(quarantined(state)) == 1
    intake.close()
    engine.dispose()


def test_a_full_disk_under_the_database_loses_nothing(
    engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    spool, events = open_spool("sniff"), make_events(300)
    for event in events:
        spool.append(event)
    intake = open_intake(engine, state)
    with reading(engine) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(DBAPIError, match="full") as caught:
        intake.run_pass()
    assert passes(caught.value)
    assert logged(engine) == []
    with reading(engine) as connection:
        connection.execute(text("PRAGMA max_page_count=100000"))
    run_all(intake)
    assert logged(engine) == events
    intake.close()


def test_an_event_that_the_database_refuses_is_quarantined_alone(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    refuse_bad(engine)
    spool = open_spool("sniff")
    good, bad = make_events(3), make_events(1, sensor="bad")
    for event in [*good[:2], *bad, good[2]]:
        spool.append(event)
    assert intake.run_pass().new == 3
    assert logged(engine) == good
    assert [record["reason"] for record in quarantined(state)] == ["not this one"]


def test_more_refusals_in_a_row_than_events_may_cause_quarantine_none(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    with writing(engine) as connection:
        connection.execute(
            text("CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'none of them'); END")
        )
    spool, events = open_spool("sniff"), make_events(module.MAX_REFUSED_IN_A_ROW + 1)
    for event in events:
        spool.append(event)
    for _ in range(2):
        with pytest.raises(EveryEventFailsError, match="none of them"):
            intake.run_pass()
    assert quarantined(state) == []
    with writing(engine) as connection:
        connection.execute(text("DROP TRIGGER refuse"))
    assert intake.run_pass().new == len(events)
    assert logged(engine) == events


def test_as_many_refusals_as_events_may_cause_are_quarantined_whole(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    refuse_bad(engine)
    spool = open_spool("sniff")
    bad = make_events(module.MAX_REFUSED_IN_A_ROW, sensor="bad")
    good = make_events(1, id=UUID(int=1 << 120))
    for event in [*bad, *good]:
        spool.append(event)
    assert intake.run_pass().new == 1
    kept = [line for _, line in kept_lines(state / "quarantine")]
    assert [decode(line.content()) for line in kept] == bad
    assert {line.source for line in kept} == {"sniff"}


def test_refusals_are_counted_from_the_last_event_that_was_taken(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    refuse_bad(engine)
    spool = open_spool("sniff")

    def append(refused: int) -> None:
        """One that is taken, then as many that are refused."""
        spool.append(made.pop(0))
        for event in made[:refused]:
            spool.append(structs.replace(event, sensor="bad"))
        del made[:refused]

    made = make_events(2 * 17 + 18)
    append(16)
    append(16)
    assert intake.run_pass().new == 2
    assert len(quarantined(state)) == 32
    append(17)
    with pytest.raises(EveryEventFailsError, match="17 events in a row"):
        intake.run_pass()
    assert len(quarantined(state)) == 32


def test_events_refused_one_in_each_pass_are_counted_together(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    """Found in a review: they were quarantined without end, as the count began anew with each pass."""
    refuse_bad(engine)
    spool = open_spool("sniff")
    good, *bad = make_events(60)
    bad = [structs.replace(event, sensor="bad") for event in bad]
    for event in bad[:16]:
        spool.append(event)
        assert intake.run_pass().new == 0
    assert not intake.run_pass().read
    spool.append(bad[16])
    for _ in range(2):
        with pytest.raises(EveryEventRefusedError, match=f"17 events in a row; the last, {bad[16].id}: not this one"):
            intake.run_pass()
    assert len(quarantined(state)) == 16
    with writing(engine) as connection:
        connection.execute(text("DROP TRIGGER refuse"))
    assert intake.run_pass().new == 1
    refuse_bad(engine)
    for event in bad[17:33]:
        spool.append(event)
        intake.run_pass()
    spool.append(good)
    assert intake.run_pass().new == 1
    for event in bad[33:49]:
        spool.append(event)
        intake.run_pass()
    assert len(quarantined(state)) == 48
    spool.append(bad[49])
    with pytest.raises(EveryEventRefusedError):
        intake.run_pass()


def test_it_counts_from_a_refused_event_to_one_that_is_taken(
    intake: Intake, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    refuse_bad(engine)
    spool = open_spool("sniff")
    good, bad = make_events(2)
    counting = []
    for event in (None, structs.replace(bad, sensor="bad"), None, good):
        if event is not None:
            spool.append(event)
        intake.run_pass()
        counting.append(intake.counting)
    assert counting == [False, True, True, False]


def test_refused_events_of_several_spools_are_counted_together(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    refuse_bad(engine)
    spools = [open_spool("one"), open_spool("two")]
    for number, event in enumerate(make_events(17, sensor="bad")):
        spools[number % 2].append(event)
    with pytest.raises(EveryEventRefusedError):
        intake.run_pass()
    assert quarantined(state) == []


def test_refused_events_that_are_quarantined_count_though_the_commit_of_the_others_fails(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", None, sqlite3.OperationalError("database is locked"))

    refuse_bad(engine)
    spool = open_spool("sniff")
    good, *bad = make_events(18)
    for event in [good, *(structs.replace(event, sensor="bad") for event in bad[:16])]:
        spool.append(event)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "move_ingest_position", locked)
        with pytest.raises(OperationalError):
            intake.run_pass()
    assert intake.run_pass().new == 1
    spool.append(structs.replace(bad[16], sensor="bad"))
    with pytest.raises(EveryEventRefusedError):
        intake.run_pass()
    assert len(quarantined(state)) == 16


def test_a_refused_event_is_kept_when_the_commit_of_the_others_fails(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    """Found in a review: the repeated pass no longer knew of it, and it was neither stored nor quarantined."""

    def locked(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", None, sqlite3.OperationalError("database is locked"))

    refuse_bad(engine)
    spool = open_spool("sniff")
    for event in [*make_events(2), *make_events(1, id=UUID(int=1 << 120), sensor="bad")]:
        spool.append(event)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "move_ingest_position", locked)
        with pytest.raises(OperationalError):
            intake.run_pass()
    assert intake.run_pass().new == 2
    assert [record["reason"] for record in quarantined(state)] == ["not this one"]


def test_an_event_whose_artifact_cannot_be_registered_is_quarantined_alone(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    """Found in a review: each event was accepted alone, all together were not, and ingest crashed for ever."""
    spool = open_spool("sniff")
    good = make_events(2)
    for event in [*good, *make_events(1, id=UUID(int=1 << 120), payload=FileCaptured("ssh", "a" * 64, size=1 << 63))]:
        spool.append(event)
    assert intake.run_pass().new == 2
    assert logged(engine) == good
    assert len(quarantined(state)) == 1


def damage_index(file: Path, name: str) -> None:
    """Overwrite a leaf page of an index, as a bad block would."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    connection.close()
    with file.open("r+b") as content:
        content.seek((page - 1) * size)
        content.write(b"\xa5" * size)


def test_a_damaged_page_loses_no_event_and_quarantines_none(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    """Found in a review: 60 of 60 events were quarantined as "database disk image is malformed", one by one."""
    file = state / "decnet.db"
    sound = file.read_bytes()
    spool, events = open_spool("sniff"), make_events(60)
    damage_index(file, "ix_event_ts")
    for event in events:
        spool.append(event)
    engine = open_engine(f"sqlite:///{file}")
    intake = open_intake(engine, state)
    for _ in range(3):
        with pytest.raises(DBAPIError) as caught:
            intake.run_pass()
        assert stops(caught.value)
    assert quarantined(state) == []
    engine.dispose()
    file.write_bytes(sound)
    for rest in ("decnet.db-wal", "decnet.db-shm"):
        (state / rest).unlink(missing_ok=True)
    assert intake.run_pass().new == 60
    assert logged(engine) == events
    intake.close()
    engine.dispose()


def test_a_missing_table_loses_no_event_and_quarantines_none(
    intake: Intake, engine: Engine, state: Path, open_spool: Opener, make_events: Maker
) -> None:
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE event_volume RENAME TO elsewhere"))
    spool, events = open_spool("sniff"), make_events(20)
    for event in events:
        spool.append(event)
    with pytest.raises(DBAPIError, match="no such table") as caught:
        intake.run_pass()
    assert stops(caught.value)
    assert quarantined(state) == []
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO event_volume"))
    assert intake.run_pass().new == 20


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 6)),
        st.tuples(st.just("repeat"), st.integers(1, 4)),
        st.tuples(st.just("tear"), st.integers(1, 60)),
        st.tuples(st.just("garbage"), st.integers(0, 20)),
        st.tuples(st.just("pass"), st.just(0)),
        st.tuples(st.just("kill"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("forget"), st.just(0)),
    ),
    max_size=25,
)


class Killed(BaseException):
    """The process ends here."""


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, batch=st.integers(1, 7))
def test_any_interleaving_of_duplicates_tears_and_kills_gives_the_same_log(
    migrated_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    make_events: Maker,
    steps: list[tuple[str, int | str]],
    batch: int,
) -> None:
    """Whole lines that were ever in the spool are rows exactly once, in the order of their first appearance."""
    state = tmp_path_factory.mktemp("any")
    shutil.copy(migrated_file, state / "decnet.db")
    directory = state / "spool" / "s"
    directory.mkdir(parents=True)
    engine = open_engine(f"sqlite:///{state / 'decnet.db'}")
    intake, expected, segment = open_intake(engine, state, batch_events=batch), [], 1

    def write(data: bytes) -> None:
        with (directory / f"{segment:010d}.jsonl").open("ab") as file:
            file.write(data)

    for what, value in steps:
        match what:
            case "append":
                made = make_events(int(value))
                expected += made
                write(b"".join(encode(event) + b"\n" for event in made))
            case "repeat":
                write(b"".join(encode(event) + b"\n" for event in expected[-int(value) :]))
            case "tear":
                write(encode(make_events(1)[0])[: int(value)])
                segment += 1
                write(b"")
            case "garbage":
                write(b"!" * int(value) + b"\n")
            case "pass":
                intake.run_pass()
            case "kill":
                _killed(intake, str(value))
                intake = open_intake(engine, state, batch_events=batch)
            case _:
                SpoolReader(directory, "ingest").acknowledge(SpoolReader(directory, "other").acknowledged())
                intake = open_intake(engine, state, batch_events=batch)
    run_all(intake)
    assert logged(engine) == expected
    intake.close()
    engine.dispose()


def _killed(intake: Intake, when: str) -> None:
    """Run a pass that dies before its commit, or after it and before the spool is told."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    real = queries.move_ingest_position
    if when == "before":
        queries.move_ingest_position = die
    else:
        intake.spools.acknowledge = die  # type: ignore[method-assign]
    try:
        intake.run_pass()
    except Killed:
        pass
    finally:
        queries.move_ingest_position = real
