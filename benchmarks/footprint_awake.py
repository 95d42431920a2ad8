# SPDX-License-Identifier: MIT
"""What the workers cost that change the fleet, while they are awake: the most that each had, and what it was asked.

`python benchmarks/footprint.py --awake` deploys DECKIES loopback deckies, then again as many, with policies by which
mutate changes half of the first ones at once, in a time zone in which it is ten o'clock, when synthetic users work.
USS is what ends with the process; what it shares with the zygote, the fleet has anyway. Beside it stands what a
process has of its own that a bare interpreter forks with nothing to do, on this kernel and allocator.
"""

from __future__ import annotations

import os
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
WATCHED_SECONDS = 40.0
EVERY_SECONDS = 0.02
MIB = 1 << 20
_WORKING_HOUR = 10
_SETTINGS = '\n[orchestrator]\nenabled = true\nsessions_per_day = 100\ntimezone = "{}"\n'
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
    """Return the largest figures of each of these workers, and those of a bare child."""
    with tempfile.TemporaryDirectory(prefix="decnet-footprint-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        fleet = Fleet(root, more=_SETTINGS.format(_zone()))
        with fleet.running("fork"):
            most: dict[str, Footprint] = {}
            for part in (1, 2):
                _deploy(fleet, root, part * DECKIES)
                _watch(fleet, most)
                if part == 1:
                    _have_changed(fleet)
            missing = AIMS_MIB.keys() - most
            if missing:
                raise SystemExit(f"never awake: {', '.join(sorted(missing))}")
    return {"bare_child": _row(_bare_child()), "workers": {name: _row(one) for name, one in sorted(most.items())}}


def table(found: dict[str, Any]) -> str:
    """Return it as a table with the verdicts."""
    lines = [f"{'awake, MiB':16}{'PSS':>7}{'USS':>7}{'aim':>7}"]
    for name, row in found["workers"].items():
        verdict = "met" if row["uss"] <= AIMS_MIB[name] else "NOT MET"
        lines.append(f"{name:16}{row['pss']:7.1f}{row['uss']:7.1f}{AIMS_MIB[name]:7.0f}  {verdict}")
    return "\n".join([*lines, f"{'a bare child':16}{found['bare_child']['pss']:7.1f}{found['bare_child']['uss']:7.1f}"])


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


def _watch(fleet: Fleet, most: dict[str, Footprint]) -> None:
    until = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < until:
        pids = {name: status.pid for name, status in fleet.statuses().items() if name in AIMS_MIB and status.pid}
        for name, pid in pids.items():
            found = measure(pid)
            if found is not None and (name not in most or found.uss > most[name].uss):
                most[name] = found
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


def _row(one: Footprint) -> dict[str, float]:
    return {"pss": round(one.pss / MIB, 2), "uss": round(one.uss / MIB, 2)}
