# SPDX-License-Identifier: MIT
"""The fleet as tasks of one event loop: least memory, no isolation; a crash of one never touches its siblings.

Each worker is hosted exactly as in a process of its own (`runtime.host`) and supervised by the same lifecycle, but
without heartbeats: a worker that blocks the loop blocks its supervisor too (see `stalls`).
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from typing import Any

from decnet_core.exits import Exit, RestartOrdered, StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.process import REFUSALS
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.lifecycle import Lifecycle, Spawn, Status
from decnet_core.supervise.preload import loading
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.stalls import WORKER, Stalls
from decnet_core.supervise.supervised_worker import SupervisedWorker
from decnet_core.tasks import Tasks

log = logging.getLogger(__name__)

LoadWorker = Callable[[str], type[Worker[Any]]]


class SupervisedTask(SupervisedWorker):
    """One worker whose instances are tasks; all have the number of this process, for there is one at a time."""

    def __init__(
        self,
        name: str,
        load: LoadWorker,
        settings: Settings,
        stalls: Stalls,
        *,
        tasks: Tasks,
        changed: Callable[[Status], None],
    ) -> None:
        lifecycle = Lifecycle(name, settings.section("supervise", SuperviseSettings), watchdog=False)
        super().__init__(lifecycle, tasks, changed)
        self._load = load
        self._settings = settings
        self._stalls = stalls
        self._ctx: Context | None = None
        self._task: asyncio.Task[None] | None = None
        self._terminated = False

    async def _run(self, spawn: Spawn) -> tuple[int, int, str]:
        WORKER.set(self.name)
        self._ctx, self._terminated = None, False
        self._task = asyncio.ensure_future(self._host())
        self._spawned(spawn, os.getpid())
        await asyncio.wait((self._task,))
        return os.getpid(), *self._outcome(self._task)

    def _terminate(self, _instance: int, /) -> None:
        self._terminated = True
        if self._ctx is not None:
            self._ctx.stop()

    def _kill(self, _instance: int, /) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _host(self) -> None:
        worker_type = self._load(self.name)
        self._lifecycle.exposed = worker_type.exposed
        worker = worker_type(self._settings.section(self.name, worker_type.Settings))
        self._ctx = await open_context(worker_type, self._settings)
        self._ctx.counters.read_from(lambda: self._stalls.counters_of(self.name))
        if self._terminated:
            self._ctx.stop()
        await Host(worker, self._ctx, hosting="task").run(lambda: self._ready(os.getpid()))

    def _outcome(self, task: asyncio.Task[None]) -> tuple[int, str]:
        """Return the exit code that a process would have ended with, and the reason."""
        if task.cancelled():
            return Exit.CRASHED, "cancelled"
        error = task.exception()
        if error is None:
            return Exit.STOPPED, "ended by itself"
        if isinstance(error, REFUSALS):
            return Exit.STARTUP_FAILED, str(error)
        if isinstance(error, RestartOrdered):
            return Exit.RESTART, str(error)
        log.error("%s: crashed", self.name, exc_info=error)
        return Exit.CRASHED, f"{type(error).__name__}: {error}"


class TaskFleet(Fleet):
    """A fleet in the running event loop."""

    def __init__(self, settings: Settings, stalls: Stalls, *, load: LoadWorker = loading.named) -> None:
        super().__init__()
        self._settings = settings
        self._stalls = stalls
        self._load = load

    async def reload(self) -> None:
        """Restart one worker after the other; the code stays, for this process has loaded it."""
        for worker in self._workers.values():
            await worker.restart()

    def _supervised(self, name: str) -> SupervisedWorker:
        with contextlib.suppress(StartupError):  # imported here, that is no stall of the worker's; it fails again there
            self._load(name)
        return SupervisedTask(name, self._load, self._settings, self._stalls, tasks=self._tasks, changed=self._publish)
