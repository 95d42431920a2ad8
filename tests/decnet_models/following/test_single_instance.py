# SPDX-License-Identifier: MIT
"""One instance works, another stands by until the first has left or died, and says so."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from decnet_core.runtime.context import Context
from decnet_models.following import single_instance as module
from decnet_models.following.single_instance import single_instance

MakeContext = Callable[..., Context]

HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def enter(ctx: Context) -> bool:
    async with single_instance(ctx) as mine:
        return mine


async def standing_by(ctx: Context) -> None:
    async with asyncio.timeout(120):
        while ctx.counters.snapshot().get("standby") != 1:
            await asyncio.sleep(0.001)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STANDBY_SECONDS", 0.01)


async def test_the_first_one_works_at_once(make_context: MakeContext, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    ctx, before = make_context(), open_descriptors()
    assert await enter(ctx) is True
    assert ctx.counters.snapshot() == {"standby": 0}
    assert not caplog.records
    assert open_descriptors() <= before


@pytest.mark.usefixtures("impatient")
async def test_the_second_one_waits_says_so_once_and_takes_over(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    first, second, tries = make_context(), make_context(), 0
    flock = fcntl.flock

    def counted(descriptor: int, operation: int) -> None:
        nonlocal tries
        tries += 1
        flock(descriptor, operation)

    async with single_instance(first) as mine:
        assert mine
        monkeypatch.setattr(fcntl, "flock", counted)
        waiting = asyncio.ensure_future(enter(second))
        async with asyncio.timeout(120):
            while tries < 5:
                await asyncio.sleep(0.001)
        assert not waiting.done()
        assert second.counters.snapshot() == {"standby": 1}
    assert await asyncio.wait_for(waiting, 120) is True
    assert second.counters.snapshot() == {"standby": 0}
    assert [record.getMessage() for record in caplog.records] == ["another instance is active; standing by"]


async def test_a_standby_that_must_stop_leaves_at_once_and_never_works(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STANDBY_SECONDS", 3600.0)
    first, second = make_context(), make_context()
    async with single_instance(first):
        waiting = asyncio.ensure_future(enter(second))
        await standing_by(second)
        second.stop()
        assert await asyncio.wait_for(waiting, 120) is False


async def test_a_standby_looks_once_a_second(make_context: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_context(), make_context()
    waited: list[float] = []

    async def stop_after_three(waiting: Coroutine[None, None, None], timeout: float) -> None:
        waiting.close()
        waited.append(timeout)
        if len(waited) == 3:
            second.stop()
        raise TimeoutError

    async with single_instance(first):
        monkeypatch.setattr(asyncio, "wait_for", stop_after_three)
        assert await enter(second) is False
    assert waited == [1.0, 1.0, 1.0]


@pytest.mark.usefixtures("impatient")
async def test_the_death_of_a_process_lets_the_standby_in(make_context: MakeContext, tmp_path: Path) -> None:
    ctx = make_context()
    lock = tmp_path / "run" / "w" / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    waiting = asyncio.ensure_future(enter(ctx))
    await standing_by(ctx)
    assert not waiting.done()
    holder.kill()
    holder.communicate()
    assert await asyncio.wait_for(waiting, 120) is True


async def test_a_lock_that_cannot_be_made_is_no_standby(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No locks left (ENOLCK): to wait for another instance would be for ever."""

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OSError, match="No locks"):
        await asyncio.wait_for(enter(make_context()), 30)


async def test_the_lock_file_is_for_owner_and_group(make_context: MakeContext, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await enter(make_context())
    finally:
        os.umask(before)
    assert (tmp_path / "run" / "w" / "lock").stat().st_mode & 0o777 == 0o660
