# SPDX-License-Identifier: MIT
"""A worker in a process of its own, told what to do: `python -m planted.work NAME URL`.

It prints a line when it is ready. For each line on its standard input it works until nothing is left, and prints as
JSON how much it has handled, and at what cost, so far.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine

from decnet_core.runtime.worker_registry import UnknownWorker, load
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.ownership import guard
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.progress.queries import begin_cursor

MOST_IDLE_STEPS = 3
"""A step that handles nothing may only have moved on; after so many in a row nothing is left."""


class Costs(msgspec.Struct, frozen=True):
    """What a worker has done and used since it was ready."""

    handled: int
    cpu_s: float
    ready_mib: float
    """Resident when ready."""
    peak_mib: float


def worker_class(name: str) -> type[Any] | None:
    """Return the worker of that name, also while no distribution registers it; None: there is none."""
    try:
        return load(name)
    except UnknownWorker:
        pass
    module = name.replace("-", "_")
    try:
        found: type[Any] = getattr(
            importlib.import_module(f"decnet_workers.{module}.worker"), name.title().replace("-", "")
        )
    except ModuleNotFoundError:
        return None
    return found


def step_of(worker: type[Any], engine: Engine) -> Callable[[], tuple[int, int]]:
    """Return a function that runs one step and tells how much it handled and whether there is more."""
    return _event_step(worker, engine) if issubclass(worker, CursorWorker) else _campaign_step(engine)


def _campaign_step(engine: Engine) -> Callable[[], tuple[int, int]]:
    from decnet_models.following.narrowing import Narrowing
    from decnet_workers.campaign_clusterer.pending import IDENTITIES_AT_ONCE, Handled
    from decnet_workers.campaign_clusterer.worker import prepared, step

    prepared(engine)
    state = Narrowing(IDENTITIES_AT_ONCE), Handled()

    def one() -> tuple[int, int]:
        report = step(engine, *state)
        return report.identities, int(report.more)

    return one


def _event_step(worker: type[CursorWorker[Any]], engine: Engine) -> Callable[[], tuple[int, int]]:
    one = ready(worker)
    processor = one._processor(engine, worker.name)
    with writing(engine) as connection:
        begin_cursor(connection, worker.name, now_ns=time.time_ns())

    def step() -> tuple[int, int]:
        done = processor.step()
        if done.lag:
            return done.handled, done.lag
        settled = one.settled(processor)
        return done.handled, int(settled is not None)

    return step


def ready(worker: type[CursorWorker[Any]]) -> CursorWorker[Any]:
    """Return the worker as if started; only ttp has rules to read first."""
    if worker.name != "ttp":
        return worker._unstarted()
    from decnet_core.runtime.counters import Counters
    from decnet_workers.ttp.settings import TtpSettings
    from decnet_workers.ttp.watch import Watched
    from decnet_workers.ttp.worker import Ttp

    tagging = Ttp(TtpSettings())
    tagging._rules, tagging._counters = Watched(tagging.settings), Counters()
    tagging._rules.read()
    return tagging


def exhaust(step: Callable[[], tuple[int, int]]) -> int:
    """Step until nothing is left; return how much was handled."""
    total = idle = 0
    while idle < MOST_IDLE_STEPS:
        handled, left = step()
        total += handled
        idle = 0 if handled or left else idle + 1
    return total


def main() -> None:
    """Work each time a line is read."""
    name, url = sys.argv[1:]
    worker = worker_class(name)
    assert worker is not None
    engine = open_engine(url)
    guard(engine, name)
    step, total = step_of(worker, engine), 0
    step()
    ready, cpu = _mib("VmRSS"), time.process_time()
    print("ready", flush=True)
    for _ in sys.stdin:
        total += exhaust(step)
        costs = Costs(total, time.process_time() - cpu, ready, _mib("VmHWM"))
        print(msgspec.json.encode(costs).decode(), flush=True)
    engine.dispose()


def _mib(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


if __name__ == "__main__":
    main()
