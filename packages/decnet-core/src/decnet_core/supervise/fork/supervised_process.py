# SPDX-License-Identifier: MIT
"""Supervises one worker as a process: spawns it, reads its sd_notify messages and its output."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import msgspec

from decnet_core.exits import Exit
from decnet_core.net.inherited import close_all
from decnet_core.runtime.notify import BUDGET, EXPOSED, REPLACE, USED
from decnet_core.runtime.parking import REQUEST, WORKED, ParkRequest
from decnet_core.runtime.restarts.handover import SUCCEEDS
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.stored_sockets import CHANNEL
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.socket_store import SocketStore
from decnet_core.supervise.lifecycle import Lifecycle, Spawn, Status
from decnet_core.supervise.logfile import LogFile, StandardError
from decnet_core.supervise.parked.held_sockets import HeldSockets
from decnet_core.supervise.parked.held_watch import HeldWatch
from decnet_core.supervise.parked.spool_watch import SpoolWatch
from decnet_core.supervise.parked.wake_bus import WakeBus
from decnet_core.supervise.parked.waker import Waker
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.supervised_worker import SupervisedWorker
from decnet_core.tasks import Tasks

SpawnChild = Callable[[str, Callable[[bytes], None], Mapping[str, str], Mapping[str, int]], Awaitable[ChildProcess]]
"""Spawns the process of a worker: its name, who receives its output, additions to its environment, and the descriptors
of sockets that were held for it, by name. Raises OSError."""

log = logging.getLogger(__name__)

decode_request = msgspec.json.Decoder(ParkRequest)

_TAIL_BYTES = 4096
_REASON_LIMIT = 300
BACKGROUND_SECONDS = 1.0
"""Between what wakes a worker in the background and its start: by then the others have started and done their part, and
nobody waits for a zygote that prepares something."""
_REFUSED_SECONDS = 1.0
"""Until clients that were turned away are shown, together with those that follow."""


class SupervisedProcess(SupervisedWorker):
    """One worker whose instances are processes, known by their pid."""

    def __init__(
        self,
        name: str,
        spawn: SpawnChild,
        *,
        settings: SuperviseSettings,
        logfile: LogFile | StandardError,
        tasks: Tasks,
        changed: Callable[[Status], None],
        wake_bus: WakeBus | None = None,
        spools: SpoolWatch | None = None,
        woken: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Without `wake_bus` the worker is never parked; `spools` wakes a reader of spools.

        `woken` is called with its name when something has woken it.
        """
        super().__init__(Lifecycle(name, settings, watchdog=True), tasks, changed)
        self.follows: tuple[str, ...] = ()
        """Workers with which it is woken (`Hosted.follows`)."""
        self.background = False
        """Whether nobody waits for it (`Hosted.background`)."""
        self._woken = woken
        self._shows_refused: asyncio.TimerHandle | None = None
        self._delayed: asyncio.TimerHandle | None = None
        self._held = HeldSockets(partial(self.wake, "client"), self._refused)
        self._watch = HeldWatch(partial(self.wake, "file"))
        self._store = SocketStore()
        self._waker: Waker | None = None
        if wake_bus is not None:
            self._waker = Waker(
                name,
                wake_bus,
                tasks,
                wake=self.wake,
                state=self._unheard_state,
                counters=self._parking_counters,
                spools=spools,
            )
        self._spawn = spawn
        self._logfile = logfile
        self._children: dict[int, _Child] = {}

    @property
    def budget_bytes(self) -> int:
        """The memory budget that the current process has declared; 0 until it has."""
        child = self._children.get(self.status.pid or 0)
        return child.budget_bytes if child else 0

    @property
    def reported_bytes(self) -> int:
        """The unique memory that the current process has last reported; 0 if that is within its budget."""
        child = self._children.get(self.status.pid or 0)
        return child.reported_bytes if child else 0

    @property
    def delayed(self) -> bool:
        """Whether it is parked, but will be woken in a moment."""
        return self._delayed is not None

    def knows(self, pid: int) -> bool:
        return pid in self._children

    def on_notify(self, pid: int, fields: Mapping[str, str], descriptors: Sequence[int] = ()) -> None:
        """Handle an sd_notify message from process `pid`; the descriptors that came with it are ours.

        A heartbeat counts as READY=1 too, which can get lost while this process is suspended: workers send READY=1
        first.
        """
        self._children[pid].note(fields)
        if REQUEST in fields:
            self._asked_to_be_parked(pid, fields[REQUEST], descriptors)
        elif "FDSTORE" in fields or "FDSTOREREMOVE" in fields:
            self._store.on_notify(fields, descriptors)
            self._lifecycle.unkept(self._store.refused)
        else:
            close_all(descriptors)
        if REPLACE in fields:
            leaner = self.recycle(why="it asked for a process that holds less", instance=pid)
            self._tasks.spawn(leaner, name=f"{self.name} replaced", may_end=True)
        if WORKED in fields:
            self._lifecycle.worked(pid)
        if EXPOSED in fields:
            self._lifecycle.exposed = fields[EXPOSED] == "1"
        if "STANDBY" in fields:
            self._carry_out(self._lifecycle.standing_by(pid, self._now()))
        elif "READY" in fields or "WATCHDOG" in fields:
            self._ready(pid)
        else:
            self._carry_out(self._lifecycle.heartbeat(pid, self._now()))

    def wake(self, by: str, *, called: bool = True) -> None:
        """Start the worker if it is parked, one in the background a moment later; the rest is that of `Lifecycle.wake`.

        Until then it counts as parked. One that is about to be parked is woken when it is.
        """
        if not self.background:
            self._wake(by, called)
        elif self._delayed is None:
            self._delayed = asyncio.get_running_loop().call_later(BACKGROUND_SECONDS, self._wake, by, called)

    def _wake(self, by: str, called: bool) -> None:
        self._delayed = None
        actions = self._lifecycle.wake(by, called=called)
        self._carry_out(actions)
        if actions:
            self._woken(self.name)

    def missed(self) -> None:
        """Wake the worker if it is parked: something that should have woken it may have been lost."""
        if self._waker is not None:
            self._waker.changed()

    async def stop(self) -> None:
        """End the worker for good; no process of it is left when this returns."""
        await super().stop()
        for timer in (self._shows_refused, self._delayed):
            if timer is not None:
                timer.cancel()
        self._held.release()
        self._watch.release()
        self._store.clear()
        self._logfile.close()

    async def _run(self, spawn: Spawn) -> tuple[int, int, str]:
        child = _Child(self._logfile)
        environment = {} if spawn.succeeds is None else {SUCCEEDS: str(spawn.succeeds)}
        child.process = await self._started(child.take_output, environment)
        pid = child.process.pid
        self._children[pid] = child
        self._spawned(spawn, pid)
        code = await child.process.wait()
        del self._children[pid]
        if code == Exit.STARTUP_FAILED:  # nobody will serve them soon
            self._store.clear()
        return pid, code, child.reason(code)

    async def _started(self, write: Callable[[bytes], None], environment: Mapping[str, str]) -> ChildProcess:
        """Spawn a process and give it what is held for the worker."""
        if not len(self._store):
            return await self._spawn(self.name, write, environment, self._held.descriptors)
        with self._store.channel() as channel:
            descriptors = {**self._held.descriptors, CHANNEL: channel.fileno()}
            return await self._spawn(self.name, write, environment, descriptors)

    def _asked_to_be_parked(self, pid: int, text: str, descriptors: Sequence[int]) -> None:
        request = None
        with contextlib.suppress(msgspec.DecodeError):
            request = decode_request.decode(text)
        # One whose sockets did not all come, for want of room, would be parked with closed ports.
        complete = request is not None and len(descriptors) == len(request.sockets) + request.watched
        if request is None or not complete or self._waker is None or not self._waker.grants(request):
            close_all(descriptors)
            return
        self._carry_out(self._lifecycle.park(pid, request.due, self._now(), worked=request.worked))
        self.follows, self.background = request.follows, request.background
        if self._lifecycle.parking:
            self._hold(request, descriptors)
        else:
            close_all(descriptors)

    def _hold(self, request: ParkRequest, descriptors: Sequence[int]) -> None:
        if request.watched and descriptors:
            *descriptors, watch = descriptors
            try:
                self._watch.hold(watch)
            except OSError as error:
                log.warning("%s: its watch cannot be held: %s", self.name, error.strerror)
                self.wake("file")
        self._held.hold(request.sockets, descriptors)

    def _refused(self, clients: int) -> None:
        self._lifecycle.refused(clients)
        if self._shows_refused is None:  # strangers must not make the supervisor write its status file all the time
            self._shows_refused = asyncio.get_running_loop().call_later(_REFUSED_SECONDS, self._show_refused)

    def _show_refused(self) -> None:
        self._shows_refused = None
        self._publish()

    def _parking_counters(self) -> dict[str, float]:
        status = self.status
        return {"wakes": status.wakes, "idle_wakes": status.idle_wakes, "clients_refused": status.refused}

    def _unheard_state(self) -> str:
        """Return what to answer in the worker's place; empty while it does so itself."""
        if self._lifecycle.parking:
            return "parked"
        return "starting" if self.status.phase is Phase.STARTING else ""

    def _ready(self, instance: int) -> None:
        was = self.status.phase
        super()._ready(instance)
        if self._waker is not None and was is not self.status.phase is Phase.READY:
            self._held.release()
            self._watch.release()
            self._waker.runs()

    def _terminate(self, instance: int, /) -> None:
        self._children[instance].process.terminate()

    def _kill(self, instance: int, /) -> None:
        self._children[instance].process.kill()


class _Child:
    """One process and what it has reported."""

    process: ChildProcess

    def __init__(self, logfile: LogFile | StandardError) -> None:
        self.budget_bytes = 0
        self.reported_bytes = 0
        self._logfile = logfile
        self._last_status = ""
        self._tail = b""

    def note(self, fields: Mapping[str, str]) -> None:
        if fields.get(BUDGET, "").isdecimal():
            self.budget_bytes = int(fields[BUDGET])
        if fields.get(USED, "").isdecimal():
            self.reported_bytes = int(fields[USED])
        self._last_status = fields.get("STATUS", self._last_status)[:_REASON_LIMIT]

    def take_output(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        self._logfile.write(data)

    def reason(self, code: int) -> str:
        """Return why the process has exited with `code`: its own words where it has left some."""
        if code == Exit.STARTUP_FAILED and self._last_status:
            return self._last_status
        if code < 0:
            return f"killed by {_signal_name(-code)}"
        lines = self._tail.decode("utf-8", "backslashreplace").strip().splitlines()
        last = lines[-1].rpartition(" | ")[2].strip('"') if lines else ""
        return f"exit code {code}: {last}"[:_REASON_LIMIT] if last else f"exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
