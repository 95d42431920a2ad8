# SPDX-License-Identifier: MIT
"""How long a worker waits for a database, and what it does meanwhile."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from decnet_core.runtime.context import Context
from decnet_models.errors import CursorMovedError, EveryEventRefusedError
from decnet_models.following import retry_backoff
from decnet_models.following.retry_backoff import RetryBackoff, until_answered

MakeContext = Callable[..., Context]
DAMAGED = sqlite3.DatabaseError("database disk image is malformed")
DAMAGED.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
FAULT = DatabaseError("SELECT 1", {}, DAMAGED)
LOST = OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of the seconds that were waited, which pass at once."""
    seconds: list[float] = []

    async def pass_at_once(waiting: object, timeout: float) -> None:
        waiting.close()  # type: ignore[attr-defined]
        seconds.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(asyncio, "wait_for", pass_at_once)
    return seconds


async def test_each_wait_is_twice_as_long_up_to_five_seconds(
    make_context: MakeContext, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    backoff = RetryBackoff(make_context())
    for _ in range(8):
        await backoff.wait(LOST)
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    backoff.recovered()
    await backoff.wait(LOST)
    assert waits[-1] == 0.1


async def test_workers_that_lost_the_same_server_do_not_come_back_together(
    make_context: MakeContext, waits: list[float]
) -> None:
    ctx = make_context()
    for _ in range(200):
        await RetryBackoff(ctx).wait(LOST)
    assert all(0.05 <= seconds <= 0.1 for seconds in waits)
    assert max(waits) - min(waits) > 0.03


async def test_an_error_that_will_not_pass_is_raised_as_it_is(make_context: MakeContext, waits: list[float]) -> None:
    ctx = make_context()
    with pytest.raises(ProgrammingError):
        await RetryBackoff(ctx).wait(ProgrammingError("SELECT x", {}, Exception("no such column")))
    assert waits == []
    assert ctx.counters.snapshot() == {}


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("fault", [FAULT, EveryEventRefusedError("the database refuses 17 events in a row")])
async def test_a_fault_is_waited_for_shown_and_logged_once(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    caplog.set_level("INFO")
    ctx = make_context()
    backoff = RetryBackoff(ctx)
    for _ in range(2):
        await backoff.wait(fault)
        assert ctx.counters.snapshot()["database_at_fault"] == 1
    backoff.recovered()
    assert ctx.counters.snapshot() == {"database_unavailable": 0, "database_at_fault": 0, "database_retries": 2}
    await backoff.wait(fault)
    assert [one.levelname for one in caplog.records] == ["ERROR", "INFO", "ERROR"]


@pytest.mark.usefixtures("waits")
async def test_a_database_that_does_not_answer_is_not_at_fault(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    ctx = make_context()
    await RetryBackoff(ctx).wait(LOST)
    assert "database_at_fault" not in ctx.counters.snapshot()
    assert [one.levelname for one in caplog.records] == ["WARNING"]


async def test_recovery_of_what_never_failed_is_no_news(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ctx = make_context()
    RetryBackoff(ctx).recovered()
    assert ctx.counters.snapshot() == {}
    assert not caplog.records


@pytest.mark.usefixtures("waits")
async def test_a_question_is_asked_until_it_is_answered(make_context: MakeContext) -> None:
    ctx, errors = make_context(), [LOST, LOST]

    def ask(number: int) -> int:
        if errors:
            raise errors.pop()
        return number

    assert await until_answered(ctx, ask, 7) == 7
    assert ctx.counters.snapshot() == {"database_retries": 2, "database_unavailable": 0}


async def test_a_stopping_worker_gets_no_answer(make_context: MakeContext) -> None:
    ctx = make_context()

    def ask() -> int:
        raise LOST

    asking = asyncio.ensure_future(until_answered(ctx, ask))
    async with asyncio.timeout(120):
        while not ctx.counters.snapshot().get("database_retries"):
            await asyncio.sleep(0.001)
    assert ctx.counters.snapshot() == {"database_retries": 1, "database_unavailable": 1}
    ctx.stop()
    assert await asyncio.wait_for(asking, 120) is None


async def test_a_database_that_is_silent_is_shown_until_it_answers(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(retry_backoff, "SILENT_SECONDS", 0.01)
    ctx = make_context()
    backoff = RetryBackoff(ctx)
    async with asyncio.timeout(120):
        with backoff.watching():
            while not ctx.counters.snapshot().get("database_unavailable"):
                await asyncio.sleep(0.001)
    assert ctx.counters.snapshot() == {"database_unavailable": 1}
    backoff.recovered()
    assert ctx.counters.snapshot() == {"database_unavailable": 0}
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]


async def test_a_database_that_answers_in_time_is_no_news(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_backoff, "SILENT_SECONDS", 0.01)
    with RetryBackoff(make_context()).watching():
        pass
    await asyncio.sleep(0.05)  # the timer is cancelled: nothing else would show that it does not fire
    assert caplog.records == []


@pytest.mark.usefixtures("waits")
async def test_an_instance_that_lost_its_place_does_not_accuse_the_database(make_context: MakeContext) -> None:
    ctx = make_context()
    await RetryBackoff(ctx).wait(CursorMovedError("moved"))
    assert ctx.counters.snapshot() == {"database_retries": 1, "database_unavailable": 1}


async def test_a_database_is_silent_after_twelve_seconds(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[float] = []
    loop = asyncio.get_running_loop()

    def at_once(seconds: float, report: Callable[[], None]) -> asyncio.Handle:
        delays.append(seconds)
        return loop.call_soon(report)

    monkeypatch.setattr(loop, "call_later", at_once)
    with RetryBackoff(make_context()).watching():
        pass
    assert delays == [12.0]
