# SPDX-License-Identifier: MIT
from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from decnet_core.events.catalogue import CommandRun, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.shards import ALL, NOBODY, SHARDS, shard_of
from decnet_models.errors import LeaseLostError, passes
from decnet_models.events import queries as events
from decnet_models.events.queries import StoredEvent
from decnet_models.following.batch_processor import BatchProcessor, Write
from decnet_models.following.shard_leases import ShardLeases, wanted
from decnet_models.progress import lease_queries as queries
from decnet_models.progress import queries as progress
from decnet_models.progress.lease_queries import Lease

Maker = Callable[..., list[Event]]


def table(holders: Sequence[str | None], now: int = 100) -> list[Lease]:
    return [Lease("w", shard, 0, 1, holder, now + 10, 0) for shard, holder in enumerate(holders)]


def test_the_first_takes_everything() -> None:
    assert {one.shard for one in wanted(table([None] * SHARDS), "a", 100, shared=True, longest_ns=60)} == ALL


def test_an_unshared_worker_waits_until_all_leases_are_free() -> None:
    found = table(["b"] + [None] * (SHARDS - 1))
    assert wanted(found, "a", 100, shared=False, longest_ns=60) == []
    assert len(wanted(found, "a", 110, shared=False, longest_ns=60)) == SHARDS


def test_a_lease_that_ends_too_far_ahead_was_made_by_a_clock_that_was_fast() -> None:
    assert len(wanted(table(["b"] * SHARDS, now=10**9), "a", 100, shared=False, longest_ns=60)) == SHARDS


@given(st.lists(st.sampled_from([None, "a", "b", "c", "d", "e"]), min_size=SHARDS, max_size=SHARDS))
def test_instances_reach_equal_shares_and_stay_there(holders: list[str | None]) -> None:
    names = ["a", "b", "c", "d", "e"]
    for _ in range(4):
        for name in names:
            for one in wanted(table(holders), name, 100, shared=True, longest_ns=60):
                holders[one.shard] = name
    counts = Counter(holders)
    assert None not in counts
    assert max(counts.values()) - min(counts[name] for name in names) <= 1
    assert all(not wanted(table(holders), name, 100, shared=True, longest_ns=60) for name in names)


@given(st.ip_addresses(v=4))
def test_one_attacker_is_in_one_shard_however_it_is_spelt(address: object) -> None:
    assert shard_of(str(address)) == shard_of(f"::ffff:{address}")
    assert 0 <= shard_of(str(address)) < SHARDS


def test_what_is_no_address_has_a_shard_too() -> None:
    assert shard_of("1.2.3.4\0") == shard_of("\ud800") == NOBODY
    assert {shard_of(None), shard_of(""), shard_of("junk"), shard_of("1.2.3.4.5")} == {NOBODY}
    assert shard_of("2001:DB8:0::1%eth0") == shard_of("2001:db8::1")


def test_a_hundred_attackers_are_spread_over_the_shards() -> None:
    counts = Counter(shard_of(f"192.0.2.{number}") for number in range(256))
    assert set(counts) == set(ALL)
    assert max(counts.values()) < 40


class Robbed(BatchProcessor):
    """Calls `between` when a batch is read and not yet written."""

    between: Callable[[], None] = staticmethod(lambda: None)

    def _consume(self, *arguments: object) -> int:
        self.between()
        return super()._consume(*arguments)  # type: ignore[arg-type]


@pytest.fixture
def log(engine: Engine, make_events: Maker) -> Engine:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS seen (seq BIGINT, source TEXT)"))
        connection.execute(text("DELETE FROM seen"))
        made = [event for number in range(60) for event in make_events(1, src_ip=f"192.0.2.{number}")]
        events.insert_events(connection, made)
    return engine


def write(connection: Connection, batch: Sequence[StoredEvent]) -> Iterator[None]:
    for one in batch:
        connection.execute(text("INSERT INTO seen VALUES (:s, :i)"), {"s": one.seq, "i": one.event.src_ip})
    return iter(())


def follow(engine: Engine, leases: ShardLeases, limit: int = 50) -> Robbed:
    return Robbed(engine, "w", write, kinds=["session.command"], limit=limit, position=leases)  # type: ignore[arg-type]


def seen(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return sorted(connection.execute(text("SELECT seq FROM seen")).scalars())


def test_a_cursor_becomes_leases_and_nothing_is_handled_twice(log: Engine) -> None:
    with writing(log) as connection:
        progress.begin_cursor(connection, "w", now_ns=1)
        progress.advance_cursor(connection, "w", 0, 50, now_ns=1)
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    assert leases.held == ALL
    assert follow(log, leases).step().handled == 10
    with reading(log) as connection:
        assert progress.cursors(connection) == {"w": 60}
        assert connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 0


def test_two_instances_divide_the_attackers(log: Engine, url: str) -> None:
    other = open_engine(url)
    first, second = ShardLeases(log, "w", seconds=30), ShardLeases(other, "w", seconds=30)
    first.keep()
    second.keep()
    first.keep()
    assert (len(first.held), len(second.held)) == (8, 8)
    assert first.held | second.held == ALL
    done = [follow(log, first).step(), follow(other, second).step()]
    assert [step.lag for step in done] == [0, 0]
    assert sum(step.handled for step in done) == 60
    assert all(step.handled for step in done)
    assert seen(log) == list(range(1, 61))
    other.dispose()


def test_an_instance_whose_lease_is_stolen_between_reading_and_writing_commits_nothing(log: Engine, url: str) -> None:
    """Even though its cursors are where they were: the epoch alone tells."""
    other = open_engine(url)
    victim, thief = ShardLeases(log, "w", seconds=30), ShardLeases(other, "w", seconds=30)
    victim.keep()
    processor = follow(log, victim)
    processor.between = thief.keep
    with pytest.raises(LeaseLostError, match="epoch"):
        processor.step()
    assert seen(log) == []
    processor.between = lambda: None
    victim.keep()
    assert processor.step().handled + follow(other, thief).step().handled == 60
    assert seen(log) == list(range(1, 61))
    other.dispose()


def test_what_was_computed_under_a_lease_that_was_stolen_meanwhile_is_not_written(log: Engine, url: str) -> None:
    other = open_engine(url)
    victim, thief = ShardLeases(log, "w", seconds=30), ShardLeases(other, "w", seconds=30)
    victim.keep()
    meanwhile: Callable[[], None] = thief.keep

    def compute(snapshot: Connection, batch: Sequence[StoredEvent]) -> Write:
        assert snapshot.execute(text("SELECT count(*) FROM seen")).scalar() == len(seen(other))
        meanwhile()
        return lambda connection: write(connection, batch)  # type: ignore[return-value]  # no notices

    processor = follow(log, victim)
    processor._compute = compute
    with pytest.raises(LeaseLostError, match="epoch"):
        processor.step()
    assert seen(log) == []
    meanwhile = lambda: None  # noqa: E731
    victim.keep()
    assert processor.step().handled + follow(other, thief).step().handled == 60
    assert seen(log) == list(range(1, 61))
    other.dispose()


def test_an_instance_whose_leases_expired_commits_nothing_until_they_are_renewed(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    with writing(log) as connection:
        connection.execute(text("UPDATE lease SET expires_at = 1"))
    processor = follow(log, leases)
    with pytest.raises(LeaseLostError):
        processor.step()
    assert seen(log) == []
    leases.keep()
    assert processor.step().handled == 50


def test_a_released_lease_is_free_at_once_and_a_held_one_is_not(log: Engine, url: str) -> None:
    other = open_engine(url)
    first, second = ShardLeases(log, "w", seconds=30, shared=False), ShardLeases(other, "w", seconds=30, shared=False)
    first.keep()
    second.keep()
    assert (first.held, second.held) == (ALL, frozenset())
    assert follow(other, second).step().handled == 0
    first.release()
    second.keep()
    assert second.held == ALL
    other.dispose()


def test_of_instances_that_start_at_once_one_holds_everything(postgres_url: str) -> None:
    engines = [open_engine(postgres_url) for _ in range(3)]
    for number in range(20):
        instances = [ShardLeases(one, f"w{number}", seconds=30, shared=False) for one in engines]
        together = threading.Barrier(len(instances))

        def start(one: ShardLeases, together: threading.Barrier = together) -> None:
            together.wait(100)
            one.keep()

        threads = [threading.Thread(target=start, args=(one,)) for one in instances]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(len(one.held) for one in instances) == [0, 0, SHARDS]
    for engine in engines:
        engine.dispose()


def test_an_instance_with_stolen_leases_catches_up_before_both_parts_go_on_together(log: Engine, url: str) -> None:
    other = open_engine(url)
    first, second = ShardLeases(log, "w", seconds=30), ShardLeases(other, "w", seconds=30)
    first.keep()
    second.keep()
    first.keep()
    follow(log, first).step()  # its half is at the end now
    first.release()
    second.keep()
    assert second.held == ALL
    rest = follow(other, second)
    while rest.step().lag:
        pass
    assert seen(log) == list(range(1, 61))
    with reading(log) as connection:
        assert {one.seq for one in queries.leases_of(connection, "w")} == {60}
    other.dispose()


def test_a_row_number_given_early_and_committed_late_is_not_passed_over(postgres_url: str, make_events: Maker) -> None:
    """PostgreSQL: a second ingest begins to insert while the first has its numbers and has not committed."""
    slow, quick = open_engine(postgres_url), open_engine(postgres_url)
    here = open_engine(postgres_url)
    leases = ShardLeases(here, "w", seconds=30)
    leases.keep()
    kinds = ["session.command", "auth.attempt"]
    processor = BatchProcessor(here, "w", lambda *_: (), kinds=kinds, limit=50, position=leases)

    def insert() -> None:
        with writing(quick) as connection:  # of a kind of its own, or it would wait for the row that counts the kind
            events.insert_events(connection, make_events(3, CommandRun("ssh", "id")))

    thread = threading.Thread(target=insert)
    with writing(slow) as connection:
        events.insert_events(connection, make_events(2, LoginAttempt("ssh", "a", success=False)))
        thread.start()
        thread.join(0.5)  # it waits, or would have passed the first one by now
        assert processor.step().handled == 0
    thread.join(30)
    assert processor.step().handled == 5
    for one in (slow, quick, here):
        one.dispose()


class Crowd:
    """Writers of the log and instances that steal and vanish as they like, each a thread with its own connection."""

    def __init__(self, url: str, make_events: Maker, total: int) -> None:
        self.url = url
        self.make_events = make_events
        self.total = total
        self.written = threading.Event()
        self.failures: list[Exception] = []

    def write(self, offset: int) -> None:
        engine = open_engine(self.url)
        for number in range(0, self.total // 2, 5):
            with writing(engine) as connection:
                made = [self.make_events(1, src_ip=f"10.0.{offset}.{number + n}")[0] for n in range(5)]
                events.insert_events(connection, made)
                time.sleep(0.002)
        engine.dispose()

    def work(self, seed: int) -> None:
        engine, dice = open_engine(self.url), random.Random(seed)
        try:
            while not self.done(engine):
                leases = ShardLeases(engine, "w", seconds=30)
                processor = follow(engine, leases, limit=20)
                for _ in range(dice.randint(2, 8)):
                    self.try_to_work(leases, processor)
                with writing(engine) as connection:  # its process is gone and its time is up
                    connection.execute(text("UPDATE lease SET expires_at = 1 WHERE holder = :h"), {"h": leases.holder})
        except Exception as error:
            self.failures.append(error)
        finally:
            engine.dispose()

    def done(self, engine: Engine) -> bool:
        ended = self.written.is_set()
        with reading(engine) as connection:
            return ended and progress.cursor_of(connection, "w") == events.last_seq(connection)

    @staticmethod
    def try_to_work(leases: ShardLeases, processor: BatchProcessor) -> None:
        try:
            leases.keep()
            processor.step()
        except LeaseLostError:
            pass
        except OperationalError as error:
            if not passes(error):
                raise


@pytest.mark.scale
def test_concurrent_writers_thieves_and_deaths_handle_every_event_once(postgres_url: str, make_events: Maker) -> None:
    setup = open_engine(postgres_url)
    with writing(setup) as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS seen (seq BIGINT, source TEXT)"))
        connection.execute(text("DELETE FROM seen"))
    crowd = Crowd(postgres_url, make_events, 400)
    writers = [threading.Thread(target=crowd.write, args=(n,)) for n in range(2)]
    workers = [threading.Thread(target=crowd.work, args=(n,)) for n in range(3)]
    for thread in writers + workers:
        thread.start()
    for thread in writers:
        thread.join(60)
    crowd.written.set()
    for thread in workers:
        thread.join(60)
    assert not crowd.failures
    with reading(setup) as connection:
        rows = list(connection.execute(text("SELECT seq FROM seen")).scalars())
    assert len(rows) == len(set(rows)) == crowd.total
    setup.dispose()
