# SPDX-License-Identifier: MIT
"""Workers under supervision, however they are hosted: what the operator's commands see."""

import abc
import os
from collections.abc import Callable, Iterable, Mapping

from decnet_core.supervise import start_order
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.popen_child import interpreter_child
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.supervised_worker import SupervisedWorker
from decnet_core.tasks import Tasks

Listener = Callable[[Status], None]


class Fleet(abc.ABC):
    """Starts, watches and stops workers; made inside a running event loop."""

    def __init__(self) -> None:
        self._tasks = Tasks("fleet")
        self._workers: dict[str, SupervisedWorker] = {}
        self._listeners: list[Listener] = []

    @property
    def zygotes(self) -> dict[str, int]:
        """The pids of the zygotes that run, by name; that of the first is empty."""
        return {}

    async def start(self, names: Iterable[str]) -> None:
        """Start the workers; returns when each is ready or has failed for the first time."""
        await start_order.start(names, lambda name: self._start(name).settled)

    def status(self) -> tuple[Status, ...]:
        """Return the state of each worker, in the order of their start."""
        return tuple(worker.status for worker in self._workers.values())

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with the new status whenever one changes."""
        self._listeners.append(listener)

    async def restart(self, name: str) -> None:
        """Stop the worker if it runs and start it again, even one that was given up; KeyError for an unknown name."""
        await self._workers[name].restart()

    @abc.abstractmethod
    async def reload(self) -> None:
        """Replace the workers one after the other, so that each reads code (where it can) and settings again."""

    async def stop(self) -> None:
        """Stop all workers gracefully, those that do not obey by force; none is left when this returns."""
        await start_order.stop(self._workers, lambda name: self._workers[name].stop())
        await self._tasks.close()

    def kill(self) -> None:
        """Kill what still runs, at once; `stop` then returns soon."""
        for worker in self._workers.values():
            worker.kill()

    async def spawn_beside(
        self,
        name: str,
        place: str,
        environment: Mapping[str, str],
        handed: Mapping[str, int],
        write: Callable[[bytes], None],
        *,
        resident: bool,  # noqa: ARG002  # matters to who forks
    ) -> ChildProcess:
        """Start the function at `place` as a process beside the workers; raises OSError.

        It gets duplicates of the descriptors `handed`, by name (`net.inherited`); `write` what it prints. One that is
        not `resident` ends before the workers with a database are stopped, and soon when they have been parked.
        """
        return interpreter_child(name, place, environment={**os.environ, **environment}, handed=handed, write=write)

    async def failed(self) -> None:
        """Wait for a defect of the supervision itself and raise it; workers' crashes are not one."""
        await self._tasks.failed()

    @abc.abstractmethod
    def _supervised(self, name: str) -> SupervisedWorker:
        """Return the supervision of worker `name`, not started yet."""

    def _start(self, name: str) -> SupervisedWorker:
        worker = self._workers[name] = self._supervised(name)
        worker.start()
        return worker

    def _publish(self, status: Status) -> None:
        for listener in self._listeners:
            listener(status)
