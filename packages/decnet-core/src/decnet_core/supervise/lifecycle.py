# SPDX-License-Identifier: MIT
"""The life of one supervised worker as a state machine: events in, actions out; no clock, process or task of its own.

Every method that takes an event takes the time too, in seconds of any monotonic clock, and returns what the driver
(`supervised_worker`) has to do. An *instance* is one run of the worker, a process or a task, known by a number. There
is one at a time. Only while it is being replaced does a second one exist, its successor, which stands by
(`runtime.handover`) until the first has ended. A worker that has nothing to do can be *parked*: it has no instance
until something wakes it (`supervise.parked`).
"""

import random
from collections.abc import Callable

import msgspec

from decnet_core.exits import Exit
from decnet_core.runtime.restarts.policy import Ended, Phase, decide
from decnet_core.supervise.settings import SuperviseSettings

_LATE_SECONDS = 1.0
"""A timer this late means that this process was not running either (SIGSTOP, suspend), so silence proves nothing."""


class Status(msgspec.Struct, frozen=True):
    """One worker, as its supervisor sees it."""

    name: str
    phase: Phase
    pid: int | None = None
    restarts: int = 0
    """How often it was started again after it ended; a graceful replacement is no restart."""
    reason: str = ""
    """Why it is not running, one line for the operator; may quote the worker's output, so escape it before display."""
    recycled: int = 0
    """How often it was replaced because it exceeded its memory budget."""
    wakes: int = 0
    """How often it was started because something woke it while it was parked."""
    woken_by: str = ""
    """What did so last: the subject of a message, `client`, `spool`, `file`, `due` (see there), `missed` (something may
    have been), or `with NAME`, another worker."""
    idle_wakes: int = 0
    """Of these, how often by a message or a client though it had nothing to do until it was parked again."""
    refused: int = 0
    """Connections and datagrams that were turned away because it did not come up (`parked.held_sockets`)."""
    unkept_sockets: int = 0
    """Sockets that it wanted to be kept for its next process, but for which there was no room (`fork.socket_store`)."""
    due: float | None = None
    """When it looks for work by itself while it is parked, in seconds of the clock that the lifecycle is given."""


class Spawn(msgspec.Struct, frozen=True):
    """Start an instance; answer with `spawned` or `spawn_failed`, and after `spawned` with `exited`."""

    succeeds: int | None = None
    """The instance that it will replace."""


class Terminate(msgspec.Struct, frozen=True):
    instance: int


class Kill(msgspec.Struct, frozen=True):
    instance: int
    reason: str = ""
    """What it did not do in time."""


Action = Spawn | Terminate | Kill


class Lifecycle:
    """Decides when a worker's instances start and end. After each event, look at the public attributes too."""

    def __init__(
        self,
        name: str,
        settings: SuperviseSettings,
        *,
        watchdog: bool,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """With `watchdog`, a ready instance must send heartbeats; `jitter` returns numbers in [0, 1)."""
        self.status = Status(name, Phase.STOPPED)
        self.settled = False
        """Whether the worker has become ready, or has failed, since it was last started."""
        self.exposed = False
        """Whether attackers can reach the worker (see `policy`)."""
        self.replaced: bool | None = False
        """Whether the last `recycle` replaced the instance; None while that is undecided."""
        self._settings = settings
        self._watchdog = watchdog
        self._jitter = jitter
        self._current: int | None = None
        self._successor: int | None = None
        self._unneeded: set[int] = set()  # killed successors that have not exited yet
        self._pending: Spawn | None = None  # not answered yet
        self._due: float | None = None  # of the current instance, or of the next start
        self._successor_due: float | None = None
        self._ready_at: float | None = None
        self._kill_reason = ""
        self._successor_ready = False
        self._successor_exit: tuple[int, str] | None = None
        self._outgrown = False
        self._leaving = False  # the current instance was stopped to make room for its successor
        self._restarting = False
        self._parking = False  # the current instance was asked to end because it has nothing to do
        self._woken = False  # and something has come meanwhile
        self._wake_due: float | None = None
        self._deferred = False  # the next start waits for the end of a killed successor
        self._stopping = False
        self._starts = 0
        self._wakes = 0
        self._woken_by = ""
        self._idle_wakes = 0
        self._called = False  # the current instance was started because something has come
        self._crashes = 0
        self._has_worked = False  # since the operator last started it
        self._recycled = 0

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, unless another event comes first."""
        return min((due for due in (self._due, self._successor_due) if due is not None), default=None)

    @property
    def instances(self) -> tuple[int, ...]:
        """The instances that were spawned and have not exited."""
        successor = self._successor if self._successor_exit is None else None
        return tuple(each for each in (self._current, successor, *self._unneeded) if each is not None)

    @property
    def finished(self) -> bool:
        """Whether the worker was stopped, and nothing of it is left."""
        return self._stopping and not self._pending and not self.instances

    def start(self) -> list[Action]:
        """Begin to supervise; call it once."""
        return self._spawn()

    def restart(self, now: float) -> list[Action]:
        """Start again, with no crash counted, because the operator wants it; one that runs is asked to end first."""
        if self._stopping:
            return []
        self._crashes = 0
        self.settled = self._has_worked = False
        if self._current is not None:
            self._restarting = True
            return self._terminate(now)
        return [] if self._pending else self._spawn()

    def park(self, instance: int, due: float | None, now: float, *, worked: bool = True) -> list[Action]:
        """Ask the ready instance to end, because it has nothing to do before `due`; see `parking` for the outcome.

        It stays parked until then, or until `wake`. If it crashes instead, it is restarted like any other. `worked` is
        whether the instance ever had something to do.
        """
        if self._leaving or self._pending or self._successor is not None:
            return []
        if instance != self._current or self.status.phase is not Phase.READY:
            return []
        self._parking, self._woken, self._wake_due = True, False, due
        self._idle_wakes += self._called and not worked
        self._called = False
        return self._terminate(now)

    def worked(self, instance: int) -> None:
        """Note that the current instance has something to do, so that its wake was none for nothing.

        That holds for its successor, too, which may never have anything to do.
        """
        if instance == self._current:
            self._called = False

    @property
    def parking(self) -> bool:
        """Whether the worker is parked, or will be when its instance has ended."""
        return self._parking or self.status.phase is Phase.PARKED

    def wake(self, by: str = "", *, called: bool = True) -> list[Action]:
        """Start a parked worker; one that is about to be parked starts again as soon as its instance has ended.

        `by` is what to show as `Status.woken_by`, `called` is whether something has come for it, and is not only
        expected.
        """
        if self.status.phase is not Phase.PARKED or self._pending:
            if called and not self._woken and not self._pending:
                self._woken_by = by
            self._woken = self._woken or called
            return []
        self._called, self._woken_by = called, by
        return self._spawn_woken()

    def refused(self, clients: int) -> None:
        """Note that so many clients of the parked worker were turned away."""
        self.status = msgspec.structs.replace(self.status, refused=self.status.refused + clients)

    def unkept(self, sockets: int) -> None:
        """Note that so many sockets of the worker could not be kept since it is supervised."""
        self.status = msgspec.structs.replace(self.status, unkept_sockets=sockets)

    def stop(self, now: float) -> list[Action]:
        if self._stopping:
            return []
        self._stopping, self._parking = True, False
        actions = self._drop_successor("")
        if self._current is not None:
            return actions + self._terminate(now)
        self._due = None
        if self._pending != Spawn():
            self._settle(Phase.STOPPED)
        return actions

    def recycle(self, instance: int | None = None, *, outgrown: bool = False) -> list[Action]:
        """Replace the ready instance, or only `instance`, by a successor; see `replaced` for the outcome.

        If the successor fails, the old instance stays. `outgrown` counts the replacement in `Status.recycled`.
        """
        if self.replaced is None:  # one at a time
            return []
        self.replaced = False
        if self.status.phase is not Phase.READY or instance not in (None, self._current):
            return []
        self.replaced, self._outgrown = None, outgrown
        self._successor_ready, self._successor_exit = False, None
        return self._ask_for(Spawn(succeeds=self._current))

    def spawned(self, spawn: Spawn, instance: int, now: float) -> list[Action]:
        """Handle the start of the instance that `spawn` asked for."""
        self._pending = None
        if spawn.succeeds is None:
            self._become_current(instance, now)
            return self._terminate(now) if self._stopping else []
        self._successor = instance
        if self._stopping:
            return self._drop_successor("")
        if self._current is None:  # the old one has ended meanwhile
            return self._promote(instance, now)
        self._successor_due = now + self._settings.start_seconds
        return []

    def spawn_failed(self, spawn: Spawn, reason: str, now: float) -> list[Action]:
        self._pending = None
        if spawn.succeeds is not None:
            self.replaced = False
        return self._ended(Ended(1), f"cannot start a process: {reason}", now) if self._current is None else []

    def ready(self, instance: int, now: float) -> list[Action]:
        """Handle that an instance is ready; a successor may be before its predecessor's end is known."""
        if instance == self._successor:
            self._successor_ready = True
        elif instance == self._current and self.status.phase is Phase.STARTING and not self._kill_reason:
            self._ready_at = now
            self._has_worked = True
            self._settle(Phase.READY)
        return self.heartbeat(instance, now)

    def heartbeat(self, instance: int, now: float) -> list[Action]:
        if instance == self._current and self.status.phase is Phase.READY and not self._leaving:
            self._due = now + self._settings.watchdog_seconds if self._watchdog else None
        return []

    def standing_by(self, instance: int, now: float) -> list[Action]:
        """Handle that the successor is prepared and waits for the end of the current instance."""
        if instance != self._successor or self._leaving:
            return []
        self._leaving = True
        self._successor_due = None
        self._recycled += self._outgrown
        return self._end_by(now) if self.status.phase is Phase.READY else []

    def exited(self, instance: int, code: int, reason: str, now: float) -> list[Action]:
        """Handle the end of an instance; `code` and `reason` are those of `Ended` and `Status`."""
        if instance == self._successor:
            self._successor_exit = (code, reason)
            if not self._leaving:
                self._successor = self._successor_due = None
                self.replaced = False
        elif instance == self._current:
            self._current = None
            ready_seconds = 0.0 if self._ready_at is None else now - self._ready_at
            return self._ended(Ended(code, ready_seconds), self._kill_reason or reason, now)
        self._unneeded.discard(instance)
        return self._spawn() if self._deferred and not self._stopping else []

    def tick(self, now: float) -> list[Action]:
        actions: list[Action] = []
        if self._successor_due is not None and now >= self._successor_due:
            actions += self._drop_successor(f"not standing by after {self._settings.start_seconds:g} s")
        if self._due is not None and now >= self._due:
            actions += self._overdue(now, late=now - self._due > _LATE_SECONDS)
        return actions

    def _overdue(self, now: float, *, late: bool) -> list[Action]:
        settings = self._settings
        if self._current is None:  # the delay before a restart is over, or a parked worker is due
            return self.wake("due", called=False) if self.status.phase is Phase.PARKED else self._spawn()
        if self._leaving or self.status.phase is Phase.STOPPING:
            seconds, reason = settings.stop_seconds, f"did not stop within {settings.stop_seconds:g} s"
        elif self.status.phase is Phase.STARTING:
            seconds, reason = settings.start_seconds, f"not ready after {settings.start_seconds:g} s"
        else:
            seconds, reason = settings.watchdog_seconds, f"no heartbeat for {settings.watchdog_seconds:g} s"
        self._due = now + seconds  # a task may have to be cancelled more than once
        if late and not self._leaving and self.status.phase is not Phase.STOPPING:
            return []  # what it sent meanwhile is still to be read, or is lost
        self._kill_reason = f"{reason}, killed"
        return [Kill(self._current, reason)]

    def _ended(self, ended: Ended, reason: str, now: float) -> list[Action]:
        self._due = None
        if self._stopping:
            self._settle(Phase.STOPPED)
            return []
        if self._successor is not None:
            return self._promote(self._successor, now)
        if self._pending:  # its successor is being spawned: another start would run beside it
            self._restarting = False
            self._set(Phase.WAITING, reason)
            return []
        if self._restarting or (ended.code == Exit.RESTART and ended.ready_seconds):  # its end was no crash
            self._crashes, self.settled, self._has_worked = 0, False, False
            return self._spawn()
        if self._parking and ended.code == Exit.STOPPED:
            return self._parked()
        decision = decide(
            ended,
            self._crashes,
            self._jitter(),
            self._settings,
            exposed=self.exposed,
            has_worked=self._has_worked,
        )
        self._crashes = decision.crashes
        self._due = None if decision.phase.over else now + decision.delay_seconds
        self._settle(decision.phase, reason)
        return []

    def _parked(self) -> list[Action]:
        self._parking, self._crashes = False, 0
        self._due = self._wake_due
        self._settle(Phase.PARKED)
        self._called = self._woken
        return self._spawn_woken() if self._woken else []

    def _spawn_woken(self) -> list[Action]:
        self._wakes += 1
        self.settled = False
        return self._spawn()

    def _promote(self, successor: int, now: float) -> list[Action]:
        """Let the successor be the current instance, and catch up on what it has reported so far."""
        self._successor = self._successor_due = None
        self.replaced, self.settled = True, False
        self._become_current(successor, now)
        if self._successor_ready:
            self.ready(successor, now)
        return self.exited(successor, *self._successor_exit, now) if self._successor_exit else []

    def _become_current(self, instance: int, now: float) -> None:
        self._current = instance
        self._ready_at, self._kill_reason = None, ""
        self._leaving = self._restarting = self._parking = False
        self._due = now + self._settings.start_seconds
        self._set(Phase.STARTING)

    def _spawn(self) -> list[Action]:
        self._due = None
        self._restarting = False
        self._deferred = bool(self._unneeded)
        if self._deferred:  # who starts beside it may find the spool or a port taken, and would not be started again
            self._set(Phase.WAITING, self.status.reason)
            return []
        self._starts += 1
        return self._ask_for(Spawn())

    def _ask_for(self, spawn: Spawn) -> list[Action]:
        self._pending = spawn
        return [spawn]

    def _terminate(self, now: float) -> list[Action]:
        if self.status.phase is Phase.STOPPING:
            return []
        self._set(Phase.STOPPING)
        return self._end_by(now)

    def _end_by(self, now: float) -> list[Action]:
        assert self._current is not None
        self._due = now + self._settings.stop_seconds
        return [Terminate(self._current)]

    def _drop_successor(self, reason: str) -> list[Action]:
        """Kill the successor, if there is one; the current instance stays."""
        if self._successor is None:
            return []
        successor, self._successor, self._successor_due = self._successor, None, None
        self.replaced = False
        if self._successor_exit is not None:
            return []
        self._unneeded.add(successor)
        return [Kill(successor, reason)]

    def _settle(self, phase: Phase, reason: str = "") -> None:
        self._set(phase, reason)
        self.settled = True

    def _set(self, phase: Phase, reason: str = "") -> None:
        self.status = msgspec.structs.replace(
            self.status,
            phase=phase,
            pid=self._current,
            restarts=max(0, self._starts - 1 - self._wakes),
            reason=reason,
            recycled=self._recycled,
            wakes=self._wakes,
            woken_by=self._woken_by,
            idle_wakes=self._idle_wakes,
            due=self._wake_due if phase is Phase.PARKED else None,
        )
