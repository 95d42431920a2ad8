# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio

import pytest

from decnet_core.tasks import TaskEndedError, Tasks


async def forever() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    return


async def broken() -> None:
    raise ValueError("boom")


async def test_a_task_that_ends_unasked_is_an_error() -> None:
    tasks = Tasks("owner")
    tasks.spawn(at_once(), name="short")
    with pytest.raises(TaskEndedError, match=r"owner\.short"):
        await asyncio.wait_for(tasks.failed(), 120)
    await tasks.close()


async def test_a_task_that_raises_fails_its_owner_with_that_error() -> None:
    tasks = Tasks("owner")
    tasks.spawn(broken(), name="broken", may_end=True)
    with pytest.raises(ValueError, match="boom"):
        await asyncio.wait_for(tasks.failed(), 120)
    await tasks.close()


async def test_a_task_that_may_end_is_no_error() -> None:
    tasks = Tasks("owner")
    await tasks.spawn(at_once(), name="short", may_end=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(tasks.failed(), 0.05)
    await tasks.close()


async def test_close_cancels_all_and_leaves_none() -> None:
    tasks = Tasks("owner")
    running = [tasks.spawn(forever(), name=str(number)) for number in range(3)]
    await tasks.close()
    assert all(task.cancelled() for task in running)
    assert len(tasks) == 0


async def test_until_returns_when_asked_and_raises_what_failed_before() -> None:
    asked, tasks = asyncio.Event(), Tasks("owner")
    tasks.spawn(forever(), name="steady")
    asked.set()
    await asyncio.wait_for(tasks.until(asked), 120)
    asked.clear()
    tasks.spawn(broken(), name="broken")
    with pytest.raises(ValueError, match="boom"):
        await asyncio.wait_for(tasks.until(asked), 120)
    await tasks.close()
