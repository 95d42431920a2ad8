# SPDX-License-Identifier: MIT
"""Played on the test's own event loop, with clients that burn processor time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine
from time import thread_time
from typing import Any

import pytest

from decnet_core.supervise.stalls import STALL_SECONDS, Stalls, watched
from decnet_decoys.processor import scheduler as module
from decnet_decoys.processor import turn
from decnet_decoys.processor.scheduler import LoopScheduler, context_of, install


@pytest.fixture
async def scheduler() -> AsyncIterator[LoopScheduler]:
    one = install()
    yield one
    one.uninstall()


def spawn(scheduler: LoopScheduler, address: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return context_of(scheduler.account("http", "web-01", address)).run(asyncio.create_task, work)


def burn(seconds: float) -> None:
    until = thread_time() + seconds
    while thread_time() < until:
        pass


async def burning(log: list[str], name: str, steps: int, seconds: float = 0.002) -> None:
    for _ in range(steps):
        burn(seconds)
        log.append(name)
        await asyncio.sleep(0)


async def test_a_new_client_is_served_before_one_that_has_used_much(scheduler: LoopScheduler) -> None:
    log: list[str] = []
    busy = [spawn(scheduler, "192.0.2.1", burning(log, "busy", 60)) for _ in range(20)]
    while len(log) < 200:
        await asyncio.sleep(0)
    await spawn(scheduler, "198.51.100.1", burning(log, "new", 5))
    meanwhile = log[log.index("new") :].count("busy")
    assert meanwhile < 5 * 20 / 2  # in the order of arrival it were 20 for each of its steps
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)


async def test_a_client_that_has_used_much_is_not_starved_by_new_ones(scheduler: LoopScheduler) -> None:
    log: list[str] = []
    await spawn(scheduler, "192.0.2.1", burning(log, "old", 100))
    crowd = [
        spawn(scheduler, f"198.51.{number}.{each}", burning(log, "new", 40)) for number in range(10) for each in (1, 2)
    ]
    while log.count("new") < 100:
        await asyncio.sleep(0)
    del log[:]
    await spawn(scheduler, "192.0.2.1", burning(log, "old", 5))
    assert log.count("new") < 20 * 40 / 2  # before each of the crowd has used as much
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_all_that_waits_is_done_in_order(scheduler: LoopScheduler) -> None:
    context = context_of(scheduler.account("http", "web-01", "192.0.2.1"))
    done: list[int] = []

    def step(number: int) -> None:
        burn(0.0005)
        done.append(number)

    loop = asyncio.get_running_loop()
    for number in range(300):
        loop.call_soon(step, number, context=context)
    while len(done) < 300:
        await asyncio.sleep(0)
    assert done == list(range(300))
    assert scheduler.counters()["decoys_deferred"] > 100


async def test_what_is_cancelled_while_it_waits_does_not_run(scheduler: LoopScheduler) -> None:
    context = context_of(scheduler.account("http", "web-01", "192.0.2.1"))
    done: list[int] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(burn, 0.1, context=context)
    handles = [loop.call_soon(done.append, number, context=context) for number in range(10)]
    await asyncio.sleep(0)  # burnt; the others wait now
    handles[3].cancel()
    while len(done) < 9:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == [0, 1, 2, 4, 5, 6, 7, 8, 9]


async def test_the_worker_itself_never_waits(scheduler: LoopScheduler) -> None:
    log: list[str] = []
    busy = [spawn(scheduler, "192.0.2.1", burning(log, "busy", 30)) for _ in range(20)]
    while len(log) < 100:
        await asyncio.sleep(0)
    before = len(log)
    await asyncio.sleep(0)
    assert len(log) - before <= 4  # one turn, not one of each
    await asyncio.gather(*busy)


async def test_a_stretch_that_is_too_long_is_counted_and_blamed(
    scheduler: LoopScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def greedy() -> None:
        burn(2 * turn.LONGEST_SECONDS)
        await asyncio.sleep(0)

    await spawn(scheduler, "192.0.2.1", greedy())
    await spawn(scheduler, "192.0.2.1", greedy())
    counters = scheduler.counters()
    assert counters["decoys_stretches"] == 2
    assert counters["longest_stretch_ms"] >= 2000 * turn.LONGEST_SECONDS
    assert len(caplog.records) == 1  # the log is not for an attacker to fill
    assert "greedy" in caplog.text
    assert "http web-01 from 192.0.2.1" in caplog.text


async def test_waiting_is_not_a_stretch(scheduler: LoopScheduler) -> None:
    await spawn(scheduler, "192.0.2.1", asyncio.sleep(3 * turn.LONGEST_SECONDS))
    assert scheduler.counters()["decoys_stretches"] == 0


async def test_nobody_is_blamed_for_what_the_loop_does_between_callbacks(
    scheduler: LoopScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # no callback runs in it
    select = selector.select

    def select_long(timeout: float | None) -> Any:
        burn(2 * turn.LONGEST_SECONDS)
        return select(timeout)

    monkeypatch.setattr(selector, "select", select_long)
    for clocked in (turn, module):  # other processes must not make the callback itself take long
        monkeypatch.setattr(clocked, "perf_counter", thread_time)
    await spawn(scheduler, "192.0.2.1", asyncio.sleep(0))
    monkeypatch.undo()
    counters = scheduler.counters()
    assert (counters["decoys_stretches"], counters["decoys_stretches_own"]) == (0, 0)
    assert counters["longest_stretch_ms"] < 1000 * turn.LONGEST_SECONDS


async def test_a_loop_that_asks_gives_way_in_time(scheduler: LoopScheduler) -> None:
    async def polite() -> None:
        until = thread_time() + 0.3
        while thread_time() < until:
            if turn.is_over():
                await asyncio.sleep(0)

    await spawn(scheduler, "192.0.2.1", polite())
    assert scheduler.counters()["decoys_stretches"] == 0
    assert scheduler.counters()["longest_stretch_ms"] > 0


async def test_another_watch_of_the_loop_goes_on_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    own, seen = asyncio.Handle._run, []

    def watched(handle: asyncio.Handle) -> None:
        seen.append(handle)
        own(handle)

    monkeypatch.setattr(asyncio.Handle, "_run", watched)
    scheduler = install()
    await spawn(scheduler, "192.0.2.1", burning([], "busy", 50))
    assert len(seen) >= 50
    scheduler.uninstall()
    assert asyncio.Handle._run is watched


async def test_a_stall_of_one_who_has_to_wait_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    blamed: list[float] = []
    monkeypatch.setattr(Stalls, "blame", lambda _self, _worker, seconds: blamed.append(seconds))
    with watched():
        scheduler = install()
        account = scheduler.account("http", "web-01", "192.0.2.1")
        account.charge(1.0, asyncio.get_running_loop().time())
        waiting = asyncio.Event()
        for step in (lambda: time.sleep(5 * STALL_SECONDS), waiting.set):
            asyncio.get_running_loop().call_soon(step, context=context_of(account))
        await waiting.wait()
        await asyncio.sleep(0)
        scheduler.uninstall()
    assert scheduler.deferred == 2
    assert len([seconds for seconds in blamed if seconds >= 5 * STALL_SECONDS]) == 1


async def test_uninstalling_runs_what_waits_and_leaves_asyncio_as_it_was() -> None:
    own = asyncio.Handle._run
    first, second = install(), install()
    assert first is second
    done: list[int] = []
    context = context_of(first.account("http", "web-01", "192.0.2.1"))
    loop = asyncio.get_running_loop()
    loop.call_soon(burn, 0.1, context=context)
    for number in range(50):
        loop.call_soon(done.append, number, context=context)
    await asyncio.sleep(0)
    first.uninstall()
    assert asyncio.Handle._run is module._dispatch
    second.uninstall()
    await asyncio.sleep(0)
    assert done == list(range(50))
    assert asyncio.Handle._run is own


async def test_tasks_that_wait_go_on_when_a_task_uninstalls() -> None:
    scheduler = install()
    log: list[str] = []
    tasks = [spawn(scheduler, "192.0.2.1", burning(log, "busy", 30)) for _ in range(5)]
    while not scheduler.deferred:
        await asyncio.sleep(0)
    scheduler.uninstall()
    await asyncio.wait_for(asyncio.gather(*tasks), 120)
    assert len(log) == 150
