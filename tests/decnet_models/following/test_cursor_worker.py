# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, text
from tests.forked_program import forked_program

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import EVENTS_INGESTED, NOTICE, NoticeWritten
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.notices import AttackerObserved
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.parking import Parking
from decnet_core.runtime.worker import NoSettings
from decnet_core.settings import Settings
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events import queries as events
from decnet_models.following import breaks as turns
from decnet_models.following import cursor_worker
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.following.step_loop import AT_ONCE, Rest
from decnet_models.progress import queries as progress
from decnet_models.progress.lease_queries import leases_of

Maker = Callable[..., list[Event]]


class Follower(CursorWorker[NoSettings]):
    """Writes down what it is given."""

    name = "follower"
    consumes = (CommandRun,)
    poll_seconds = 30.0  # so that a test that passes was woken by the bus

    def prepare(self, connection: Connection) -> None:
        connection.execute(text("CREATE TABLE IF NOT EXISTS handled (seq BIGINT PRIMARY KEY)"))

    def handle(self, batch: EventBatch) -> Results:
        for one in batch.events:
            batch.connection.execute(text("INSERT INTO handled VALUES (:seq)"), {"seq": one.seq})
        return Results([("seen", AttackerObserved(ts=1, attacker="192.0.2.1"))])


class Place:
    """A state directory with its database and a bus."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.bus = MemoryBus()
        self.engine = open_engine(url)

    @contextlib.asynccontextmanager
    async def running(self, worker: CursorWorker[Any]) -> AsyncIterator[Any]:
        environment = {"DECNET_STATE_DIR": str(self.root), "DECNET_DATABASE_URL": self.url}
        ctx = await open_context(type(worker), Settings({}, environment, "test"), self.bus.share())
        ready = asyncio.Event()
        host = asyncio.ensure_future(Host(worker, ctx).run(ready.set))
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait((host, waiting), timeout=100, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            if not host.done():
                yield ctx
        finally:
            ctx.stop()
            await host

    def insert(self, made: list[Event]) -> None:
        with writing(self.engine) as connection:
            events.insert_events(connection, made)

    def nudge(self) -> None:
        self.bus.publish(EVENTS_INGESTED.pattern, b"{}")

    async def until_at(self, seq: int, worker: str = "follower") -> None:
        async with asyncio.timeout(120):
            while True:
                with reading(self.engine) as connection:
                    if progress.cursor_of(connection, worker) == seq:
                        return
                await asyncio.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path, url: str) -> Any:
    made = Place(tmp_path, url)
    with writing(made.engine) as connection:
        connection.execute(text("DROP TABLE IF EXISTS handled"))
    yield made
    made.engine.dispose()


async def test_it_may_be_parked_and_counts_as_idle_only_after_a_look_that_found_nothing(
    place: Place, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def rest(_: Parking, _began: float, seconds: float, _due: float | None = None) -> float:
        looks.append("idle")
        return seconds

    monkeypatch.setattr(Parking, "worked", lambda _: looks.append("worked"))
    monkeypatch.setattr(Parking, "rest", rest)
    assert Follower.parks
    async with place.running(Follower(NoSettings())), asyncio.timeout(120):
        while "idle" not in looks:
            await asyncio.sleep(0.01)
        assert "worked" not in looks
        place.insert(make_events(3))
        place.nudge()
        while "worked" not in looks:
            await asyncio.sleep(0.01)
    assert progress_of(place) == 3


class Busy(Follower):
    """Takes two events at a time, and has more to do when it is told so."""

    batch_events = 2
    more = unsettled_part = False

    def beside(self, engine: Engine) -> bool:
        return self.more

    def unsettled(self, connection: Connection) -> bool:
        return self.unsettled_part


async def test_it_goes_on_at_once_while_events_other_work_or_a_part_to_settle_are_left(
    place: Place, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Busy(NoSettings())
    steps: list[Rest] = []

    async def four_steps(ctx: Context, step: Callable[[], Awaitable[Rest]], *, prepare: Callable[[], Any]) -> None:
        await prepare()
        for worker.more, worker.unsettled_part in ((False, False), (True, False), (False, True), (False, False)):
            steps.append(await step())
        await ctx.stopping.wait()

    monkeypatch.setattr(cursor_worker, "repeat", four_steps)
    place.insert(make_events(3))
    async with place.running(worker), asyncio.timeout(120):
        while len(steps) < 4:
            await asyncio.sleep(0.01)
    assert steps[:3] == [AT_ONCE] * 3
    assert steps[3].seconds > 0
    assert steps[3].idle


@pytest.mark.parametrize("turn_at", [20.0, None])
async def test_one_that_works_in_turns_takes_a_break_when_it_has_caught_up_with_much_and_more_came(
    tmp_path: Path,
    sqlite_url: str,
    make_events: Maker,
    monkeypatch: pytest.MonkeyPatch,
    turn_at: float | None,
) -> None:
    place = Place(tmp_path, sqlite_url)
    monkeypatch.setattr(turns, "ENOUGH", 5)
    monkeypatch.setattr(Follower, "turn_at", turn_at)
    steps: list[Rest] = []

    async def three_steps(ctx: Context, step: Callable[[], Awaitable[Rest]], *, prepare: Callable[[], Any]) -> None:
        await prepare()
        for count in (4, 1, 0):
            place.insert(make_events(count))
            steps.append(await step())
        await ctx.stopping.wait()

    monkeypatch.setattr(cursor_worker, "repeat", three_steps)
    async with place.running(Follower(NoSettings())), asyncio.timeout(60):
        while len(steps) < 3:
            await asyncio.sleep(0.01)
    assert [one.break_seconds is not None for one in steps] == [False, turn_at is not None, False]
    assert [one.idle for one in steps] == [False, False, True]
    place.engine.dispose()


class InParts(Follower):
    """Has two parts to settle after the first batch."""

    turn_at = 20.0
    parts = 2

    def unsettled(self, connection: Connection) -> bool:
        return self.parts > 0

    def settle(self, snapshot: Connection) -> Callable[[Connection], Results]:
        self.parts -= 1
        return super().settle(snapshot)


async def test_before_a_break_all_parts_are_settled(
    tmp_path: Path, sqlite_url: str, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, worker, steps = Place(tmp_path, sqlite_url), InParts(NoSettings()), list[tuple[Rest, int]]()
    monkeypatch.setattr(turns, "ENOUGH", 5)

    async def three_steps(ctx: Context, step: Callable[[], Awaitable[Rest]], *, prepare: Callable[[], Any]) -> None:
        await prepare()
        for count in (4, 1):
            place.insert(make_events(count))
            steps.append((await step(), worker.parts))
        worker.parts = 2
        ctx.unpaused.clear()
        steps.append((await step(), worker.parts))
        await ctx.stopping.wait()

    monkeypatch.setattr(cursor_worker, "repeat", three_steps)
    async with place.running(worker), asyncio.timeout(60):
        while len(steps) < 3:
            await asyncio.sleep(0.01)
    assert steps[0] == (AT_ONCE, 1)
    assert (steps[1][0].break_seconds is not None, steps[1][1]) == (True, 0)
    assert steps[2] == (AT_ONCE, 1), "a pause comes between the parts"
    place.engine.dispose()


def progress_of(place: Place) -> int | None:
    with reading(place.engine) as connection:
        return progress.cursor_of(connection, "follower")


async def test_a_nudge_wakes_it_and_a_notice_goes_out(place: Place, make_events: Maker) -> None:
    heard = await place.bus.subscribe(NOTICE.wildcard)
    async with place.running(Follower(NoSettings())) as ctx:
        place.insert(make_events(3))
        place.nudge()
        message = await heard.next(10)
        await place.until_at(3)
        assert message.subject == NOTICE.of("attacker.observed")
        assert msgspec.json.decode(message.payload, type=NoticeWritten) == NoticeWritten(1)
        values = ctx.counters.snapshot()
    assert values["events_handled"] == 3
    assert values["lag_events"] == 0
    assert values["dead_letters"] == 0
    assert 0 < values["batch_seconds"] < 60


async def test_what_came_before_it_started_is_handled_without_a_nudge(place: Place, make_events: Maker) -> None:
    place.insert(make_events(1200))
    async with place.running(Follower(NoSettings())):
        await place.until_at(1200)
    async with place.running(Follower(NoSettings())):
        place.insert(make_events(1))
        place.nudge()
        await place.until_at(1201)


async def test_without_the_bus_the_poll_finds_the_work(place: Place, make_events: Maker) -> None:
    class Polling(Follower):
        """Polls."""

        poll_seconds = 0.05

    async with place.running(Polling(NoSettings())):
        await place.until_at(0)
        place.insert(make_events(2))
        await place.until_at(2)


class Usual(Follower):
    """Sets nothing for itself but what it consumes."""

    poll_seconds = CursorWorker.poll_seconds

    def __init__(self, settings: NoSettings) -> None:
        super().__init__(settings)
        self.batches: list[int] = []

    def handle(self, batch: EventBatch) -> Results:
        self.batches.append(len(batch.events))
        return super().handle(batch)


async def test_a_batch_is_500_events_and_synthetic_ones_are_for_others(place: Place, make_events: Maker) -> None:
    worker = Usual(NoSettings())
    place.insert(make_events(20, synthetic=True))
    place.insert(make_events(1100))
    async with place.running(worker):
        await place.until_at(1120)
    assert worker.batches == [500, 500, 100]


@pytest.mark.parametrize(("connected", "seconds"), [(True, 10.0), (False, 5.0)])
async def test_it_looks_unasked_every_ten_seconds_and_every_five_without_the_bus(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, connected: bool, seconds: float
) -> None:
    environment = {"DECNET_STATE_DIR": str(tmp_path), "DECNET_DATABASE_URL": sqlite_url}
    worker, bus = Usual(NoSettings()), MemoryBus()
    ctx = await open_context(Usual, Settings({}, environment, "test"), bus)
    waited: list[float] = []

    async def nudged(timeout: float) -> None:
        waited.append(timeout)
        ctx.stop()

    monkeypatch.setattr(ctx, "nudged", nudged)
    await worker.start(ctx)
    if not connected:
        await bus.close()
    await asyncio.wait_for(worker.run(ctx), 120)
    assert waited == [seconds]
    await worker.stop(ctx)
    await ctx.close()


async def test_an_instance_that_loses_its_leases_during_a_batch_reports_it_and_leaves_it_to_the_new_holder(
    tmp_path: Path, postgres_url: str, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, postgres_url)
    with writing(place.engine) as connection:
        connection.execute(text("DROP TABLE IF EXISTS handled"))
    consume, robbed = BatchProcessor._consume, False

    def after_a_theft(processor: BatchProcessor, *arguments: Any) -> int:
        nonlocal robbed
        if not robbed:
            robbed = True
            with writing(place.engine) as connection:
                connection.execute(text("UPDATE lease SET epoch = epoch + 1, holder = 'thief', expires_at = 1"))
        return consume(processor, *arguments)

    monkeypatch.setattr(BatchProcessor, "_consume", after_a_theft)
    place.insert(make_events(3))
    async with place.running(Follower(NoSettings())) as ctx:
        await place.until_at(3)
        values = ctx.counters.snapshot()
    assert (values["leases_lost"], values["shards"]) == (1, 16)
    assert "database_retries" not in values
    with reading(place.engine) as connection:
        assert {one.holder for one in leases_of(connection, "follower")} == {None}  # released at its end
    place.engine.dispose()


async def test_a_paused_worker_does_nothing_until_resumed(place: Place, make_events: Maker) -> None:
    place.insert(make_events(1))
    async with place.running(Follower(NoSettings())) as ctx:
        await place.until_at(1)
        ctx.unpaused.clear()
        for last in (2, 3):  # a step that had begun takes the first
            place.insert(make_events(1))
            place.nudge()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    await place.until_at(last)
                continue
            break
        else:
            pytest.fail("it went on")
        ctx.unpaused.set()
        await place.until_at(last)


async def test_a_second_instance_stands_by_and_takes_over(place: Place, make_events: Maker) -> None:
    second = Follower(NoSettings())
    async with contextlib.AsyncExitStack() as stack:
        async with place.running(Follower(NoSettings())):
            place.insert(make_events(1))
            place.nudge()
            await place.until_at(1)
            ctx = await stack.enter_async_context(place.running(second))
            async with asyncio.timeout(60):
                while not ctx.counters.snapshot().get("standby"):
                    await asyncio.sleep(0.01)
        place.insert(make_events(1))
        await place.until_at(2)
        assert ctx.counters.snapshot()["standby"] == 0


async def test_a_standby_can_be_stopped(place: Place) -> None:
    async with place.running(Follower(NoSettings())) as one, place.running(Follower(NoSettings())) as other:
        async with asyncio.timeout(60):
            while not any(ctx.counters.snapshot().get("standby") for ctx in (one, other)):  # either may be the first
                await asyncio.sleep(0.01)


async def test_a_locked_database_is_waited_for(tmp_path: Path, sqlite_url: str, make_events: Maker) -> None:
    place = Place(tmp_path, sqlite_url)
    holder = sqlite3.connect(tmp_path / "decnet.db", isolation_level=None)
    environment = {"DECNET_STATE_DIR": str(tmp_path), "DECNET_DATABASE_BUSY_SECONDS": "0.1"}
    ctx = await open_context(Follower, Settings({}, environment, "test"), place.bus.share())
    place.insert(make_events(1))
    holder.execute("BEGIN IMMEDIATE")
    host = asyncio.ensure_future(Host(Follower(NoSettings()), ctx).run())
    async with asyncio.timeout(120):
        while ctx.counters.snapshot().get("database_retries", 0) < 2:
            await asyncio.sleep(0.01)
    assert ctx.counters.snapshot()["database_unavailable"] == 1
    holder.execute("ROLLBACK")
    holder.close()
    await place.until_at(1)
    ctx.stop()
    await host
    assert ctx.counters.snapshot()["database_unavailable"] == 0
    place.engine.dispose()


async def test_a_server_that_comes_later_is_waited_for(tmp_path: Path, postgres_url: str) -> None:
    """A URL nobody serves: start succeeds, the loop waits; it can still be stopped at once."""
    place = Place(tmp_path, postgres_url)
    place.url = f"postgresql://nobody@/name?host={tmp_path}"
    async with place.running(Follower(NoSettings())) as ctx, asyncio.timeout(120):
        while not ctx.counters.snapshot().get("database_unavailable"):
            await asyncio.sleep(0.01)
    place.engine.dispose()


async def test_a_database_of_another_version_is_a_start_up_failure(place: Place) -> None:
    with writing(place.engine) as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        connection.execute(text("UPDATE alembic_version SET version_num = '0000_old'"))
    try:
        with pytest.raises(StartupError, match="decnet-db upgrade"):
            async with place.running(Follower(NoSettings())):
                pass
    finally:
        with writing(place.engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})


async def test_no_database_is_a_start_up_failure(place: Place, tmp_path: Path) -> None:
    place.url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(StartupError, match="decnet-db upgrade"):
        async with place.running(Follower(NoSettings())):
            pass


IMPORTED = ("decnet_models.following.cursor_worker", "decnet_models.database.engine", "decnet_core.events.notices")
"""What the programs below need, imported once for all of their runs."""

VICTIM = textwrap.dedent(
    """
    import sys
    from sqlalchemy import text
    from decnet_models.following import cursor_worker
    from decnet_models.following.batch_processor import BatchProcessor
    from decnet_models.database.engine import open_engine
    from decnet_core.events.notices import AttackerObserved

    rows_before_death = int(sys.argv[2])

    def handle(connection, events):
        global rows_before_death
        for one in events:
            connection.execute(text("INSERT INTO handled VALUES (:seq)"), {"seq": one.seq})
            rows_before_death -= 1
            if rows_before_death == 0:
                print("here", flush=True)
                sys.stdin.read()
            yield f"k{one.seq}", AttackerObserved(ts=1, attacker="a")

    engine = open_engine(sys.argv[1])
    reader = BatchProcessor(engine, "w", handle, kinds=["session.command"], limit=50)
    while reader.step().lag:
        pass
    """
)


def test_killed_at_any_instruction_it_resumes_with_the_same_final_state(
    sqlite_engine: Engine, sqlite_url: str, make_events: Maker
) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text("CREATE TABLE handled (seq BIGINT PRIMARY KEY)"))
        events.insert_events(connection, make_events(600))
        progress.begin_cursor(connection, "w", now_ns=1)
    for rows_before_death in (1, 60, 130, 255, 0):
        with forked_program(VICTIM, *IMPORTED).started(sqlite_url, str(rows_before_death)) as victim:
            if rows_before_death:
                assert victim.stdout.readline() == "here\n"
                os.kill(victim.pid, signal.SIGKILL)
            assert victim.wait(100) == (-signal.SIGKILL if rows_before_death else 0)
    with reading(sqlite_engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM handled")).scalar() == 600
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar() == 600
        assert progress.cursor_of(connection, "w") == 600


COMPUTING = textwrap.dedent(
    """
    import sys
    from sqlalchemy import text
    from decnet_models.following import cursor_worker
    from decnet_models.following.batch_processor import BatchProcessor
    from decnet_models.database.engine import open_engine
    from decnet_core.events.notices import AttackerObserved

    def compute(snapshot, events):
        known = snapshot.execute(text("SELECT count(*) FROM handled")).scalar()
        rows = [{"seq": one.seq, "place": known + number} for number, one in enumerate(events)]
        print("computed", flush=True)
        sys.stdin.readline()

        def write(connection):
            connection.execute(text("INSERT INTO handled VALUES (:seq, :place)"), rows)
            print("written", flush=True)
            sys.stdin.readline()
            return [(f"k{row['seq']}", AttackerObserved(ts=1, attacker="a")) for row in rows]

        return write

    engine = open_engine(sys.argv[1])
    reader = BatchProcessor(engine, "w", lambda *_: (), compute=compute, kinds=["session.command"], limit=50)
    while reader.step().lag:
        pass
    """
)


@pytest.mark.parametrize("last_word", ["computed", "written"])
def test_killed_between_computing_and_the_commit_it_resumes_with_the_same_final_state(
    sqlite_engine: Engine, sqlite_url: str, make_events: Maker, last_word: str
) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text("CREATE TABLE handled (seq BIGINT PRIMARY KEY, place BIGINT)"))
        events.insert_events(connection, make_events(120))
        progress.begin_cursor(connection, "w", now_ns=1)
    for steps_before_death in (0, 1, None):
        with forked_program(COMPUTING, *IMPORTED).started(sqlite_url) as victim:
            words = 0
            for line in victim.stdout:
                words += line.strip() == last_word
                if steps_before_death is not None and words > steps_before_death:
                    with reading(sqlite_engine) as connection:  # nothing of this batch is there, no lock but the write
                        handled = connection.execute(text("SELECT count(*) FROM handled")).scalar()
                    assert handled == 50 * steps_before_death
                    os.kill(victim.pid, signal.SIGKILL)
                    break
                victim.stdin.write("\n")
                victim.stdin.flush()
            assert victim.wait(100) == (0 if steps_before_death is None else -signal.SIGKILL)
    with reading(sqlite_engine) as connection:
        rows = connection.execute(text("SELECT seq, place FROM handled ORDER BY seq")).all()
        assert [tuple(row) for row in rows] == [(seq, seq - 1) for seq in range(1, 121)]
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar() == 120
        assert progress.cursor_of(connection, "w") == 120


def test_importing_a_cursor_worker_loads_neither_alembic_nor_an_orm() -> None:
    code = (
        "import sys, decnet_models.following.cursor_worker\n"
        "print([m for m in ('alembic', 'sqlalchemy.orm', 'psycopg', 'typer', 'httpx', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_following_is_quick_enough(sqlite_engine: Engine, make_events: Maker) -> None:
    """A backlog of 5,000 events: reading, decoding and moving the cursor cost well below a millisecond each."""
    with writing(sqlite_engine) as connection:
        events.insert_events(connection, make_events(5000))
        progress.begin_cursor(connection, "w", now_ns=1)
    reader = BatchProcessor(sqlite_engine, "w", lambda *_: [], kinds=["session.command"], limit=500)
    started = time.process_time()
    while reader.step().lag:
        pass
    assert time.process_time() - started < 5
