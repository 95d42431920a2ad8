# SPDX-License-Identifier: MIT
"""What a whole sensor host costs: sniff, probe, collect, forwarder, the bus and their supervisor, at rest and at work.

`python benchmarks/sensor.py [--seconds S] [--mode tasks]`, as root, for `sniff` listens on the loopback interface. In
each hosting the group runs as on its host, enrolled with a listener beside it: it rests, then a Cowrie log grows by 500
lines a second, and every line must be in the listener's spool in the end. The aim is for all processes of the group
together, the listener not among them. Beside it the same number of Python processes that only run an event loop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from enrolled import enrol
from footprint import bare_rows
from footprint_fleet import cowrie_lines
from swarm import NAME, PROGRAMS, started

from decnet_core.footprint import Footprint, measure
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.status_file import read_status_files

AIM_MIB = 40.0
MODES = ("tasks", "fork")
LINES_PER_SECOND, BUNDLES_PER_SECOND = 500, 10
LISTEN = "127.77.250.2:16514"
DEADLINE = 120.0
MIB = 1 << 20

SETTINGS = """
[state]
dir = "{state}"
sensor = "{name}"
[forwarder]
server = "{listen}"
protocol = "decnet"
[sniff]
interfaces = ["lo"]
[probe]
enabled = true
[[collect.source]]
name = "cowrie"
format = "cowrie"
path = "{log}"
"""


def main() -> None:
    """Measure each hosting and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="of work")
    parser.add_argument("--mode", choices=MODES, action="append")
    asked = parser.parse_args()
    if os.getuid():
        sys.exit("sniff needs CAP_NET_RAW: run this as root")
    for mode in asked.mode or MODES:
        with tempfile.TemporaryDirectory(prefix="decnet-sensor-", ignore_cleanup_errors=True) as directory:
            hosted(Path(directory), mode, asked.seconds)


def hosted(place: Path, mode: str, seconds: float) -> None:
    """Measure one hosting."""
    above, below = place / "master", place / "sensor"
    enrol(above, below, LISTEN, NAME)
    log = place / "cowrie.json"
    log.touch()
    with started("listener", above, f'[listener]\nlisten = "{LISTEN}"'), group(below, log, mode):
        rest = processes(below)
        written = write(log, seconds)
        work = processes(below)
        wait_for(above, written)
    print(f"{mode}: PSS and USS in MiB, at rest and after {written} events")
    for name, at_rest in rest.items():
        print(f"  {name:<12}{figures(at_rest)}   {figures(work[name]) if name in work else ''}")
    total = sum(each.pss for each in work.values()) / MIB
    beside = next(iter(reversed(bare_rows(len(rest)).values())))
    print(f"  {'all':<12}{sum(each.pss for each in rest.values()) / MIB:7.1f}{total:23.1f}")
    print(f"  {len(rest)} bare event loops: {beside['pss']:.1f}; ratio {total / beside['pss']:.2f}")
    print(f"  aim {AIM_MIB:.0f}: {'met' if total <= AIM_MIB else 'NOT MET'}")


@contextlib.contextmanager
def group(below: Path, log: Path, mode: str) -> Iterator[None]:
    """Run the sensor group until the block ends."""
    file = below.with_suffix(".toml")
    file.write_text(SETTINGS.format(state=below, name=NAME, listen=LISTEN, log=log))
    command = [str(PROGRAMS / "decnet-supervise"), "--mode", mode, "bus", "sensor"]
    process = subprocess.Popen(command, env={**os.environ, "DECNET_SETTINGS": str(file)}, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + DEADLINE
        while not is_ready(below):
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit("the group does not become ready")
            time.sleep(0.1)
        time.sleep(5)  # what starting took is given back
        yield
    finally:
        process.terminate()
        process.wait()


def is_ready(below: Path) -> bool:
    """Return whether all five workers are."""
    found = [worker.phase for report in read_status_files(State(below).supervisors) for worker in report.workers]
    return len(found) == 5 and all(phase is Phase.READY for phase in found)


def processes(below: Path) -> dict[str, Footprint]:
    """Return what each process of the group takes, by the name of what it does; one that does all is `supervisor`."""
    pids: dict[int, str] = {}
    for report in read_status_files(State(below).supervisors):
        pids |= {worker.pid: worker.name for worker in report.workers if worker.pid}
        pids |= {pid: name.strip("()") for name, pid in report.parents.items()}
    return {name: found for pid, name in pids.items() if (found := measure(pid))}


def write(log: Path, seconds: float) -> int:
    """Let `log` grow for `seconds`; return by how many lines that become events."""
    lines, written, begun = cowrie_lines(), 0, time.monotonic()
    with log.open("ab") as file:
        for bundle in range(int(seconds * BUNDLES_PER_SECOND)):
            file.write(b"".join(next(lines) for _ in range(LINES_PER_SECOND // BUNDLES_PER_SECOND)))
            file.flush()
            written += LINES_PER_SECOND // BUNDLES_PER_SECOND
            time.sleep(max(0.0, begun + (bundle + 1) / BUNDLES_PER_SECOND - time.monotonic()))
    return written


def wait_for(above: Path, events: int) -> None:
    """Wait until the listener has that many of `collect`."""
    deadline = time.monotonic() + DEADLINE
    while (there := stored(above)) < events:
        if time.monotonic() > deadline:
            sys.exit(f"only {there} of {events} events arrived within {DEADLINE:.0f} s")
        time.sleep(0.2)


def stored(above: Path) -> int:
    """Return how many events of Cowrie the listener has; what sniff finds on the loopback interface is left out."""
    files = (above / "spool" / "listener").glob("*.jsonl")
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    return sum(json.loads(line).get("decky") == "cowrie-1" for line in lines)


def figures(found: Footprint) -> str:
    """Return PSS and USS."""
    return f"{found.pss / MIB:7.1f}{found.uss / MIB:7.1f}"


if __name__ == "__main__":
    main()
