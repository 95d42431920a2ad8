# SPDX-License-Identifier: MIT
"""What the whole fleet costs in each hosting, idle and under load, beside as many bare Python processes.

`python benchmarks/footprint.py [--quick] [--mode fork|tasks|units|up] [--workers usual|eight|twelve|all] [--json]`.
Each hosting runs under `decnet-supervise all --mode ...`, or `decnet up`, in a state directory of its own: start to
ready, a drill, a wait until all are parked who can be, 60 s of rest (`--idle`), 500 Cowrie log lines a second for 300 s
(`--load`; 0: none), written to a file that the collector follows, so that every worker of the data path has to do its
part. `--quick` rests for 10 s, one beat of the fleet, and writes for 15: too short for a slope.
`footprint_workers` says who `--workers` are. `--awake` measures reconciler, mutate and orchestrator while they are at
work instead (`footprint_awake`), `--alert` whom a log-in after quiet wakes (`footprint_alert`). `--python
/tmp/venv313/bin/python`, repeated, measures other interpreters one after the other and prints them side by side; each
needs an environment with DECNET (`UV_PROJECT_ENVIRONMENT=/tmp/venv313 uv sync --python 3.13 --frozen --all-packages
--compile-bytecode`).

All figures are read from /proc (`decnet_core.footprint`); no worker is asked anything, for an answer is a wake-up.
Supervisor and zygote belong to the total. The slope is a least-squares line through the totals of the load's last two
thirds: what grows once and stays (caches, a write-ahead log) is no slope.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import footprint_alert
import footprint_awake
import footprint_workers
import msgspec
from footprint_fleet import Fleet, Sample, cowrie_lines
from footprint_page import Row, page, side_by_side

from decnet_core.footprint import Footprint, measure
from decnet_core.runtime import worker_registry

MODES = ("fork", "tasks", "units")
HOSTED = (*MODES, "up")
"""`up` is `decnet up --plain`, which hosts by fork."""
EVENTS_PER_SECOND = 500
BUNDLES_PER_SECOND = 10
SETTLE_SECONDS = 3.0
"""Between the drill, or the last worker that was parked, and the rest: sessions end, memory is returned."""

MIB = 1 << 20


class Times(NamedTuple):
    """Seconds."""

    idle: float
    load: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10 s idle and 15 s of load instead of 60 and 300")
    parser.add_argument("--mode", choices=HOSTED, action="append", help="only this hosting; may be repeated")
    parser.add_argument("--workers", choices=footprint_workers.WORKERS, default="usual")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="how long the fleet rests")
    parser.add_argument("--load", type=float, metavar="SECONDS", help="how long log lines are written; 0: not at all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--awake", action="store_true", help="measure who changes the fleet, at work")
    parser.add_argument("--alert", action="store_true", help="measure whom a log-in after quiet wakes")
    parser.add_argument("--python", action="append", type=Path, help="an environment's interpreter; may be repeated")
    wanted = parser.parse_args()
    if wanted.awake:
        found_awake = footprint_awake.awake()
        print(json.dumps(found_awake, indent=2) if wanted.json else footprint_awake.table(found_awake))
        return
    if wanted.alert:
        found_alert = footprint_alert.after_alert()
        print(json.dumps(found_alert, indent=2) if wanted.json else footprint_alert.table(found_alert))
        return
    if wanted.workers in ("twelve", "all"):
        footprint_workers.enter_namespace()
    if wanted.python:
        found = [measured_by(python, wanted) for python in wanted.python]
        print(json.dumps(found, indent=2) if wanted.json else "\n\n".join([*map(page, found), side_by_side(found)]))
    else:
        one = measured(wanted.mode or MODES, times_of(wanted), wanted.workers)
        print(json.dumps(one, indent=2) if wanted.json else page(one))


def times_of(wanted: argparse.Namespace) -> Times:
    """Return how long to rest and to work."""
    usual = Times(10, 15) if wanted.quick else Times(60, 300)
    return Times(
        *(one if given is None else given for one, given in zip(usual, (wanted.idle, wanted.load), strict=True))
    )


def measured(modes: Sequence[str], times: Times, workers: str) -> dict[str, Any]:
    """Return everything, measured with the interpreter that runs this."""
    return {
        "python": sys.version.split()[0],
        "workers": workers,
        "bare": bare_rows(len(worker_registry.names())),
        "modes": {mode: measure_mode(mode, times, workers) for mode in modes},
    }


def measured_by(python: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    """Return the same of another interpreter, in whose environment DECNET is installed."""
    modes = [word for mode in wanted.mode or MODES for word in ("--mode", mode)]
    times = [f"--{name}={seconds:g}" for name, seconds in times_of(wanted)._asdict().items()]
    command = [str(python), __file__, "--json", "--workers", wanted.workers, *modes, *times]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_mode(mode: str, times: Times, workers: str) -> dict[str, object]:
    """Return everything about one hosting."""
    with tempfile.TemporaryDirectory(prefix="decnet-footprint-", ignore_cleanup_errors=True) as directory:
        fleet = Fleet(Path(directory), workers)
        with fleet.running(mode) as ready_seconds:
            fleet.drill()
            if mode in ("fork", "up"):
                fleet.rest(SETTLE_SECONDS)
            else:
                time.sleep(SETTLE_SECONDS)
            idle = watched(fleet, times.idle)
            load = under_load(fleet, times.load) if times.load else {}
        return {"ready_seconds": round(ready_seconds, 2), "idle": idle, "idle_total": total(idle), **load}


def under_load(fleet: Fleet, seconds: float) -> dict[str, object]:
    """Return what to know of the fleet under load."""
    known = fleet.events()
    load, slope, written = loaded(fleet, seconds)
    behind_seconds = fleet.wait_for(known + written)
    return {
        "load": load,
        "load_total": total(load),
        "slope_mib_per_minute": round(slope, 2),
        "events_written": written,
        "seconds_until_all_were_in_the_database": round(behind_seconds, 1),
    }


def watched(fleet: Fleet, seconds: float) -> dict[str, Row]:
    """Let the fleet rest for `seconds`; return each process's figures."""
    before, began = fleet.sample(), time.monotonic()
    time.sleep(seconds)
    return rows(before, fleet.sample(), time.monotonic() - began)


def loaded(fleet: Fleet, seconds: float) -> tuple[dict[str, Row], float, int]:
    """Write log lines for `seconds`; return the figures, the total PSS's slope in MiB/min and the lines written."""
    lines, written, totals = cowrie_lines(), 0, []
    before, began = fleet.sample(), time.monotonic()
    every = max(1, int(seconds * BUNDLES_PER_SECOND / 60))  # sixty samples of the total
    with fleet.log.open("ab") as log:
        for bundle in range(int(seconds * BUNDLES_PER_SECOND)):
            log.write(b"".join(next(lines) for _ in range(EVENTS_PER_SECOND // BUNDLES_PER_SECOND)))
            log.flush()
            written += EVENTS_PER_SECOND // BUNDLES_PER_SECOND
            if bundle % every == 0:
                totals.append((time.monotonic() - began, sum(one.pss for one in fleet.sample().values()) / MIB))
            time.sleep(max(0.0, began + (bundle + 1) / BUNDLES_PER_SECOND - time.monotonic()))
    found = rows(before, fleet.sample(), time.monotonic() - began)
    return found, 60 * slope_of(totals[len(totals) // 3 :]), written


def slope_of(points: list[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through `points`."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0


def rows(before: Sample, after: Sample, seconds: float) -> dict[str, Row]:
    """Return the figures of each process that is there at the end; memory in MiB as it is then."""
    return {name: row(since(now, before.get(name)), now, seconds) for name, now in after.items()}


def since(now: Footprint, before: Footprint | None) -> Footprint:
    """Return what to count a process's work from: one that was started meanwhile had done nothing."""
    if before is not None and before.pid == now.pid:
        return before
    return msgspec.structs.replace(now, wakeups=0, cpu_seconds=0.0)


def row(before: Footprint, now: Footprint, seconds: float) -> Row:
    """Return the figures of one process."""
    return {
        "pss": round(now.pss / MIB, 2),
        "uss": round(now.uss / MIB, 2),
        "threads": now.threads,
        "wakeups": round((now.wakeups - before.wakeups) / seconds, 2),
        "cpu": round(100 * (now.cpu_seconds - before.cpu_seconds) / seconds, 2),
    }


def total(found: dict[str, Row]) -> Row:
    """Return the sums."""
    return {
        key: round(sum(one[key] for one in found.values()), 2) for key in ("pss", "uss", "threads", "wakeups", "cpu")
    }


def bare_rows(count: int) -> dict[str, Row]:
    """Return the totals of `count` processes that do nothing: interpreters, and event loops at rest."""
    wait = "import sys; print(flush=True); sys.stdin.read()"
    rest = "async def rest():\n    print(flush=True)\n    await asyncio.Event().wait()\n"
    loop = f"import asyncio\n{rest}asyncio.run(rest())"
    return {f"{count} x python": bare(wait, count), f"{count} x asyncio": bare(loop, count)}


def bare(code: str, count: int) -> Row:
    """Return the total of `count` processes that run `code`."""
    with contextlib.ExitStack() as stack:
        started = [
            subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(count)
        ]
        for process in started:
            stack.callback(process.communicate)
            stack.callback(process.kill)
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        before = {str(process.pid): measure(process.pid) for process in started}
        time.sleep(1)
        after = {str(process.pid): measure(process.pid) for process in started}
        pairs = [(before[pid], now) for pid, now in after.items()]
        return total({str(now.pid): row(then, now, 1) for then, now in pairs if then and now})


if __name__ == "__main__":
    main()
