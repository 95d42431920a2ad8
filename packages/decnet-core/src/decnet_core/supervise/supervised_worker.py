# SPDX-License-Identifier: MIT
"""Drives one worker's lifecycle: carries out its actions, keeps its timer, publishes its status."""

import abc
import asyncio
import logging
from collections.abc import Callable

from decnet_core.supervise.lifecycle import Action, Kill, Lifecycle, Spawn, Status, Terminate
from decnet_core.tasks import Tasks

log = logging.getLogger(__name__)


class SupervisedWorker(abc.ABC):
    """One worker under supervision; a subclass knows how an instance of it is started and ended."""

    def __init__(self, lifecycle: Lifecycle, tasks: Tasks, changed: Callable[[Status], None]) -> None:
        """`tasks` owns what runs in the background, `changed` is called with every new status."""
        self.settled = asyncio.Event()
        """Set when the worker has become ready, or has failed, for the first time since it was started."""
        self._lifecycle = lifecycle
        self._tasks = tasks
        self._changed = changed
        self._finished = asyncio.Event()
        self._replacement_decided = asyncio.Event()
        self._recycling = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._published = lifecycle.status

    @property
    def name(self) -> str:
        return self._lifecycle.status.name

    @property
    def status(self) -> Status:
        return self._lifecycle.status

    def start(self) -> None:
        """Begin to supervise; see `settled` for the outcome."""
        self._carry_out(self._lifecycle.start())

    async def restart(self) -> None:
        """Stop the worker if it runs and start it with no crash counted; returns when it is ready or has failed."""
        self._carry_out(self._lifecycle.restart(self._now()))
        await self.settled.wait()

    async def recycle(self, *, why: str, instance: int | None = None, outgrown: bool = False) -> bool:
        """Replace a ready worker, or only its `instance`, by a successor; return whether it was replaced.

        The successor is prepared before the old instance is asked to end. If it fails, the old instance stays.
        """
        async with self._recycling:  # a reload and the memory budget may both want it: one successor at a time
            actions = self._lifecycle.recycle(instance, outgrown=outgrown)
            if not actions:
                return False
            log.log(logging.WARNING if outgrown else logging.INFO, "%s: replacing (%s)", self.name, why)
            old = self.status.pid
            self._carry_out(actions)
            await self._replacement_decided.wait()
            if self._lifecycle.replaced:
                await self.settled.wait()
                return True
            if self.status.pid == old:
                log.error("%s: not replaced, its successor did not start; the old instance keeps running", self.name)
            return False

    async def stop(self) -> None:
        """End the worker for good; nothing of it is left when this returns."""
        self._carry_out(self._lifecycle.stop(self._now()))
        await self._finished.wait()

    def kill(self) -> None:
        for instance in self._lifecycle.instances:
            self._kill(instance)

    @abc.abstractmethod
    async def _run(self, spawn: Spawn) -> tuple[int, int, str]:
        """Run one instance from start to end, calling `_spawned`; return its number, exit code and reason.

        Raises OSError when it cannot be started.
        """

    @abc.abstractmethod
    def _terminate(self, instance: int, /) -> None:
        """Ask an instance to end."""

    @abc.abstractmethod
    def _kill(self, instance: int, /) -> None:
        """End an instance by force."""

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _spawned(self, spawn: Spawn, instance: int) -> None:
        self._carry_out(self._lifecycle.spawned(spawn, instance, self._now()))

    def _ready(self, instance: int) -> None:
        self._carry_out(self._lifecycle.ready(instance, self._now()))

    async def _supervise(self, spawn: Spawn) -> None:
        try:
            instance, code, reason = await self._run(spawn)
        except OSError as error:
            log.warning("%s: cannot start a process: %s", self.name, error)
            self._carry_out(self._lifecycle.spawn_failed(spawn, str(error), self._now()))
            return
        self._carry_out(self._lifecycle.exited(instance, code, reason, self._now()))

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Spawn():
                    self._tasks.spawn(self._supervise(action), name=self.name, may_end=True)
                case Terminate(instance):
                    self._terminate(instance)
                case Kill(instance, reason):
                    if reason:
                        log.warning("%s: %s, killed", self.name, reason)
                    self._kill(instance)
        self._set_timer()
        _match(self.settled, self._lifecycle.settled)
        _match(self._replacement_decided, self._lifecycle.replaced is not None)
        _match(self._finished, self._lifecycle.finished)
        self._publish()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if (deadline := self._lifecycle.deadline) is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._lifecycle.tick(self._now()))

    def _publish(self) -> None:
        status = self._lifecycle.status
        if status == self._published:
            return
        self._published = status
        if status.reason:
            log.warning("%s: %s (%s)", status.name, status.phase.value, status.reason)
        self._changed(status)


def _match(event: asyncio.Event, state: bool) -> None:
    if state:
        event.set()
    else:
        event.clear()
