# SPDX-License-Identifier: MIT
"""What the workers cost that change the fleet, in the first minute after they were woken.

`python benchmarks/footprint.py --awake` waits until a fleet rests, deploys DECKIES loopback deckies, and a minute later
as many more, with policies by which mutate changes half of the first ones at once, in a time zone in which it is ten
o'clock, when synthetic users work. For each process the median and the most of its USS are told: what ends with it.
Beside it stands what a process has of its own that a bare interpreter forks with nothing to do.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from footprint_fleet import Fleet

from decnet_core.footprint import Footprint, measure
from decnet_models.database.engine import open_engine, writing
from decnet_models.fleet import queries
from decnet_models.fleet.mutation_policies import Policy, schedule_mutation, set_policy

AIMS_MIB = {"reconciler": 15.0, "mutate": 8.0, "orchestrator": 8.0}
"""Of USS, in fork mode."""
DECKIES = 30
FIRST_SECONDS, SECOND_SECONDS = 60.0, 30.0
EVERY_SECONDS = 0.1
MIB = 1 << 20
Samples = dict[tuple[str, int], list[Footprint]]
"""By worker and process."""
Row = dict[str, float]
_WORKING_HOUR = 10
_SETTINGS = '\n[orchestrator]\nenabled = true\ntimezone = "{}"\n[runtime]\npark_seconds = 10\n'
_DOCUMENT = """\
[network]
runtime = "loopback"
subnets = ["127.78.0.0/16"]

[[decky]]
name = "machine"
count = {}
address = "127.78.1.1"
persona = "nas"
services = {{ ssh = 20022, http = 20080 }}
"""


def awake() -> dict[str, Any]:
    """Return the figures of each process of these workers, and those of a bare child."""
    with tempfile.TemporaryDirectory(prefix="decnet-footprint-", ignore_cleanup_errors=True) as directory:
        root, found = Path(directory), Samples()
        fleet = Fleet(root, more=_SETTINGS.format(_zone()))
        with fleet.running("fork"):
            fleet.rest(0)
            _deploy(fleet, root, DECKIES)
            _watch(fleet, found, FIRST_SECONDS)
            _have_changed(fleet)
            _deploy(fleet, root, 2 * DECKIES)
            _watch(fleet, found, SECOND_SECONDS)
    if missing := AIMS_MIB.keys() - {name for name, _ in found}:
        raise SystemExit(f"never awake: {', '.join(sorted(missing))}")
    lives: dict[str, list[Row]] = {}
    for (name, _), samples in found.items():
        lives.setdefault(name, []).append(_row(samples))
    return {"bare_child": _row([_bare_child()]), "workers": lives}


def table(found: dict[str, Any]) -> str:
    """Return it as a table with the verdicts, which are of the median."""
    lines = [f"{'awake, MiB':16}{'process':>8}{'PSS':>7}{'USS':>7}{'most':>7}{'aim':>7}"]
    for name, rows in sorted(found["workers"].items()):
        for number, row in enumerate(rows, 1):
            verdict = "met" if row["uss"] <= AIMS_MIB[name] else "NOT MET"
            lines.append(f"{name:16}{number:8}{_figures(row)}{AIMS_MIB[name]:7.0f}  {verdict}")
    return "\n".join([*lines, f"{'a bare child':24}{_figures(found['bare_child'])}"])


def _figures(row: Row) -> str:
    return "".join(f"{row[key]:7.1f}" for key in ("pss", "uss", "most"))


def _zone() -> str:
    """Return the zone, by its POSIX name, in which it is about ten o'clock now."""
    west = (time.gmtime().tm_hour - _WORKING_HOUR + 12) % 24 - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


def _deploy(fleet: Fleet, root: Path, count: int) -> None:
    document = root / "fleet.toml"
    document.write_text(_DOCUMENT.format(count))
    command = [sys.executable, "-m", "decnet", "deploy", str(document), "--yes"]
    subprocess.run(command, env=fleet.environment, stdout=subprocess.DEVNULL, check=True)


def _have_changed(fleet: Fleet) -> None:
    """Give half of the deckies a policy, and let them be due; mutate hears of it with the next deployment."""
    engine, now = open_engine(fleet.database), time.time_ns()
    with writing(engine) as connection:
        for one in queries.deckies(connection, DECKIES // 2):
            ftp = queries.Service("ftp", 20021)
            set_policy(connection, Policy(one.name, 3600, services=(ftp,)), now_ns=now)
            schedule_mutation(connection, one, now)
    engine.dispose()


def _watch(fleet: Fleet, found: Samples, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pids = {name: status.pid for name, status in fleet.statuses().items() if name in AIMS_MIB and status.pid}
        for name, pid in pids.items():
            if (one := measure(pid)) is not None:
                found.setdefault((name, pid), []).append(one)
        time.sleep(EVERY_SECONDS)


def _bare_child() -> Footprint:
    """Measure a process that an interpreter with its modules has forked, and that does nothing."""
    code = (
        "import asyncio, gc, os, sys, time\ngc.collect(); gc.freeze()\n"
        "child = os.fork()\nif not child: time.sleep(60)\nprint(child, flush=True); sys.stdin.read(); os.kill(child, 9)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.5)
        found = measure(child)
        parent.communicate()
    if found is None:
        raise SystemExit(f"process {child} has gone, of {os.getpid()}")
    return found


def _row(samples: list[Footprint]) -> Row:
    uss = [one.uss for one in samples]
    figures = {"pss": statistics.median(one.pss for one in samples), "uss": statistics.median(uss), "most": max(uss)}
    return {name: round(value / MIB, 2) for name, value in figures.items()}
