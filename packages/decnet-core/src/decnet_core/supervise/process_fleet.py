# SPDX-License-Identifier: MIT
"""The fleet as one process per worker: each started by itself, watched, restarted by the policy, stopped together."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from decnet_core import footprint
from decnet_core.heartbeat_clock import until_beat
from decnet_core.runtime import worker_registry
from decnet_core.runtime.notify import USED
from decnet_core.runtime.process import LIFELINE
from decnet_core.supervise import start_order as order
from decnet_core.supervise.fleet import Listener, Status
from decnet_core.supervise.fork import cgroup
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.popen_child import Child
from decnet_core.supervise.fork.zygote_client import Nursery
from decnet_core.supervise.logfile import LogFile, StandardError
from decnet_core.supervise.notify_socket import SignsOfLife
from decnet_core.supervise.policy import Phase
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.supervised_process import Keeper, environment_of
from decnet_core.tasks import Tasks

_MICROSECONDS = 1_000_000
_EARLY_SECONDS = 30.0
_MOST_EARLY = 64
"""Processes whose signs are kept until they are known; others of our user could send any number."""


class ProcessFleet:
    """Implements `fleet.Fleet`; made inside a running event loop.

    Each worker is a process: with an interpreter of its own, or, `forking`, a child of one warm zygote.

    All hold the read end of one pipe, their lifeline: when this process is gone, however it went, they stop.
    """

    def __init__(
        self,
        settings: SuperviseSettings,
        *,
        logs: Path | None,
        environment: Mapping[str, str],
        place: Callable[[str], str] = worker_registry.entry_point,
        forking: bool = False,
        zygote: socket.socket | None = None,
    ) -> None:
        """`logs` gets a file per worker; None: what they print goes to our standard error, as under systemd.

        `zygote` leads to the one that forked this process, if one did.
        """
        self._settings = settings
        self._place = place
        self._forking = forking or zygote is not None
        self._zygote = zygote
        self._nursery: Nursery | None = None
        self._logs = logs
        self._tasks = Tasks("fleet")
        self._keepers: dict[str, Keeper] = {}
        self._listeners: list[Listener] = []
        self._early: dict[int, tuple[float, dict[str, str]]] = {}
        self._told_bytes: dict[int, int] = {}
        self._lifeline, self._our_end = os.pipe()
        self._signs = SignsOfLife(self._heard)
        self._environment = environment_of(
            environment,
            journald=logs is None,
            NOTIFY_SOCKET=self._signs.address,
            WATCHDOG_USEC=str(int(settings.watchdog_seconds * _MICROSECONDS)),
            **{LIFELINE: str(self._lifeline)},
        )

    @property
    def zygote(self) -> int | None:
        """The pid of the warm parent, where there is one."""
        if self._zygote is not None:
            return os.getppid()
        return self._nursery.pid if self._nursery is not None else None

    async def start(self, names: Iterable[str]) -> None:
        """Start the workers; returns when each is ready or has failed for the first time."""
        wanted = list(names)
        if self._forking:
            self._nursery = Nursery(
                [self._place(name) for name in wanted], self._environment, self._logfile("zygote").write, self._zygote
            )
            await self._nursery.open()
        await order.start(wanted, lambda name: self._start(name).settled)
        self._tasks.spawn(self._watch_budgets(), name="budgets")

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
        """Load the code and the settings anew, replacing one worker after the other; one given up is tried again."""
        if self._nursery is not None:
            await self._nursery.reload()
        for keeper in self._keepers.values():
            if keeper.status.phase in (Phase.REFUSED, Phase.CRASH_LOOP):
                await keeper.restart()
            else:
                await keeper.recycle(why="reload")

    async def _watch_budgets(self) -> None:
        """Replace, one at a time, the workers that hold more memory for themselves than they declared."""
        while True:
            await asyncio.sleep(until_beat(self._settings.budget_check_seconds))
            running = {keeper.status.pid for keeper in self._keepers.values()}
            self._told_bytes = {pid: told for pid, told in self._told_bytes.items() if pid in running}
            for keeper in self._keepers.values():
                pid, used = keeper.status.pid, self._used_bytes(keeper.status, keeper.budget_bytes)
                if 0 < keeper.budget_bytes < used:  # one that declared none cannot outgrow it
                    why = f"{used >> 20} MiB used, {keeper.budget_bytes >> 20} MiB declared"
                    await keeper.recycle(why=why, pid=pid, outgrown=True)

    def _used_bytes(self, status: Status, budget: int) -> int:
        """Return what a worker holds for itself, 0 when that cannot be more than `budget`.

        Of a child of another user only its group, or itself, can tell.
        """
        group = self._environment.get(cgroup.DIRECTORY)
        if group:
            return cgroup.used_bytes(Path(group), status.name)
        if not status.pid or footprint.resident_of(status.pid) <= budget:
            return 0
        return footprint.uss_of(status.pid) or self._told_bytes.get(status.pid, 0)

    async def stop(self) -> None:
        """Stop all workers gracefully, those that do not obey by force; none is left when this returns."""
        await order.stop(self._keepers, lambda name: self._keepers[name].stop())
        await asyncio.gather(*(keeper.finished.wait() for keeper in self._keepers.values()))
        await self._tasks.close()
        if self._nursery is not None:
            await self._nursery.close()
        self._signs.close()
        os.close(self._our_end)
        os.close(self._lifeline)

    def kill(self) -> None:
        """Kill what still runs, at once; `stop` then returns soon."""
        for keeper in self._keepers.values():
            keeper.kill()

    async def failed(self) -> None:
        """Wait for a defect of the supervision itself and raise it; workers' crashes are not one."""
        await self._tasks.failed()

    def _start(self, name: str) -> Keeper:
        keeper = Keeper(
            name,
            self._spawn,
            settings=self._settings,
            logfile=self._logfile(name),
            changed=self._tell,
        )
        self._keepers[name] = keeper
        self._tasks.spawn(keeper.keep(), name=name, may_end=True)
        return keeper

    async def _spawn(self, name: str, write: Callable[[bytes], None], besides: Mapping[str, str]) -> ChildProcess:
        """Start one worker's process, as this fleet makes them."""
        child = await self._make(name, write, {**self._environment, **besides})
        # The caller's next lines, before this callback, make the child known.
        asyncio.get_running_loop().call_soon(self._catch_up, child.pid)
        return child

    async def _make(self, name: str, write: Callable[[bytes], None], environment: Mapping[str, str]) -> ChildProcess:
        if self._nursery is not None:
            return await self._nursery.fork(
                name, self._place(name), environment=environment, lifeline=self._lifeline, write=write
            )
        return Child.spawn(
            [sys.executable, "-m", "decnet_core.supervise.fork.child_main", name, self._place(name)],
            environment=environment,
            inherit=[self._lifeline],
            write=write,
        )

    def _logfile(self, name: str) -> LogFile | StandardError:
        if self._logs is None:
            return StandardError()
        return LogFile(self._logs / f"{name}.log", limit_bytes=self._settings.log_bytes, files=self._settings.log_files)

    def _heard(self, pid: int, signs: Mapping[str, str]) -> None:
        for keeper in self._keepers.values():
            if keeper.knows(pid):
                keeper.hear(pid, signs)
                if signs.get(USED, "").isdecimal():
                    self._told_bytes[pid] = int(signs[USED])
                return
        # A forked child may be ready before we hear that it was forked.
        # What a process said that ended long ago is not what another one says that got its number.
        now = time.monotonic()
        since, said = self._early.pop(pid, (now, {}))
        self._early[pid] = (now, {**said, **signs} if now - since < _EARLY_SECONDS else dict(signs))
        while len(self._early) > _MOST_EARLY:
            del self._early[next(iter(self._early))]

    def _catch_up(self, pid: int) -> None:
        """Pass on what the process said before its keeper knew it."""
        since, signs = self._early.pop(pid, (0.0, {}))
        if signs and time.monotonic() - since < _EARLY_SECONDS:
            self._heard(pid, signs)

    def _tell(self, status: Status) -> None:
        for listener in self._listeners:
            listener(status)
