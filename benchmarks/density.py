# SPDX-License-Identifier: MIT
"""What deckies in network namespaces cost: time until all answer, and memory of the fleet, at growing numbers.

`python benchmarks/density.py [--deckies N ...] [--json]`, as root. Each number has a LAN and a fleet of its own, as
`decnet drill --runtime netns` has, of mail servers with five ports each. `MiB` is the sum of PSS of all processes of
`decnet up` at rest: 100 s after all answer, when those are parked that can be, and `decoys` no longer holds what it
needed to make keys; `KiB a decky` is what each added to a fleet with one. `ports/s` are
connections that another machine of the LAN makes to all ports, one after the other for 64 at a time. `repair s` is the
time until one whose interface was deleted answers again, with a reconciler that was parked; with more than
REPAIR_SECONDS the exit code is 1, and so it is when a fleet has not answered ANSWER_AIM_SECONDS after it was deployed.

`--opencanary FOLDER` also starts `--processes` of the OpenCanary that is installed there (`density_opencanary`), and
says how many times the memory of a decky each takes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import density_opencanary
import msgspec

from decnet.drill.lan import clients
from decnet.drill.lan.fleet import deploy, fleet
from decnet.drill.lan.machines import Lan, lan

NUMBERS = (1, 10, 100, 500)
PERSONA, PORTS = "mail-server", (22, 25, 80, 443, 6379)
REST_SECONDS = 100.0
ANSWER_SECONDS = 300.0
DIAL_SECONDS = 0.05
ANSWER_AIM_SECONDS = 20.0
REPAIR_SECONDS = 1.0
REPLACED_SECONDS = 30.0
ROW = "{:>8} {:>8} {:>14} {:>8} {:>12} {:>9} {:>9}"


class Density(msgspec.Struct):
    """The figures of one number of deckies."""

    deckies: int
    ports: int
    seconds_until_all_answer: float
    mib: float
    kib_a_decky: float | None
    ports_per_second: float
    repair_seconds: float
    workers: dict[str, float]
    """MiB of PSS by worker; not in the table."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deckies", type=int, nargs="+", default=NUMBERS)
    parser.add_argument("--opencanary", type=Path, metavar="FOLDER", help="the environment where it is installed")
    parser.add_argument("--processes", type=int, default=5, help="of OpenCanary")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    rows: list[Density] = []
    if not wanted.json:
        print(ROW.format("deckies", "ports", "all answer s", "MiB", "KiB a decky", "ports/s", "repair s"))
    for number in wanted.deckies:
        rows.append(measured(number, rows[0] if rows else None))
        if not wanted.json:
            print(
                ROW.format(*("-" if value is None else value for value in msgspec.structs.astuple(rows[-1])[:-1])),
                flush=True,
            )
    beside = besides(wanted.opencanary, wanted.processes) if wanted.opencanary else None
    if wanted.json:
        print(msgspec.json.encode({"fleets": rows, "opencanary": beside}).decode())
    elif beside is not None:
        print(compared(beside, rows[-1]))
    late = [row.deckies for row in rows if row.repair_seconds > REPAIR_SECONDS]
    slow = [row.deckies for row in rows if row.seconds_until_all_answer > ANSWER_AIM_SECONDS]
    reasons = {f"repaired after more than {REPAIR_SECONDS:g} s": late, f"answer after {ANSWER_AIM_SECONDS:g} s": slow}
    if any(reasons.values()):
        sys.exit("; ".join(f"{reason}: fleets of {numbers}" for reason, numbers in reasons.items() if numbers))


def besides(place: Path, processes: int) -> density_opencanary.Processes:
    """Measure OpenCanary."""
    with tempfile.TemporaryDirectory(prefix="decnet-") as name:
        return density_opencanary.measured(place, processes, Path(name))


def compared(beside: density_opencanary.Processes, largest: Density) -> str:
    """Return what OpenCanary takes, beside a decky of the largest fleet."""
    found = (
        f"{beside.processes} processes of OpenCanary with {beside.ports} ports: {beside.mib:.1f} MiB, "
        f"{beside.kib_each:.0f} KiB each, all answer {beside.seconds_until_all_answer:.1f} s after their start"
    )
    if largest.kib_a_decky is None:  # of one fleet alone: what all its workers take is divided
        each = largest.mib * 1024 / largest.deckies
        return f"{found}; {beside.kib_each / each:.1f} times a decky with its share of all workers ({each:.0f} KiB)"
    return f"{found}; {beside.kib_each / largest.kib_a_decky:.0f} times what a decky adds"


def measured(number: int, first: Density | None) -> Density:
    """Run a fleet of so many deckies and measure it."""
    ports = [(address(place), port) for place in range(number) for port in PORTS]
    with (
        tempfile.TemporaryDirectory(prefix="decnet-") as name,
        lan(Path(name)) as made,
        fleet(made, Path(name), "netns"),
    ):
        deploy(made, Path(name), "netns", number, PERSONA)
        began = time.monotonic()
        finding = clients.until_all_answer(made, ports, ANSWER_SECONDS)
        if not finding.holds:
            sys.exit(f"{number} deckies: {finding.detail}")
        answered = time.monotonic() - began
        began = time.monotonic()
        made.as_attacker(lambda: clients.open_endpoints(ports))
        rate = len(ports) / (time.monotonic() - began)
        time.sleep(REST_SECONDS)
        workers = fleet_mib()
        mib = sum(workers.values())
        repaired = round(repair_seconds(made, PORTS[0]), 2)
        deploy(made, Path(name), "netns", 0)
    each = None if first is None else round((mib - first.mib) * 1024 / (number - first.deckies), 1)
    return Density(number, len(ports), round(answered, 1), round(mib, 1), each, round(rate), repaired, workers)


def repair_seconds(made: Lan, port: int, patience: float = ANSWER_SECONDS) -> float:
    """Delete the interface of a decky, which takes its addresses along; return after how long it answers again."""
    shown = made.on_host(
        lambda: subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    ).stdout
    line = next(one for one in shown.splitlines() if " alias decnet:" in one)
    peer, place = line.split()[1].partition("@")[0], int(line.rpartition("-")[2]) - 1
    made.on_host(lambda: subprocess.run(["ip", "link", "delete", peer], check=True))
    found = seconds_until_answer(made, (address(place), port), patience)
    if found is None:
        sys.exit("not repaired")
    return found


def seconds_until_answer(lan: Lan, endpoint: clients.Endpoint, seconds: float) -> float | None:
    """Return after how long an endpoint takes a connection; None: not within `seconds`.

    It is dialled again and again: a SYN that was lost would be sent again by the kernel only after a second.
    """
    began = time.monotonic()

    def dial() -> float | None:
        while time.monotonic() - began < seconds:
            with socket.socket() as sock, contextlib.suppress(OSError):
                sock.settimeout(DIAL_SECONDS)
                sock.connect(endpoint)
                return time.monotonic() - began
        return None

    return lan.as_attacker(dial)


def address(place: int) -> str:
    """Return the address of a decky, as the drill deploys them: from 10.77.1.1 on."""
    return f"10.77.{1 + (place + 1) // 256}.{(place + 1) % 256}"


def fleet_mib() -> dict[str, float]:
    """Return PSS of the fleet's processes, by worker; `decoys` is among them, also where it is just being replaced."""
    until = time.monotonic() + REPLACED_SECONDS
    while "decoys" not in (found := _mib_by_worker()):
        if time.monotonic() > until:
            sys.exit("decoys does not run")
        time.sleep(1)
    return found


def _mib_by_worker() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "decnet", "footprint", "--json"], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"decnet footprint: {done.stderr.decode()}")
    found: dict[str, float] = {}
    for row in json.loads(done.stdout)["workers"]:
        found[row["name"]] = found.get(row["name"], 0.0) + round(row["pss"] / (1 << 20), 2)
    return found


if __name__ == "__main__":
    main()
