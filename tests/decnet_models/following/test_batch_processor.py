# SPDX-License-Identifier: MIT
from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from tests.examples import examples

from decnet_core.events.catalogue import CommandRun, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.notices import AttackerObserved, Notice, SessionEnded
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.errors import CursorMovedError, EveryEventFailsError, UnreadyError
from decnet_models.events import queries as events
from decnet_models.events.queries import StoredEvent
from decnet_models.events.tables import event as event_table
from decnet_models.following import batch_processor as processor
from decnet_models.following.batch_processor import BatchProcessor, BatchResult, Write
from decnet_models.following.cursor_position import Span, WholeLog
from decnet_models.notices import queries as notices
from decnet_models.notices.tables import notice as notice_table
from decnet_models.progress import queries as progress
from decnet_models.progress.tables import dead_letter, worker_cursor

Maker = Callable[..., list[Event]]
Found = Iterator[tuple[str, Notice]]

TABLE = "CREATE TABLE IF NOT EXISTS handled (seq BIGINT PRIMARY KEY)"


@pytest.fixture
def log(engine: Engine) -> Engine:
    """A database with a table for results and a cursor."""
    with writing(engine) as connection:
        connection.execute(text(TABLE))
        connection.execute(text("DELETE FROM handled"))
        progress.begin_cursor(connection, "w", now_ns=1)
    return engine


class Handler:
    """Writes one row per event; fails at the events in `bad`, after it has written them."""

    def __init__(self, *bad: int, error: Exception | None = None) -> None:
        self.bad = bad
        self.error = error or ValueError("this one")
        self.batches: list[int] = []

    def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Found:
        self.batches.append(len(batch))
        for one in batch:
            connection.execute(text("INSERT INTO handled VALUES (:seq)"), {"seq": one.seq})
            if one.seq in self.bad:
                raise self.error
            yield f"k{one.seq}", AttackerObserved(ts=one.event.ts, attacker=one.event.src_ip or "")


def consume(engine: Engine, handler: Handler, **options: object) -> BatchProcessor:
    return BatchProcessor(engine, "w", handler, **{"kinds": ["session.command"], "limit": 10, **options})  # type: ignore[arg-type]


def insert(engine: Engine, made: list[Event]) -> None:
    with writing(engine) as connection:
        events.insert_events(connection, made)


def handled(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return [row.seq for row in connection.execute(text("SELECT seq FROM handled ORDER BY seq"))]


def cursor(engine: Engine) -> int:
    with reading(engine) as connection:
        return progress.cursor_of(connection, "w")


def test_results_notices_and_cursor_are_committed_together(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(3))
    step = consume(log, Handler()).step()
    assert (step.handled, step.dead_letters, step.lag) == (3, 0, 0)
    assert handled(log) == [1, 2, 3]
    assert cursor(log) == 3
    with reading(log) as connection:
        assert [one.key for one in notices.after(connection, 0, 10)] == ["k1", "k2", "k3"]
    assert step.notices == {"attacker.observed": 3}


def test_an_error_that_is_no_events_fault_is_reported_unchanged(
    log: Engine, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(log, make_events(2, LoginAttempt("ssh", "a", success=False)))
    failing = consume(log, Handler())
    with writing(log) as connection:
        connection.execute(text("ALTER TABLE worker_cursor RENAME TO gone"))
    try:
        monkeypatch.setattr(failing._position, "span", lambda _: Span(0))
        with pytest.raises(DBAPIError, match="worker_cursor"):
            failing.step()
    finally:
        with writing(log) as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO worker_cursor"))


def test_a_batch_ends_where_its_payloads_become_too_large_and_the_next_begins_there(
    log: Engine, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "BATCH_CHARACTERS", 250)
    monkeypatch.setattr(events, "_FETCHED", 1)
    insert(log, make_events(3, CommandRun("ssh", "x" * 100)))
    insert(log, make_events(2, LoginAttempt("ssh", "a", success=False)))
    handler = Handler()
    following = consume(log, handler, kinds=["session.command"])
    while following.step().lag:
        pass
    assert handler.batches == [2, 1]
    assert handled(log) == [1, 2, 3]
    assert cursor(log) == 5


def test_a_notice_that_is_there_already_is_not_announced(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(1))
    with writing(log) as connection:
        notices.add(connection, "k1", AttackerObserved(ts=1, attacker="x"), 1)
    assert consume(log, Handler()).step().notices == {}


def test_the_cursor_passes_kinds_that_are_not_wanted_and_synthetic_life(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(2, LoginAttempt("ssh", "a", success=False)))
    insert(log, make_events(1) + make_events(2, synthetic=True))
    handler = Handler()
    assert consume(log, handler).step().handled == 1
    assert (handled(log), cursor(log)) == ([3], 5)
    assert consume(log, handler).step().handled == 0
    assert handler.batches == [1]  # never called for nothing


def test_synthetic_life_is_given_to_who_asks(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(2, synthetic=True))
    assert consume(log, Handler(), synthetic=True).step().handled == 2


def test_a_backlog_is_taken_in_batches_and_windows(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(5))
    insert(log, make_events(processor.WINDOW * 2 + 3, LoginAttempt("ssh", "a", success=False)))
    insert(log, make_events(1))
    last = 5 + processor.WINDOW * 2 + 3 + 1
    reader = consume(log, Handler(), limit=2)
    steps = [reader.step()]
    while steps[-1].lag:
        steps.append(reader.step())
    assert [step.handled for step in steps[:2]] == [2, 2]
    assert [step.lag for step in steps[:2]] == [last - 2, last - 4]
    assert handled(log) == [1, 2, 3, 4, 5, last]
    assert len(steps) == 4  # two full batches, one that ends with its window, the rest


def test_only_a_worker_that_is_far_behind_takes_large_batches(
    log: Engine, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "NEAR_EVENTS", 4)
    monkeypatch.setattr(processor, "FAR_BEHIND", 20)
    handler = Handler()
    reader = consume(log, handler, limit=10)
    insert(log, make_events(31))
    while reader.step().lag:
        pass
    assert handler.batches == [10, 10, 4, 4, 3]
    assert handled(log) == list(range(1, 32))


def test_a_batch_looks_at_twenty_times_its_size_of_rows(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(100, LoginAttempt("ssh", "a", success=False)))
    reader = consume(log, Handler(), limit=2)
    assert [reader.step().lag for _ in range(3)] == [60, 20, 0]


def test_an_instance_without_leases_does_nothing(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(2))

    class Nothing(WholeLog):
        def span(self, connection: Connection) -> Span | None:  # type: ignore[override]
            return None

    assert consume(log, Handler(), position=Nothing("w")).step() == BatchResult(0, 0, 0, {})
    assert cursor(log) == 0


def test_an_idle_worker_writes_nothing(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(2))
    reader = consume(log, Handler())
    reader.step()
    with writing(log) as connection:
        connection.execute(worker_cursor.update().values(updated_at=5))
    assert reader.step() == BatchResult(0, 0, 0, {})
    with reading(log) as connection:
        assert connection.execute(select(worker_cursor.c.updated_at)).scalar() == 5


def test_one_bad_event_becomes_a_dead_letter_and_the_others_are_handled(
    log: Engine, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    insert(log, make_events(10))
    with caplog.at_level(logging.ERROR):
        step = consume(log, Handler(4)).step()
    assert (step.handled, step.dead_letters, step.lag) == (9, 1, 0)
    assert handled(log) == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    with reading(log) as connection:
        (found,) = progress.dead_letters_of(connection, "w")
    assert (found.seq, found.error) == (4, "ValueError: this one")
    assert "seq=4" in caplog.text


def test_halving_reaches_a_bad_event_in_few_tries(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(64))
    handler = Handler(40)
    consume(log, handler, limit=64).step()
    assert len(handler.batches) <= 2 * 7


def test_what_the_error_says_cannot_forge_log_lines(
    log: Engine, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    insert(log, make_events(1))
    with caplog.at_level(logging.ERROR):
        consume(log, Handler(1, error=ValueError("\n2026 forged \x1b[2J"))).step()
    assert "\n" not in caplog.records[0].getMessage()
    assert "\x1b" not in caplog.records[0].getMessage()


def test_a_payload_of_another_version_is_a_dead_letter(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(3))
    with writing(log) as connection:
        connection.execute(event_table.update().where(event_table.c.seq == 2).values(payload='{"kind":"gone"}'))
    step = consume(log, Handler()).step()
    assert (step.handled, step.dead_letters) == (2, 1)
    assert handled(log) == [1, 3]


def test_a_worker_that_fails_on_everything_crashes_and_the_log_waits(log: Engine, make_events: Maker) -> None:
    number = processor.MAX_DEAD_LETTERS_IN_A_ROW + 20
    insert(log, make_events(number))
    reader = consume(log, Handler(*range(number + 1)), limit=5)

    def run() -> None:
        for _ in range(number):
            reader.step()

    with pytest.raises(EveryEventFailsError, match="in a row"):
        run()
    assert cursor(log) == 16


def test_a_good_event_makes_the_count_of_bad_ones_begin_anew(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(40))
    reader = consume(log, Handler(*range(2, 18), *range(19, 41)), limit=18)
    assert reader.step().dead_letters == 16
    with pytest.raises(EveryEventFailsError, match="16 events in a row could not be handled; the next is 35"):
        reader.step()
    assert (handled(log), cursor(log)) == ([1, 18], 34)


def test_bad_events_among_good_ones_never_crash_it(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(40))
    reader = consume(log, Handler(*range(1, 41, 2)), limit=40)
    assert reader.step().dead_letters == 20
    assert len(handled(log)) == 20


def test_a_database_failure_is_raised_and_makes_no_dead_letter(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(3))
    busy = OperationalError("x", {}, Exception("lost"), connection_invalidated=True)
    with pytest.raises(OperationalError):
        consume(log, Handler(2, error=busy)).step()
    assert (handled(log), cursor(log)) == ([], 0)
    with reading(log) as connection:
        assert progress.count_dead_letters(connection) == {}
    assert consume(log, Handler()).step().handled == 3


def test_what_was_committed_before_a_database_failure_is_announced(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(8))

    class Failing(Handler):
        def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Found:
            if batch[0].seq > 4:
                self.error, self.bad = OperationalError("x", {}, Exception(), connection_invalidated=True), (5,)
            return super().__call__(connection, batch)

    step = consume(log, Failing(2)).step()
    assert (step.handled, step.dead_letters, step.lag) == (3, 1, 4)
    assert cursor(log) == 4


def test_what_follows_a_database_failure_waits_for_its_turn(log: Engine, make_events: Maker) -> None:
    """The database is back for the second half of a batch of which the first half could not be committed."""
    insert(log, make_events(8))

    class Failing(Handler):
        def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Found:
            self.error, self.bad = ValueError("this one"), (2,)
            if [one.seq for one in batch] == [3, 4]:
                self.error, self.bad = OperationalError("x", {}, Exception(), connection_invalidated=True), (4,)
            return super().__call__(connection, batch)

    reader = consume(log, Failing())
    step = reader.step()
    assert (step.handled, step.dead_letters, step.lag) == (1, 1, 6)
    assert (handled(log), cursor(log)) == ([1], 2)
    assert consume(log, Handler()).step().handled == 6
    assert handled(log) == [1, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("error", [MemoryError(), UnreadyError()])
def test_what_the_worker_lacks_is_not_the_events_fault(log: Engine, make_events: Maker, error: Exception) -> None:
    insert(log, make_events(2))
    with pytest.raises(type(error)):
        consume(log, Handler(1, error=error)).step()
    assert cursor(log) == 0


def test_an_instance_that_lost_the_cursor_writes_nothing(url: str, log: Engine, make_events: Maker) -> None:
    insert(log, make_events(4))
    other = open_engine(url)

    class Overtaken(BatchProcessor):
        """Another instance handles the batch between this one's reading and its writing."""

        def _consume(self, *arguments: object) -> int:
            assert consume(other, Handler()).step().handled == 4
            return super()._consume(*arguments)  # type: ignore[arg-type]

    reader = Overtaken(log, "w", Handler(), kinds=["session.command"], limit=10)
    with pytest.raises(CursorMovedError):
        reader.step()
    assert handled(log) == [1, 2, 3, 4]
    other.dispose()


class Computer:
    """Computes on the snapshot, calls `meanwhile`, and writes what it computed."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.meanwhile = meanwhile

    def __call__(self, snapshot: Connection, batch: Sequence[StoredEvent]) -> Write:
        known = snapshot.execute(text("SELECT count(*) FROM handled")).scalar_one()
        self.meanwhile()

        def write(connection: Connection) -> list[tuple[str, Notice]]:
            connection.execute(text("INSERT INTO handled VALUES (:seq)"), [{"seq": one.seq} for one in batch])
            return [(f"k{known}", AttackerObserved(ts=1, attacker="a"))]

        return write


def test_computing_takes_no_lock_and_its_results_are_committed_with_the_cursor(
    url: str, log: Engine, make_events: Maker
) -> None:
    insert(log, make_events(3))
    other = open_engine(url, busy_seconds=0.1)
    computed = Computer(lambda: insert(other, make_events(1)))  # who writes meanwhile need not wait
    reader = consume(log, Handler(), compute=computed)
    assert (reader.step().handled, handled(log), cursor(log)) == (3, [1, 2, 3], 3)
    computed.meanwhile = lambda: None
    assert (reader.step().handled, handled(log), cursor(log)) == (1, [1, 2, 3, 4], 4)
    with reading(log) as connection:
        assert [one.key for one in notices.after(connection, 0, 10)] == ["k0", "k3"]
    other.dispose()


def test_what_was_computed_is_not_written_when_another_instance_has_taken_over(
    url: str, log: Engine, make_events: Maker
) -> None:
    insert(log, make_events(4))
    other = open_engine(url)
    successor = consume(other, Handler(), compute=Computer(), limit=3)
    reader = consume(log, Handler(), compute=Computer(successor.step))
    with pytest.raises(CursorMovedError):
        reader.step()
    assert (handled(log), cursor(log)) == ([1, 2, 3], 3)
    assert successor.step().handled == 1
    assert (handled(log), cursor(log)) == ([1, 2, 3, 4], 4)
    with reading(log) as connection:
        assert [one.key for one in notices.after(connection, 0, 10)] == ["k0", "k3"]
    other.dispose()


def test_an_event_that_cannot_be_computed_with_is_found_by_halving(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(10))

    def compute(snapshot: Connection, batch: Sequence[StoredEvent]) -> Write:
        if any(one.seq == 4 for one in batch):
            raise ValueError("this one")
        return Computer()(snapshot, batch)

    step = consume(log, Handler(), compute=compute).step()
    assert (step.handled, step.dead_letters, step.lag) == (9, 1, 0)
    assert handled(log) == [1, 2, 3, 5, 6, 7, 8, 9, 10]


def test_a_notice_with_an_impossible_key_is_its_events_fault(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(2))

    class Wordy(Handler):
        def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Found:
            for one in batch:
                yield ("k" * 600 if one.seq == 1 else "k"), SessionEnded(1, "a", "s", "ssh", 1, 1)

    step = consume(log, Wordy()).step()
    assert (step.handled, step.dead_letters) == (1, 1)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pattern=st.lists(st.sampled_from(["good", "good", "bad", "other"]), min_size=1, max_size=25),
    limit=st.integers(1, 9),
)
def test_every_event_is_handled_or_a_dead_letter_exactly_once(
    sqlite_engine: Engine, make_events: Maker, pattern: list[str], limit: int
) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text(TABLE))
        connection.execute(text("DELETE FROM handled"))
        for table in (event_table, notice_table, dead_letter, worker_cursor):
            connection.execute(delete(table))
        start = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'event'")).scalar() or 0
        progress.move_cursor(connection, "w", start, now_ns=1)
        for what in pattern:
            payload = LoginAttempt("ssh", "a", success=False) if what == "other" else CommandRun("ssh", "id")
            events.insert_events(connection, make_events(1, payload))
    bad = [start + n for n, what in enumerate(pattern, 1) if what == "bad"]
    reader = consume(sqlite_engine, Handler(*bad), limit=limit)
    for _ in pattern:
        reader.step()
    with reading(sqlite_engine) as connection:
        aside = sorted(one.seq for one in progress.dead_letters_of(connection, "w"))
    assert aside == bad
    assert handled(sqlite_engine) == [start + n for n, what in enumerate(pattern, 1) if what == "good"]
    assert cursor(sqlite_engine) == start + len(pattern)


def test_no_garbage_is_collected_during_a_batch(log: Engine, make_events: Maker) -> None:
    insert(log, make_events(3))
    collects: list[bool] = []

    class Watching(Handler):
        def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Found:
            collects.append(gc.isenabled())
            return super().__call__(connection, batch)

    assert gc.isenabled()
    consume(log, Watching()).step()
    assert (collects, gc.isenabled()) == ([False], True)
