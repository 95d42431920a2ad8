# SPDX-License-Identifier: MIT
"""When the loop takes a step: at once, on a nudge, after the interval or a failure; not while paused or stopping."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from decnet_core.runtime.context import Context
from decnet_models.errors import CursorMovedError, LeaseLostError
from decnet_models.following import retry_backoff
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat, seconds_until

MakeContext = Callable[..., Context]
LONG = Rest(3600.0)
LOST = OperationalError("SELECT 1", {}, Exception("the server\nis gone"), connection_invalidated=True)


class Work:
    """What each step is to do, one after the other; after the last one the worker is told to stop."""

    def __init__(self, ctx: Context, *planned: Rest | Exception) -> None:
        self.ctx = ctx
        self.planned = list(planned)
        self.steps = 0
        self.prepared = 0
        self.done = asyncio.Event()
        """Set while nothing is planned."""
        self.refusals: list[Exception] = []

    async def prepare(self) -> None:
        self.prepared += 1
        if self.refusals:
            raise self.refusals.pop(0)

    async def step(self) -> Rest:
        self.steps += 1
        what = self.planned.pop(0)
        if not self.planned:
            self.ctx.stop()
        if isinstance(what, Exception):
            raise what
        return what

    def run(self) -> Awaitable[None]:
        return asyncio.wait_for(repeat(self.ctx, self.step, prepare=self.prepare), 30)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a failure cost a millisecond."""
    monkeypatch.setattr(retry_backoff, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(retry_backoff, "LONGEST_SECONDS", 0.001)


async def test_it_prepares_once_and_steps_until_there_is_no_more(make_context: MakeContext) -> None:
    work = Work(make_context(), AT_ONCE, AT_ONCE, LONG)
    await work.run()
    assert (work.prepared, work.steps) == (1, 3)


async def test_nothing_is_waited_for_while_there_is_more_to_do(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def nudged(_: Context, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Context, "nudged", nudged)
    await Work(make_context(), AT_ONCE, LONG).run()
    assert waits[0] <= 0
    assert waits[1:] == [LONG.seconds]


async def test_only_a_step_that_found_nothing_makes_the_worker_idle(make_context: MakeContext) -> None:
    for rests, requests in (((AT_ONCE, AT_ONCE), 0), ((AT_ONCE, Rest(0.0, 7.0)), 1), ((Rest(0.0, idle=False),), 0)):
        ctx, asked = make_context(), list[float | None]()
        ctx.parking.enable(0.0, lambda _, due, asked=asked: asked.append(due))  # type: ignore[misc]
        await Work(ctx, *rests).run()
        assert len(asked) == requests


async def test_a_step_may_end_with_a_break_though_there_will_be_more(make_context: MakeContext) -> None:
    ctx, asked, breaks = make_context(), list[float](), list[float]()
    ctx.parking.enable(0.0, lambda since, _: asked.append(since), lambda _, due: breaks.append(due - time.monotonic()))
    await Work(ctx, AT_ONCE, Rest(0.0, idle=False, break_seconds=40.0), Rest(0.0, idle=False)).run()
    assert asked == []
    assert breaks == [pytest.approx(40.0, abs=10.0)]


async def test_a_worker_that_must_stop_before_it_began_does_nothing(make_context: MakeContext) -> None:
    work = Work(make_context(), AT_ONCE)
    work.ctx.stop()
    await work.run()
    assert (work.prepared, work.steps) == (0, 0)


async def test_a_nudge_ends_the_wait(make_context: MakeContext) -> None:
    work = Work(make_context(), LONG, LONG)
    running = asyncio.ensure_future(work.run())
    await until(lambda: work.steps == 1)
    work.ctx.nudge()
    await running
    assert work.steps == 2


async def test_without_a_nudge_it_looks_after_the_seconds_that_the_step_said(make_context: MakeContext) -> None:
    work, began = Work(make_context(), Rest(0.05), LONG), time.monotonic()
    await work.run()
    assert work.steps == 2
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("idle", [True, False])
async def test_it_looks_sooner_when_work_is_due_sooner(make_context: MakeContext, *, idle: bool) -> None:
    work = Work(make_context(), Rest(3600.0, 0.01, idle=idle), Rest(0.01, 3600.0, idle=idle), LONG)
    await work.run()
    assert work.steps == 3


def test_what_is_due_is_past_when_the_wait_ends() -> None:
    now = time.time_ns()
    seconds = seconds_until(now + 1000 * 10**9)
    assert seconds is not None
    assert 0 < (now + 1000 * 10**9 - time.time_ns()) / 1e9 < seconds < 1000.01
    assert seconds_until(0) == 0.001
    century = 100 * 365 * 86_400
    assert century < (seconds_until(now + century * 10**9) or 0) + (time.time_ns() - now) / 1e9 < century + 60
    assert seconds_until(None) is None


async def test_a_stop_ends_the_wait_without_another_step(make_context: MakeContext) -> None:
    work = Work(make_context(), LONG, LONG)
    running = asyncio.ensure_future(work.run())
    await until(lambda: work.steps == 1)
    work.ctx.stop()
    await running
    assert work.steps == 1


async def test_steps_that_follow_at_once_let_others_run(make_context: MakeContext) -> None:
    work, turns = Work(make_context(), *[AT_ONCE] * 10), 0

    async def other() -> None:
        nonlocal turns
        while not work.ctx.stopping.is_set():
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(work.run(), other())
    assert turns >= 9


@pytest.mark.parametrize("rest", [AT_ONCE, Rest(0.01)])
async def test_while_paused_no_step_begins(make_context: MakeContext, rest: Rest) -> None:
    work = Work(make_context(), rest, LONG)
    work.ctx.unpaused.clear()
    running = asyncio.ensure_future(work.run())
    await until(lambda: work.steps == 1)  # a pause stops what follows, it does not undo what was begun
    work.ctx.nudge()
    await asyncio.wait([running], timeout=0.2)
    assert work.steps == 1
    work.ctx.unpaused.set()
    await running
    assert work.steps == 2


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [LOST, CursorMovedError("moved"), LeaseLostError("lost")])
async def test_a_step_that_the_database_failed_is_taken_again_without_preparing(
    make_context: MakeContext, error: Exception
) -> None:
    work = Work(make_context(), error, error, LONG, LONG)
    running = asyncio.ensure_future(work.run())
    await until(lambda: work.steps == 3)
    counters = work.ctx.counters.snapshot()
    assert (work.prepared, counters["database_retries"], counters["database_unavailable"]) == (1, 2, 0)
    work.ctx.stop()
    await running


@pytest.mark.usefixtures("quick")
async def test_no_step_is_taken_before_the_preparation_succeeded(make_context: MakeContext) -> None:
    work = Work(make_context(), AT_ONCE, LONG)
    work.refusals = [LOST, LOST]
    await work.run()
    assert (work.prepared, work.steps) == (3, 2)


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), ProgrammingError("SELECT x", {}, Exception("no such column: x"))]
)
async def test_any_other_error_is_the_workers_crash(make_context: MakeContext, error: Exception) -> None:
    work = Work(make_context(), error, LONG)
    with pytest.raises(type(error)):
        await work.run()
    assert work.steps == 1
    assert "database_unavailable" not in work.ctx.counters.snapshot()


async def test_a_wait_for_the_database_ends_when_the_worker_must_stop(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_backoff, "FIRST_SECONDS", LONG.seconds)
    work = Work(make_context(), LOST, LONG)
    running = asyncio.ensure_future(work.run())
    await until(lambda: bool(work.ctx.counters.snapshot().get("database_unavailable")))
    work.ctx.stop()
    await running
    assert work.steps == 1


@pytest.mark.usefixtures("quick")
async def test_it_is_logged_once_that_the_database_is_away_and_once_that_it_is_back(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=retry_backoff.__name__)
    work = Work(make_context(), AT_ONCE, LOST, LOST, AT_ONCE, AT_ONCE, LOST, LONG, LONG)
    running = asyncio.ensure_future(work.run())
    await until(lambda: work.steps == 7)
    work.ctx.stop()
    await running
    away = ("WARNING", "the database does not answer, retrying: the server is gone")
    back = ("INFO", "the database answers again")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [away, back, away, back]


async def test_an_idle_worker_asks_to_be_parked_with_the_time_of_its_last_look_and_what_is_due(
    make_context: MakeContext,
) -> None:
    asked: list[tuple[float, float | None]] = []
    work = Work(make_context(), AT_ONCE, Rest(0.0), Rest(0.0, due_seconds=60.0), LONG)
    work.ctx.parking.enable(0.0, lambda since, due: asked.append((since, due)))
    before = time.monotonic()
    await work.run()
    (since, due), *_ = asked
    assert before <= since <= time.monotonic()
    assert due is None
    assert len(asked) == 1  # the next request comes a moment later


async def test_a_worker_that_works_is_not_idle(make_context: MakeContext) -> None:
    asked: list[float] = []
    work = Work(make_context(), *[Rest(0.0, idle=False)] * 20, LONG)
    work.ctx.parking.enable(0.0, lambda since, _: asked.append(since))
    began = time.monotonic()
    await work.run()
    assert [since for since in asked if since < began] == []
    assert len(asked) <= 1  # the last look, which found nothing
