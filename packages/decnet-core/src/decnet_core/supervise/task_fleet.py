# SPDX-License-Identifier: MIT
"""The fleet as tasks of one event loop: least memory, no isolation; a crash of one never touches its siblings.

Each worker is hosted exactly as in a process of its own (`runtime.host`) and restarted by the same policy.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from decnet_core.exits import Exit, StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.writer import SpoolBusyError
from decnet_core.state import StateError
from decnet_core.supervise import start_order as order
from decnet_core.supervise.fleet import Listener, Status
from decnet_core.supervise.policy import Ended, Phase, decide
from decnet_core.supervise.preload import loading
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.stalls import WORKER, Stalls
from decnet_core.tasks import Tasks

log = logging.getLogger(__name__)

_REFUSALS = (StartupError, SettingsError, StateError, SpoolBusyError)


class _Keeper:
    """One worker as a task, started again by the policy."""

    def __init__(
        self,
        name: str,
        load: Callable[[str], type[Worker[Any]]],
        *,
        settings: Settings,
        supervision: SuperviseSettings,
        stalls: Stalls,
        changed: Callable[[Status], None],
    ) -> None:
        self.status = Status(name, Phase.STOPPED)
        self.settled = asyncio.Event()
        self._name = name
        self._load = load
        self._settings = settings
        self._supervision = supervision
        self._stalls = stalls
        self._changed = changed
        self._ctx: Context | None = None
        self._life: asyncio.Task[Any] | None = None
        self._unwanted = asyncio.Event()
        self._wake = asyncio.Event()
        self._ready_at: float | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._cancelled_for = "cancelled"

    async def keep(self) -> None:
        """Run the worker again and again until `stop`."""
        WORKER.set(self._name)
        crashes = starts = 0
        while not self._unwanted.is_set():
            self._set(Phase.STARTING, restarts=starts)
            starts += 1
            ended, reason = await self._live()
            if self._unwanted.is_set():
                break
            if self._wake.is_set():  # a restart was asked for; its end was no crash
                self._wake.clear()
                crashes = 0
                continue
            decision = decide(ended, crashes, random.random(), self._supervision)  # noqa: S311  # jitter
            crashes = decision.crashes
            self._set(decision.phase, reason=reason)
            self.settled.set()
            await self._woken(None if decision.phase.over else decision.delay_seconds)
        self._set(Phase.STOPPED)
        self.settled.set()

    async def restart(self) -> None:
        """Start the worker anew with a clean slate."""
        self.settled.clear()
        self._wake.set()
        self._ask_to_stop()
        await self.settled.wait()

    def stop(self) -> None:
        """End the worker; `keep` then returns."""
        self._unwanted.set()
        self._wake.set()
        self._ask_to_stop()

    def kill(self) -> None:
        """Cancel the worker where it is."""
        if self._life is not None:
            self._life.cancel()

    def _ask_to_stop(self) -> None:
        if self._life is not None and not self._life.done():
            self._set(Phase.STOPPING)
            self._expect(self._supervision.stop_seconds, "not stopped")
        if self._ctx is not None:
            self._ctx.stop()

    async def _live(self) -> tuple[Ended, str]:
        """Run one life from start to end; return how it ended and why."""
        self._ready_at, self._cancelled_for = None, "cancelled"
        self._life = asyncio.ensure_future(self._host())
        self._expect(self._supervision.start_seconds, "not ready")
        await asyncio.wait((self._life,))
        self._expect_nothing()
        self._ctx = None
        ready = 0.0 if self._ready_at is None else time.monotonic() - self._ready_at
        if self._life.cancelled():
            return Ended(Exit.CRASHED, ready), self._cancelled_for
        error = self._life.exception()
        if error is None:
            return Ended(Exit.STOPPED, ready), "ended by itself"
        if isinstance(error, _REFUSALS):
            return Ended(Exit.STARTUP_FAILED, ready), str(error)
        log.error("crashed worker=%s", self._name, exc_info=error)
        return Ended(Exit.CRASHED, ready), f"{type(error).__name__}: {error}"

    async def _host(self) -> None:
        shape = self._load(self._name)
        worker = shape(self._settings.section(self._name, shape.Settings))
        self._ctx = await open_context(shape, self._settings)
        self._ctx.counters.read_from(lambda: self._stalls.counters_of(self._name))
        if self._unwanted.is_set():
            self._ctx.stop()
        await Host(worker, self._ctx, hosting="task").run(self._ready)

    def _ready(self) -> None:
        self._expect_nothing()
        self._ready_at = time.monotonic()
        self._set(Phase.READY)
        self.settled.set()

    def _expect(self, seconds: float, failure: str) -> None:
        """Cancel the worker after `seconds`, and again after as many, for it may hang where it is cancelled, too."""
        self._expect_nothing()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._overdue, seconds, failure)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _overdue(self, seconds: float, failure: str) -> None:
        self._cancelled_for = f"{failure} within {seconds:g} s; cancelled"
        log.warning("worker=%s %s", self._name, self._cancelled_for)
        self.kill()
        self._expect(seconds, failure)

    async def _woken(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()

    def _set(self, phase: Phase, *, reason: str = "", restarts: int | None = None) -> None:
        count = self.status.restarts if restarts is None else restarts
        pid = None if phase.over or phase is Phase.WAITING else os.getpid()
        self.status = Status(self._name, phase, pid, count, reason)
        self._changed(self.status)


class TaskFleet:
    """Implements `fleet.Fleet` in the running event loop."""

    def __init__(
        self,
        settings: Settings,
        stalls: Stalls,
        *,
        load: Callable[[str], type[Worker[Any]]] = loading.named,
    ) -> None:
        self._settings = settings
        self._supervision = settings.section("supervise", SuperviseSettings)
        self._stalls = stalls
        self._load = load
        self._tasks = Tasks("fleet")
        self._keepers: dict[str, _Keeper] = {}
        self._lives: dict[str, asyncio.Task[Any]] = {}
        self._listeners: list[Listener] = []

    @property
    def zygote(self) -> None:
        """There is none."""
        return None

    async def start(self, names: Iterable[str]) -> None:
        """Start the workers; returns when each is ready or has failed for the first time."""
        await order.start(names, lambda name: self._start(name).settled)

    def status(self) -> tuple[Status, ...]:
        """Return the state of each worker, in the order of their start."""
        return tuple(keeper.status for keeper in self._keepers.values())

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with the new status whenever one changes."""
        self._listeners.append(listener)

    async def restart(self, name: str) -> None:
        """Stop the worker if it runs and start it again, also one that was given up; KeyError for an unknown name."""
        await self._keepers[name].restart()

    async def reload(self) -> None:
        """Start one worker after the other anew; the code stays, for this process has loaded it."""
        for keeper in self._keepers.values():
            await keeper.restart()

    async def stop(self) -> None:
        """Stop all workers; none is left when this returns."""
        await order.stop(self._keepers, self._end)
        await self._tasks.close()

    def kill(self) -> None:
        """Cancel what still runs, at once; `stop` then returns soon."""
        for keeper in self._keepers.values():
            keeper.kill()

    async def failed(self) -> None:
        """Wait for a defect of the supervision itself and raise it; workers' crashes are not one."""
        await self._tasks.failed()

    def _start(self, name: str) -> _Keeper:
        with contextlib.suppress(StartupError):  # its life will tell; imported here, it is no stall of the worker's
            self._load(name)
        keeper = _Keeper(
            name,
            self._load,
            settings=self._settings,
            supervision=self._supervision,
            stalls=self._stalls,
            changed=self._tell,
        )
        self._keepers[name] = keeper
        self._lives[name] = self._tasks.spawn(keeper.keep(), name=name, may_end=True)
        return keeper

    async def _end(self, name: str) -> None:
        self._keepers[name].stop()
        await asyncio.wait((self._lives[name],))

    def _tell(self, status: Status) -> None:
        for listener in self._listeners:
            listener(status)
