# SPDX-License-Identifier: MIT
"""The fleet as one process per worker: each supervised by itself, their memory watched, their messages dispatched."""

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
from decnet_core.runtime.process import LIFELINE
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.fork import cgroup
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.popen_child import popen_child
from decnet_core.supervise.fork.secrets import for_worker
from decnet_core.supervise.fork.supervised_process import SupervisedProcess
from decnet_core.supervise.fork.zygote_client import ZygoteClient
from decnet_core.supervise.logfile import LogFile, StandardError
from decnet_core.supervise.notify_socket import NotifySocket
from decnet_core.supervise.policy import Phase
from decnet_core.supervise.preload import loading
from decnet_core.supervise.settings import SuperviseSettings

_MICROSECONDS = 1_000_000
_EARLY_SECONDS = 30.0
_EARLY_LIMIT = 64
"""Processes whose messages are kept until they are known; any process of our user could send some."""


class ProcessFleet(Fleet):
    """A fleet in which each worker is a process: with an interpreter of its own, or, `forking`, a child of a zygote.

    All inherit the read end of one pipe, their lifeline: when this process is gone, however it ended, they stop.
    """

    def __init__(
        self,
        settings: SuperviseSettings,
        *,
        logs: Path | None,
        environment: Mapping[str, str],
        secrets: Mapping[str, str] = {},  # read only
        place: Callable[[str], str] = worker_registry.entry_point,
        forking: bool = False,
        zygote: socket.socket | None = None,
    ) -> None:
        """`logs` gets a file per worker; None: their output goes to our standard error, as under systemd.

        `secrets` are variables that only those workers get which need them (`supervise.fork.secrets`).
        `zygote` leads to the one that forked this process, if one did.
        """
        super().__init__()
        self._processes: dict[str, SupervisedProcess] = {}
        self._settings = settings
        self._secrets = dict(secrets)
        self._place = place
        self._forking = forking or zygote is not None
        self._channel = zygote
        self._zygote: ZygoteClient | None = None
        self._logs = logs
        self._early: dict[int, tuple[float, dict[str, str]]] = {}
        self._lifeline, self._our_end = os.pipe()
        self._notify = NotifySocket(self._on_notify)
        self._environment = {
            # JOURNAL_STREAM tells a worker that its output goes to the journal, which only our own standard error does.
            **{name: value for name, value in environment.items() if logs is None or name != "JOURNAL_STREAM"},
            "NOTIFY_SOCKET": self._notify.address,
            "WATCHDOG_USEC": str(int(settings.watchdog_seconds * _MICROSECONDS)),
            LIFELINE: str(self._lifeline),
        }

    @property
    def zygote(self) -> int | None:
        if self._channel is not None:
            return os.getppid()
        return self._zygote.pid if self._zygote is not None else None

    async def start(self, names: Iterable[str]) -> None:
        wanted = list(names)
        if self._forking:
            places = [self._place(name) for name in wanted]
            self._zygote = ZygoteClient(places, self._environment, self._logfile("zygote").write, self._channel)
            await self._zygote.open()
        await super().start(wanted)
        self._tasks.spawn(self._watch_budgets(), name="budgets")

    async def reload(self) -> None:
        """Load code and settings again, replacing one worker after the other; one that was given up is tried again."""
        if self._zygote is not None:
            await self._zygote.reload()
        for worker in self._workers.values():
            if worker.status.phase in (Phase.REFUSED, Phase.CRASH_LOOP):
                await worker.restart()
            else:
                await worker.recycle(why="reload")

    async def stop(self) -> None:
        await super().stop()
        if self._zygote is not None:
            await self._zygote.close()
        self._notify.close()
        os.close(self._our_end)
        os.close(self._lifeline)

    async def _watch_budgets(self) -> None:
        """Replace, one at a time, the workers that use more unique memory than they declared."""
        while True:
            await asyncio.sleep(until_beat(self._settings.budget_check_seconds))
            for process in self._processes.values():
                pid, budget, used = process.status.pid, process.budget_bytes, self._used_bytes(process)
                if 0 < budget < used:  # one that declared none cannot exceed it
                    why = f"{used >> 20} MiB used, {budget >> 20} MiB declared"
                    await process.recycle(why=why, instance=pid, outgrown=True)

    def _used_bytes(self, process: SupervisedProcess) -> int:
        """Return the unique memory of a worker, 0 if that cannot be more than its budget.

        The kernel shows that of another user's process to the process itself only, which reports it, and to its cgroup.
        """
        pid, group = process.status.pid, self._environment.get(cgroup.DIRECTORY)
        if group:
            return cgroup.used_bytes(Path(group), process.name)
        if not pid or footprint.resident_of(pid) <= process.budget_bytes:
            return 0
        return footprint.uss_of(pid) or process.reported_bytes

    def _supervised(self, name: str) -> SupervisedProcess:
        self._processes[name] = SupervisedProcess(
            name,
            self._spawn,
            settings=self._settings,
            logfile=self._logfile(name),
            tasks=self._tasks,
            changed=self._publish,
        )
        return self._processes[name]

    async def _spawn(self, name: str, write: Callable[[bytes], None], additions: Mapping[str, str]) -> ChildProcess:
        child = await self._make(name, write, {**self._environment, **additions})
        # Runs after the caller has made the child known.
        asyncio.get_running_loop().call_soon(self._deliver_early, child.pid)
        return child

    async def _make(self, name: str, write: Callable[[bytes], None], environment: Mapping[str, str]) -> ChildProcess:
        own = self._secrets_of(name)
        if self._zygote is not None:
            return await self._zygote.fork(
                name, self._place(name), environment=environment, secrets=own, lifeline=self._lifeline, write=write
            )
        return popen_child(
            [sys.executable, "-m", "decnet_core.supervise.fork.child_main", name, self._place(name)],
            environment={**environment, **own},
            inherit=[self._lifeline],
            write=write,
        )

    def _secrets_of(self, name: str) -> dict[str, str]:
        if not self._secrets:
            return {}
        try:
            return for_worker(loading.at(self._place(name)), self._secrets)
        except loading.BrokenWorkerError:  # it cannot start; its own process says why
            return {}

    def _logfile(self, name: str) -> LogFile | StandardError:
        if self._logs is None:
            return StandardError()
        return LogFile(self._logs / f"{name}.log", limit_bytes=self._settings.log_bytes, files=self._settings.log_files)

    def _on_notify(self, pid: int, fields: Mapping[str, str]) -> None:
        """Pass a message on to the worker whose process sent it, or keep it until that process is known.

        A forked child may be ready before the zygote's reply tells its pid. What is kept expires, because a number can
        be given to another process later.
        """
        for process in self._processes.values():
            if process.knows(pid):
                process.on_notify(pid, fields)
                return
        now = time.monotonic()
        since, earlier = self._early.pop(pid, (now, {}))
        self._early[pid] = (now, {**earlier, **fields} if now - since < _EARLY_SECONDS else dict(fields))
        while len(self._early) > _EARLY_LIMIT:
            del self._early[next(iter(self._early))]

    def _deliver_early(self, pid: int) -> None:
        since, fields = self._early.pop(pid, (0.0, {}))
        if fields and time.monotonic() - since < _EARLY_SECONDS:
            self._on_notify(pid, fields)
