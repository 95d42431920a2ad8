# SPDX-License-Identifier: MIT
"""Background tasks with a name and an owner; one that ends unasked is an error.

This is the only place that calls `asyncio.create_task`, so no task can be lost, unnamed or silently dead.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from decnet_core.errors import CoreError


class TaskEndedError(CoreError):
    """A background task that should run until it is cancelled ended by itself."""


class Tasks:
    """The background tasks of one owner; `failed` resolves with the first that ends unasked."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failure: asyncio.Future[None] | None = None
        self._closing = False

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str, may_end: bool = False) -> asyncio.Task[Any]:
        """Start `work`; unless `may_end`, its end (by return or by exception) is a failure of the owner.

        With `may_end`, a normal return is fine and an exception is still a failure.
        """
        task = asyncio.create_task(work, name=f"{self._owner}.{name}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, may_end=may_end))
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    async def failed(self) -> None:
        """Wait for the first failure and raise it; cancelled when the owner stops."""
        if self._failure is None:
            self._failure = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._failure)

    async def until(self, asked: asyncio.Event) -> None:
        """Wait until `asked` is set; raises what a task failed with before."""
        waiting, failed = asyncio.ensure_future(asked.wait()), asyncio.ensure_future(self.failed())
        try:
            await asyncio.wait((waiting, failed), return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                failed.result()
        finally:
            waiting.cancel()
            failed.cancel()

    async def close(self) -> None:
        """Cancel all tasks and wait until they are gone."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failure is not None and self._failure.done():
            self._failure.exception()  # seen, so that the loop does not report it as never retrieved

    def _ended(self, task: asyncio.Task[Any], *, may_end: bool) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if self._closing or (error is None and may_end):
            return
        if error is None:
            error = TaskEndedError(f"{task.get_name()} ended by itself")
        if self._failure is None:
            self._failure = asyncio.get_running_loop().create_future()
        if not self._failure.done():
            self._failure.set_exception(error)
