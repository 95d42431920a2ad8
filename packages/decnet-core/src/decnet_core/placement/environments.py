# SPDX-License-Identifier: MIT
"""Makes and removes what deckies have on this host, for several at once: most of that is waiting for the kernel.

It makes or removes a network namespace in a few milliseconds of processor time, and waits some 40 ms until none of its
processors uses what has changed any more. These waits of several deckies pass together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from decnet_core.placement.plan import Step, Task
from decnet_core.placement.runtimes.runtime import Runtime

MOST_AT_ONCE = 6
MOST_AHEAD = 32
"""Deckies of a batch, of which none is begun before the last one of the batch before has ended."""


class Environments:
    """Those of one round of tasks; a context manager, after which none is under way.

    It must be entered in the thread that looks at the host's network: the threads that it makes see the same.
    """

    def __init__(self, runtimes: Mapping[str, Runtime]) -> None:
        self._runtimes = runtimes
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="environment")  # makes threads when needed
        self._begun: dict[str, Future[None]] = {}

    def __enter__(self) -> Environments:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, task: Task) -> None:
        """Begin with a decky of a runtime that takes several at once; of another nothing is done before `finish`."""
        if self._runtimes[task.decky.runtime].several_at_once:
            self._begun[task.decky.name] = self._pool.submit(self._change, task)

    def finish(self, task: Task) -> None:
        """Return when the decky's environment is made, or removed; raises RuntimeFailed, OSError."""
        begun = self._begun.pop(task.decky.name, None)
        if begun is None:
            self._change(task)
        else:
            begun.result()

    def _change(self, task: Task) -> None:
        runtime = self._runtimes[task.decky.runtime]
        if Step.STOP in task.steps:
            runtime.stop(task.decky)
        elif Step.START in task.steps:
            runtime.start(task.decky)


def batches(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """Yield the tasks in their order, in parts that may be under way at once.

    Of deckies that are served, and stay, each is alone: only one of them is ever down for a change. None comes while
    others go, for it may get the address of one of these.
    """
    batch: list[Task] = []
    for task in tasks:
        full = len(batch) == MOST_AHEAD or _is_alone(task)
        if batch and (full or task.decky.wanted != batch[0].decky.wanted or _is_alone(batch[0])):
            yield batch
            batch = []
        batch.append(task)
    if batch:
        yield batch


def _is_alone(task: Task) -> bool:
    return task.decky.wanted and bool(task.observed.served)
