# SPDX-License-Identifier: MIT
"""The fleet as one process per worker: each supervised by itself, their memory watched, their messages dispatched."""

import asyncio
import functools
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from decnet_core import footprint
from decnet_core.bus.subjects import LOST, Lost
from decnet_core.runtime import worker_registry
from decnet_core.runtime.parking import PARKS
from decnet_core.runtime.process import LIFELINE
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.worker_registry import ALONE
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.fork import cgroup
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.early_messages import EarlyMessages, Message
from decnet_core.supervise.fork.popen_child import interpreter_child
from decnet_core.supervise.fork.secrets import chosen
from decnet_core.supervise.fork.supervised_process import SupervisedProcess
from decnet_core.supervise.fork.zygote_client import ZygoteClient
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.logfile import LogFile, StandardError
from decnet_core.supervise.notify_socket import NotifySocket
from decnet_core.supervise.parked.down_orders import DownOrders
from decnet_core.supervise.parked.spool_watch import SpoolWatch
from decnet_core.supervise.parked.wake_bus import Connect, WakeBus
from decnet_core.supervise.preload import loading
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.timing.heartbeat_clock import until_beat

SUPERVISOR = "supervise"
"""The supervisor's name on the bus."""
log = logging.getLogger(__name__)

DATABASE = "database"
"""The zygote of workers that open the database."""

_WITHOUT_PROCESS = (Phase.PARKED, Phase.REFUSED, Phase.STOPPED)
_MICROSECONDS = 1_000_000
_EARLY_SECONDS, _EARLY_WOKEN_SECONDS = 60.0, 3.0
"""A worker that was forked before its zygote was prepared, and still runs this long after, is replaced by one that
takes less memory. One that was woken sooner: it stays for `park_seconds` at least, while of those that start with the
fleet most are parked, and all at once."""

_DOWN = frozenset({Phase.REFUSED, Phase.CRASH_LOOP})
_ENDED = frozenset({Phase.WAITING, Phase.REFUSED, Phase.CRASH_LOOP})


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
        zygote_of: Callable[[str], str] = worker_registry.zygote_of,
        forking: bool = False,
        zygote: socket.socket | None = None,
        connect_bus: Connect | None = None,
        spools: Path | None = None,
    ) -> None:
        """`logs` gets a file per worker; None: their output goes to our standard error, as under systemd.

        `secrets` are variables that only those workers get which need them (`supervise.fork.secrets`).
        `zygote` leads to the one that forked this process, if one did. `zygote_of` names the one that forks a worker,
        itself a child of that; empty: that itself.
        `connect_bus` connects to the bus that wakes parked workers; without it, or without a zygote, none is parked: an
        interpreter of its own takes too long to start. `spools` is where parked readers' spools are watched.
        """
        super().__init__()
        self._processes: dict[str, SupervisedProcess] = {}
        self._settings = settings
        self._secrets = dict(secrets)
        self._place = place
        self._forking = forking or zygote is not None
        self._channel = zygote
        self._zygote_of = functools.cache(zygote_of)  # the registry looks for what is installed each time
        self._zygotes: dict[str, ZygoteClient] = {}
        self._former: list[ZygoteClient] = []
        """Those of before a reload that still have workers; closed by the next reload that replaces them."""
        self._logs = logs
        self._early = EarlyMessages()
        self._lifeline, self._our_end = os.pipe()
        self._notify = NotifySocket(self._on_notify)
        self._wake_bus = None
        self._replacing = asyncio.Lock()
        self._opened = asyncio.Event()
        """Set once the first zygote can fork."""
        self._beside = 0
        """How many processes that are no workers the database's zygote has forked."""
        self._down_orders: DownOrders | None = None
        if self._forking and connect_bus is not None:
            self._wake_bus = WakeBus(connect_bus, self._tasks, self._wake_all)
            self._down_orders = DownOrders(self._wake_bus, self._tasks, self._restart_down)
        self._spools = SpoolWatch(spools) if spools is not None else None
        self._environment = {
            # JOURNAL_STREAM tells a worker that its output goes to the journal, which only our own standard error does.
            **{name: value for name, value in environment.items() if logs is None or name != "JOURNAL_STREAM"},
            "NOTIFY_SOCKET": self._notify.address,
            "WATCHDOG_USEC": str(int(settings.watchdog_seconds * _MICROSECONDS)),
            LIFELINE: str(self._lifeline),
            PARKS: str(int(self._wake_bus is not None)),
        }

    @property
    def zygotes(self) -> dict[str, int]:
        """The pids of the zygotes that run, by name."""
        return {name: zygote.pid for name, zygote in self._zygotes.items() if zygote.pid is not None}

    async def start(self, names: Iterable[str]) -> None:
        wanted = list(names)
        if self._forking:
            self._make_zygotes(wanted)
            await self._zygotes[""].open()
            self._opened.set()
        await super().start(wanted)
        self._announce_loss(SUPERVISOR)  # perhaps another was killed before this
        self._tasks.spawn(self._watch_budgets(), name="budgets")

    async def spawn_beside(
        self,
        name: str,
        place: str,
        environment: Mapping[str, str],
        handed: Mapping[str, int],
        write: Callable[[bytes], None],
        *,
        resident: bool,
    ) -> ChildProcess:
        if not self._forking:
            return await super().spawn_beside(name, place, environment, handed, write, resident=resident)
        await self._opened.wait()
        zygote = "" if resident or DATABASE not in self._zygotes else DATABASE
        child = await self._zygotes[zygote].fork(
            name, place, environment=environment, lifeline=self._lifeline, write=write, sockets=handed
        )
        if zygote:
            self._beside += 1
            self._tasks.spawn(self._until_ended(child, zygote), name=name, may_end=True)
        return child

    async def _until_ended(self, child: ChildProcess, zygote: str) -> None:
        await child.wait()
        self._beside -= 1
        await self._close_unneeded(zygote)

    async def reload(self) -> None:
        """Load code and settings again, replacing one worker after the other; one that was given up is tried again."""
        if self._forking:
            await self._zygotes[""].reload()
            self._former += [zygote for name, zygote in self._zygotes.items() if name]
            self._zygote_of.cache_clear()
            self._make_zygotes(self._workers)  # with the code that is installed now
        for worker in self._workers.values():
            if worker.status.phase in (Phase.REFUSED, Phase.CRASH_LOOP, Phase.PARKED):
                await worker.restart()
            else:
                await worker.recycle(why="reload")
        for zygote in tuple(self._former):
            if zygote.has_children:  # a worker whose successor did not start runs on
                self._tasks.spawn(self._close_former(zygote), name="zygote of before a reload", may_end=True)
            else:
                await self._close_former(zygote)

    async def _close_former(self, zygote: ZygoteClient) -> None:
        """End a zygote of before a reload once it has no children."""
        await zygote.until_childless()
        if zygote in self._former:  # `stop` ends it, too
            self._former.remove(zygote)
            await zygote.close()

    async def stop(self) -> None:
        await super().stop()
        if self._spools is not None:
            self._spools.close()
        if self._wake_bus is not None:
            await self._wake_bus.close()
        for zygote in (*self._former, *reversed(self._zygotes.values())):  # the first has forked the others
            await zygote.close()
        self._notify.close()
        self._early.clear()
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

    async def _replace_early(self, process: SupervisedProcess, pid: int, zygote: ZygoteClient) -> None:
        """Replace a worker that was forked before its zygote was prepared, one at a time, unless it ends before."""
        await asyncio.sleep(_EARLY_WOKEN_SECONDS)
        if not process.status.wakes:
            await asyncio.sleep(_EARLY_SECONDS - _EARLY_WOKEN_SECONDS)
        while pid in zygote.early:
            async with self._replacing:
                if process.status.phase is Phase.READY and process.status.pid == pid:
                    try:
                        await self._prepare_for(process)
                    except OSError as error:
                        log.warning("the zygote was not prepared: %s", error)
                    else:
                        await process.recycle(why="it was forked early", instance=pid)
            await asyncio.sleep(_EARLY_SECONDS)

    async def _prepare_for(self, process: SupervisedProcess) -> None:
        """Have a worker's zygote prepared for it and for all others that run: see `Prepare`. Raises OSError."""
        zygote = self._zygote_of(process.name)
        running = (one for one in self._processes.values() if one.delayed or one.status.phase not in _WITHOUT_PROCESS)
        names = (one.name for one in (process, *running) if self._zygote_of(one.name) == zygote)
        await self._forked_by(process.name).prepare({self._place(name) for name in names})  # after a reload another

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
            wake_bus=self._wake_bus,
            spools=self._spools,
            woken=self._wake_followers,
        )
        return self._processes[name]

    def _publish(self, status: Status) -> None:
        super()._publish(status)
        self._hear_orders(status)
        if status.phase in _ENDED:  # it may have died between a commit and its nudge; and `webhook` tells of it
            self._wake_all()
            self._announce_loss(status.name)
        if status.phase is Phase.PARKED and (zygote := self._zygote_of(status.name)) not in ("", ALONE):
            self._tasks.spawn(self._close_unneeded(zygote), name=f"zygote {zygote}", may_end=True)

    def _hear_orders(self, status: Status) -> None:
        """Listen to orders for a worker while it is down for good."""
        if self._down_orders is None:
            return
        if status.phase in _DOWN:
            self._down_orders.begin(status.name)
        else:
            self._down_orders.end(status.name)

    def _restart_down(self, name: str) -> None:
        self._tasks.spawn(self.restart(name), name=f"restart {name}", may_end=True)

    def _announce_loss(self, name: str) -> None:
        """Tell the other supervisors that a nudge of `name` may be lost: their parked workers shall look."""
        if self._wake_bus is not None:
            lost = self._wake_bus.announce(LOST.of(name), msgspec.json.encode(Lost(os.getpid())))
            self._tasks.spawn(lost, name=f"lost {name}", may_end=True)

    def _wake_followers(self, name: str) -> None:
        """Wake the workers for which there is usually work after that of `name`, so that they start meanwhile."""
        for process in self._processes.values():
            if name in process.follows:
                process.wake(f"with {name}", called=False)

    def _wake_all(self) -> None:
        for process in self._processes.values():
            process.missed()

    async def _spawn(
        self,
        name: str,
        write: Callable[[bytes], None],
        additions: Mapping[str, str],
        sockets: Mapping[str, int] = {},  # read only
    ) -> ChildProcess:
        child = await self._make(name, write, {**self._environment, **additions}, sockets)
        # Runs after the caller has made the child known.
        asyncio.get_running_loop().call_soon(self._deliver_early, child.pid)
        return child

    async def _make(
        self, name: str, write: Callable[[bytes], None], environment: Mapping[str, str], sockets: Mapping[str, int]
    ) -> ChildProcess:
        own = self._secrets_of(name)
        if self._forking:
            zygote, process = self._forked_by(name), self._processes[name]
            if process.background:
                await self._prepare_for(process)
            child = await zygote.fork(
                name,
                self._place(name),
                environment=environment,
                secrets=own,
                sockets=sockets,
                lifeline=self._lifeline,
                write=write,
            )
            if child.pid in zygote.early:
                replacing = self._replace_early(process, child.pid, zygote)
                self._tasks.spawn(replacing, name=f"{name} forked early", may_end=True)
            return child
        return interpreter_child(
            name,
            self._place(name),
            environment={**environment, **own},
            handed=sockets,
            inherit=[self._lifeline],
            write=write,
        )

    def _make_zygotes(self, names: Iterable[str]) -> None:
        """Make clients of the zygotes that fork these workers, except of the first where there is one already."""
        places: dict[str, list[str]] = {"": [], ALONE: []}
        for name in names:
            places.setdefault(self._zygote_of(name), []).append(self._place(name))
        write = self._logfile("zygote").write
        first = self._zygotes.get("") or ZygoteClient(places.pop(""), self._environment, write, self._channel)
        places.pop("", None)
        del places[ALONE]
        self._zygotes = {"": first}
        for name, of_name in places.items():
            self._zygotes[name] = ZygoteClient(
                of_name, self._environment, write, name=name, parent=first, lifeline=self._lifeline
            )

    def _forked_by(self, name: str) -> ZygoteClient:
        zygote = self._zygote_of(name)
        return self._zygotes["" if zygote == ALONE else zygote]

    async def _close_unneeded(self, zygote: str) -> None:
        """End a zygote whose workers are all parked, or down for good."""
        of_it = [worker for name, worker in self._workers.items() if self._zygote_of(name) == zygote]
        unneeded = not self._beside and all(worker.status.phase in _WITHOUT_PROCESS for worker in of_it)
        if unneeded and not self._zygotes[zygote].asked:  # one that is being woken counts as parked until it is forked
            await self._zygotes[zygote].close()

    def _secrets_of(self, name: str) -> dict[str, str]:
        if not self._secrets:
            return {}
        if zygote := self._zygote_of(name):  # to import it here would cost this process the library
            return chosen(name, self._secrets, database=zygote == DATABASE)
        try:
            worker = loading.at(self._place(name))
            return chosen(name, self._secrets, database=worker.database)
        except loading.BrokenWorkerError:  # it cannot start; its own process says why
            return {}

    def _logfile(self, name: str) -> LogFile | StandardError:
        if self._logs is None:
            return StandardError()
        return LogFile(self._logs / f"{name}.log", limit_bytes=self._settings.log_bytes, files=self._settings.log_files)

    def _on_notify(self, pid: int, fields: Mapping[str, str], descriptors: Sequence[int] = ()) -> None:
        """Pass a message on to the worker whose process sent it, or keep it until that process is known."""
        for process in self._processes.values():
            if process.knows(pid):
                for message in (*self._early.take(pid), Message(fields, descriptors)):  # in the order that they came
                    process.on_notify(pid, *message)
                return
        self._early.keep(pid, Message(fields, descriptors))

    def _deliver_early(self, pid: int) -> None:
        for message in self._early.take(pid):
            self._on_notify(pid, *message)
