# SPDX-License-Identifier: MIT
"""Whatever happens to instances, their leases and their transactions, the tables end as one clean run leaves them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, text
from sqlalchemy import event as hooks
from sqlalchemy.exc import OperationalError
from tests.examples import examples

from decnet_core.events.catalogue import CommandRun, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.notices import AttackerObserved, Notice
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.errors import CursorMovedError, passes
from decnet_models.events import queries as events
from decnet_models.events.queries import StoredEvent
from decnet_models.following.batch_processor import BatchProcessor, BatchResult, Write
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.progress import lease_queries
from decnet_models.progress import queries as progress

Maker = Callable[..., list[Event]]

ADDRESSES = ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "2001:DB8:0::1", "junk", None)
POISON = "poison"
KINDS = ("session.command", "auth.attempt")
BUSY_SECONDS = 0.1
LEASE_SECONDS = 3600.0  # none ends before the test says so
BATCH = 4


class Killed(BaseException):
    """The process is gone; nobody catches this."""


class Handler:
    """Sums that a second handling of an event would make wrong, one of them of all attackers; and notices.

    Fails at a poisoned event after it was written, and dies or loses the database after `mortal` events.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.mortal: tuple[int, BaseException] | None = None

    def compute(self, snapshot: Connection, batch: Sequence[StoredEvent]) -> Write:
        """Read what is known of the batch's attackers; when it is written to, nobody else may have changed that."""
        known = self._known(snapshot, batch)

        def write(connection: Connection) -> Iterator[tuple[str, Notice]]:
            assert self._known(connection, batch) == known
            return self(connection, batch)

        return write

    def _known(self, connection: Connection, batch: Sequence[StoredEvent]) -> list[tuple[Any, ...]]:
        names = {_name(one) for one in batch}
        rows = connection.execute(text("SELECT * FROM tally WHERE worker = :worker"), {"worker": self.worker})
        return sorted(tuple(row) for row in rows if row.name in names)

    def __call__(self, connection: Connection, batch: Sequence[StoredEvent]) -> Iterator[tuple[str, Notice]]:
        for number, one in enumerate(batch):
            if self.mortal is not None and number >= self.mortal[0]:
                raise self.mortal[1]
            for name in (_name(one), "everybody"):
                upsert = (
                    "INSERT INTO tally VALUES (:worker, :name, 1, :seq, :seq) ON CONFLICT (worker, name) DO UPDATE SET"
                    " n = tally.n + 1, total = tally.total + :seq, newest = :seq"
                )
                if name == "everybody":  # in no order: its newest would be another one each time
                    upsert = upsert.replace(", newest = :seq", "").replace(":seq, :seq)", ":seq, 0)")
                connection.execute(text(upsert), {"worker": self.worker, "name": name, "seq": one.seq})
            connection.execute(text("INSERT INTO handled VALUES (:w, :seq)"), {"w": self.worker, "seq": one.seq})
            if isinstance(one.event.payload, CommandRun) and one.event.payload.command == POISON:
                raise ValueError(POISON)
            yield (
                f"{self.worker}|{one.event.src_ip}",
                AttackerObserved(ts=one.event.ts, attacker=one.event.src_ip or ""),
            )
        if self.mortal is not None:
            raise self.mortal[1]


def _name(stored: StoredEvent) -> str:
    return (stored.event.src_ip or "").removeprefix("::ffff:").lower()


class Instance:
    """One process of the worker `w`: its engine, its place in the log (leases, or one cursor for all), its way on."""

    def __init__(self, url: str, *, leased: bool) -> None:
        self.engine = open_engine(url, busy_seconds=BUSY_SECONDS)
        self.leases = ShardLeases(self.engine, "w", seconds=LEASE_SECONDS) if leased else None
        self.handler = Handler("w")
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None
        self.processor = Interrupted(self)
        self.life: int | None = None
        for name in ("begin", "before_cursor_execute", "commit"):
            hooks.listen(self.engine, name, self._grow_older)

    def _grow_older(self, *_: Any) -> None:
        """Die before the next word to the database, when that many were said."""
        if self.life is not None:
            self.life -= 1
            if self.life < 0:
                raise Killed

    def step(self) -> BatchResult | None:
        """Handle a batch; None when the database or another instance was in the way."""
        try:
            return self.processor.step()
        except CursorMovedError:
            return None
        except OperationalError as error:
            if not passes(error):
                raise
            return None

    def keep(self) -> None:
        with contextlib.suppress(OperationalError):
            if self.leases is not None:
                self.leases.keep()
                return
            with writing(self.engine) as connection:
                progress.begin_cursor(connection, "w", now_ns=1)

    def leave(self) -> None:
        with contextlib.suppress(OperationalError):
            if self.leases is not None:
                self.leases.release()


class Interrupted(BatchProcessor):
    """Lets the test do something between reading a batch and its transaction, and right after one was committed."""

    def __init__(self, instance: Instance) -> None:
        handler = instance.handler
        super().__init__(
            *(instance.engine, "w", handler),
            compute=handler.compute,
            kinds=KINDS,
            limit=BATCH,
            position=instance.leases,
        )
        self._instance = instance

    def _consume(self, *arguments: Any) -> int:
        self._instance.before_commit()
        return super()._consume(*arguments)

    def _commit(self, *arguments: Any) -> None:
        super()._commit(*arguments)
        self._instance.after_commit()


class Interleaving(RuleBasedStateMachine):
    """Writers of the log, up to three instances, and every misfortune, in any order."""

    def __init__(self, url: str, make_events: Maker, *, leased: bool) -> None:
        super().__init__()
        self.url = url
        self.leased = leased
        self.make_events = make_events
        self.engine = open_engine(url, busy_seconds=BUSY_SECONDS)
        self.instances: list[Instance] = []
        self.known: list[Event] = []
        self.slow_events: list[Event] = []
        self.poisoned = 0
        self.writer: contextlib.ExitStack | None = None

    @initialize()
    def begin(self) -> None:
        with writing(self.engine) as connection:
            connection.execute(
                text("CREATE TABLE IF NOT EXISTS handled (worker TEXT, seq BIGINT, UNIQUE (worker, seq))")
            )
            connection.execute(
                text(
                    "CREATE TABLE IF NOT EXISTS tally (worker TEXT, name TEXT, n BIGINT, total BIGINT, newest BIGINT,"
                    " PRIMARY KEY (worker, name))"
                )
            )
            for table in ("handled", "tally", "event", "notice", "dead_letter", "worker_cursor", "lease"):
                connection.execute(text(f"DELETE FROM {table}"))
        self.start()

    @rule(sources=st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=6), poison=st.integers(0, 30))
    def ingest(self, sources: list[str | None], poison: int) -> None:
        """A batch of new events, now and then a poisoned one, with some that are known already."""
        made = self._made(sources, poison)
        with contextlib.suppress(OperationalError), writing(self.engine) as connection:
            events.insert_events(connection, made + self.known[-2:])
            self.known += made

    @precondition(lambda self: self.writer is None)
    @rule(sources=st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3))
    def ingest_slowly(self, sources: list[str | None]) -> None:
        """Another writer has its row numbers and does not commit yet.

        Its events are of another kind, so that nothing but the order of commits keeps the others waiting.
        """
        with contextlib.ExitStack() as stack:
            other = open_engine(self.url, busy_seconds=BUSY_SECONDS)
            stack.callback(other.dispose)
            connection = stack.enter_context(other.connect())
            guess = LoginAttempt("ssh", "root", success=False)
            self.slow_events = [self.make_events(1, guess, src_ip=source)[0] for source in sources]
            events.insert_events(connection, self.slow_events + self.known[:1])
            self.slow = connection
            self.writer = stack.pop_all()

    @precondition(lambda self: self.writer is not None)
    @rule(commits=st.booleans())
    def end_slow_ingest(self, commits: bool) -> None:
        """It commits, long after its numbers were given, or dies and leaves a gap."""
        assert self.writer is not None
        if commits:
            self.slow.commit()
            self.known += self.slow_events
        self.writer.close()
        self.writer = None

    @precondition(lambda self: len(self.instances) < 3)
    @rule()
    def start(self) -> None:
        instance = Instance(self.url, leased=self.leased)
        instance.keep()
        self.instances.append(instance)

    @precondition(lambda self: self.instances)
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        self._any(data).keep()

    @precondition(lambda self: self.instances)
    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        self._any(data).step()

    @precondition(lambda self: self.instances)
    @rule(data=st.data(), events=st.integers(0, BATCH))
    def die_in_a_batch(self, data: st.DataObject, events: int) -> None:
        """Killed after so many of its events, at the latest when all are written and only the commit is missing."""
        instance = self._any(data)
        instance.handler.mortal = (events, Killed())
        with contextlib.suppress(Killed):
            instance.step()
        self._gone(instance)

    @precondition(lambda self: self.instances)
    @rule(data=st.data(), life=st.integers(0, 40), work=st.sampled_from(("step", "keep", "leave")))
    def die_anywhere(self, data: st.DataObject, life: int, work: str) -> None:
        """Killed between any two words to the database, whatever it is at: also between two transactions."""
        instance = self._any(data)
        instance.life = life
        with contextlib.suppress(Killed):
            getattr(instance, work)()
        instance.life = None
        self._gone(instance)

    @precondition(lambda self: self.instances)
    @rule(data=st.data(), stops=st.booleans())
    def go(self, data: st.DataObject, stops: bool) -> None:
        """Stopped cleanly, or killed between two batches."""
        instance = self._any(data)
        if stops:
            instance.leave()
        self._gone(instance)

    @precondition(lambda self: self.instances)
    @rule(data=st.data(), events=st.integers(0, BATCH))
    def lose_the_database(self, data: st.DataObject, events: int) -> None:
        """The connection breaks in the middle; the same instance tries again later."""
        instance = self._any(data)
        instance.handler.mortal = (events, OperationalError("x", {}, Exception(), connection_invalidated=True))
        instance.step()
        instance.handler.mortal = None

    @precondition(lambda self: self.instances)
    @rule(data=st.data(), dies=st.booleans())
    def commit_and_never_hear_of_it(self, data: st.DataObject, dies: bool) -> None:
        """The database has committed, but the answer is lost, or the process is before it does anything with it."""
        instance = self._any(data)
        lost: BaseException = OperationalError("COMMIT", {}, Exception(), connection_invalidated=True)

        def fail() -> None:
            raise Killed if dies else lost

        instance.after_commit = fail
        with contextlib.suppress(Killed):
            instance.step()
        instance.after_commit = lambda: None
        if dies:
            self._gone(instance)

    @rule()
    def replay(self) -> None:
        """What adds up is emptied and made again from the first event, whatever the instances are at."""
        with contextlib.suppress(OperationalError), writing(self.engine) as connection:
            progress.put_back(connection, "w", 0, now_ns=2)
            for table in ("dead_letter", "tally", "handled"):
                connection.execute(text(f"DELETE FROM {table} WHERE worker = 'w'"))

    @precondition(lambda self: self.instances and self.leased)
    @rule(data=st.data())
    def sleep_beyond_the_leases(self, data: st.DataObject) -> None:
        """All leases have ended, and nobody has taken them: nothing is committed."""
        instance = self._any(data)
        assert instance.leases is not None
        with contextlib.suppress(OperationalError), writing(self.engine) as connection:
            connection.execute(
                text("UPDATE lease SET expires_at = 1 WHERE holder = :me"), {"me": instance.leases.holder}
            )
        if self.writer is None:
            before = self._rows("SELECT * FROM handled")
            instance.step()
            assert self._rows("SELECT * FROM handled") == before

    @precondition(lambda self: len(self.instances) > 1 and not self.leased)
    @rule(data=st.data())
    def be_overtaken_in_a_batch(self, data: st.DataObject) -> None:
        """Another instance, which the file lock should have kept out, handles the same events first."""
        victim = self._any(data)
        other = next(one for one in self.instances if one is not victim)

        def overtake() -> None:
            other.step()

        victim.before_commit = overtake
        victim.step()
        victim.before_commit = lambda: None

    @precondition(lambda self: len(self.instances) > 1 and self.leased)
    @rule(data=st.data(), works=st.booleans())
    def be_robbed_in_a_batch(self, data: st.DataObject, works: bool) -> None:
        """Everything is stolen between reading a batch and writing it; the thief may even handle it first."""
        victim = self._any(data)
        thief = next(one for one in self.instances if one is not victim)

        def rob() -> None:
            self._steal_all(thief)
            if works:
                thief.step()

        victim.before_commit = rob
        victim.step()
        victim.before_commit = lambda: None

    def teardown(self) -> None:
        """Let everybody finish, then compare with a run in which nothing happened."""
        if self.writer is not None:
            self.end_slow_ingest(commits=True)
        self._finish()
        for instance in self.instances:
            instance.engine.dispose()
        self.engine.dispose()

    def _finish(self) -> None:
        last = Instance(self.url, leased=self.leased)
        self.instances.append(last)
        last.keep()
        if self.leased:
            self._steal_all(last)
        while (step := last.step()) is None or step.lag:
            assert step is not None
        clean = BatchProcessor(self.engine, "clean", Handler("clean"), kinds=KINDS, limit=1000)
        with writing(self.engine) as connection:
            progress.begin_cursor(connection, "clean", now_ns=1)
        while clean.step().lag:
            pass
        assert self._result("w") == self._result("clean")
        logged = [UUID(str(row[0])) for row in self._rows("SELECT id FROM event ORDER BY seq")]
        assert logged == [one.id for one in self.known], "an event is lost, doubled, or not in the order of commits"
        with reading(self.engine) as connection:
            assert progress.cursor_of(connection, "w") == events.last_seq(connection)

    def _result(self, worker: str) -> list[list[tuple[Any, ...]]]:
        return [
            self._rows(f"SELECT {columns} FROM {table} WHERE worker = '{worker}' ORDER BY 1, 2")
            for table, columns in (
                ("tally", "name, n, total, newest"),
                ("handled", "seq, 0"),
                ("dead_letter", "seq, error"),
            )
        ] + [
            sorted(
                (key.partition("|")[2], body)
                for key, body in self._rows("SELECT key, body FROM notice")
                if key.startswith(f"{worker}|")
            )
        ]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def _made(self, sources: list[str | None], poison: int) -> list[Event]:
        bad = poison < len(sources) and self.poisoned < 8
        self.poisoned += bad
        return [
            self.make_events(1, CommandRun("ssh", POISON if bad and number == poison else "id"), src_ip=source)[0]
            for number, source in enumerate(sources)
        ]

    def _steal_all(self, thief: Instance) -> None:
        assert thief.leases is not None
        with contextlib.suppress(OperationalError), writing(thief.engine) as connection:
            for seen in lease_queries.leases_of(connection, "w"):
                lease_queries.take(connection, [seen], thief.leases.holder, expires_at=2**62)
        thief.keep()

    def _any(self, data: st.DataObject) -> Instance:
        return self.instances[data.draw(st.integers(0, len(self.instances) - 1), label="instance")]

    def _gone(self, instance: Instance) -> None:
        instance.engine.dispose()
        self.instances.remove(instance)


def run(url: str, make_events: Maker, *, leased: bool, lives: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Interleaving(url, make_events, leased=leased),  # type: ignore[arg-type]  # a factory does as well
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.hypothesis
@pytest.mark.parametrize("leased", [True, False], ids=["leases", "cursor"])
def test_any_interleaving_ends_like_one_clean_run(url: str, make_events: Maker, leased: bool) -> None:
    run(url, make_events, leased=leased, lives=examples(20), steps=20)


@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.parametrize("leased", [True, False], ids=["leases", "cursor"])
def test_a_thousand_interleavings_end_like_one_clean_run(url: str, make_events: Maker, leased: bool) -> None:
    run(url, make_events, leased=leased, lives=1000, steps=60)
