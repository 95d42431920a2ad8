# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from decnet_web.api.reads.threads import Threads

SECONDS = 30


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(2, "test")
    yield made
    made.close()


async def test_a_call_returns_or_raises_what_its_function_does(threads: Threads) -> None:
    def fail() -> None:
        raise LookupError("nothing")

    assert await threads.run(threading.get_ident) != threading.get_ident()
    with pytest.raises(LookupError, match="nothing"):
        await threads.run(fail)
    assert await threads.run(lambda: 5) == 5


async def test_a_thread_is_started_when_the_others_are_busy_up_to_the_limit(threads: Threads) -> None:
    first = {await threads.run(lambda: threading.current_thread().name) for _ in range(3)}
    assert first == {"test_0"}
    together = threading.Barrier(2, timeout=SECONDS)

    def meet() -> str:
        together.wait()
        return threading.current_thread().name

    names = await asyncio.gather(*(threads.run(meet) for _ in range(4)))
    assert {*names} == {"test_0", "test_1"}


async def test_who_stops_waiting_does_not_stop_the_thread(threads: Threads) -> None:
    begun, going = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        going.wait(SECONDS)

    call = asyncio.ensure_future(threads.run(hold))
    while not begun.is_set():
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    going.set()
    assert await threads.run(lambda: 1) == 1


def test_closing_waits_for_what_was_asked(threads: Threads) -> None:
    going, done = threading.Event(), list[int]()

    def hold() -> None:
        going.wait(SECONDS)
        done.append(1)

    async def leave() -> None:
        call = asyncio.ensure_future(threads.run(hold))
        await asyncio.sleep(0)
        call.cancel()

    asyncio.run(leave())
    going.set()
    threads.close()
    assert done == [1]


async def test_an_error_leaves_nothing_to_the_garbage_collector() -> None:
    class Held:
        pass

    kept: list[weakref.ref[Held]] = []

    def fail() -> None:
        held = Held()
        kept.append(weakref.ref(held))
        raise LookupError("nothing")

    threads = Threads(1, "test")
    gc.disable()
    try:
        with contextlib.suppress(LookupError):
            await threads.run(fail)
        await threads.run(lambda: None)  # so the thread is done with the call before
        assert kept[0]() is None
    finally:
        gc.enable()
        threads.close()


async def test_a_thread_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(1, "test")

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            await threads.run(lambda: 1)
    assert await asyncio.wait_for(threads.run(lambda: 1), SECONDS) == 1
    threads.close()
