# SPDX-License-Identifier: MIT
"""Attack a private fleet, one attack after the other, and print what other visitors and the operator notice.

    nox -s hostile [-- --short | --attack NAME ... | --part 1/3] [--to FILE] [--json]

Each attack lasts seconds and is bounded in what it sends; all traffic is on loopback. The first line is measured
without an attack, on the same machine in the same run. All attacks take about an hour: `--part` plays every third, and
runs of all parts with the same `--to` append to one table. A trial that fails by itself is reported, and the others
follow in a fleet of their own. The last lines say how many attacks were held and name those over an aim. Exit code 1
when a visitor was not served, the decoys were restarted, the events are not exact or a trial failed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from hostile.catalogue import ATTACKS
from hostile.fleet import HostileFleet
from hostile.report import AIMS, HEAD, failures, row, total
from hostile.trial import Experiment, Outcome
from hostile.watch import Visitors, bus_of

SECONDS, SHORT_SECONDS = 8.0, 4.0
"""How long one attack lasts."""
REST_SECONDS = 60.0
"""How long the decoys may take to give memory back."""
REVIVE_SECONDS = 60.0


async def run(names: Sequence[str], seconds: float, rest: float, say: Callable[[str], None]) -> Outcome:
    """Play the attacks, a row for each; a fleet that has given up its decoys, or met a failure, is replaced."""
    outcome = Outcome([], {})
    waiting = ["", *names]
    while waiting:
        try:
            await _in_one_fleet(waiting, seconds, rest, outcome, say)
        except Exception as error:  # the rows that follow need not suffer for it
            name = waiting.pop(0)
            outcome.failed[name] = repr(error)
            say(f"{name[:42]:<42} FAILED {error!r}")
    return outcome


async def _in_one_fleet(
    waiting: list[str], seconds: float, rest: float, outcome: Outcome, say: Callable[[str], None]
) -> None:
    """Play what waits, first to last, while the decoys come back; the first is taken off when it has been played."""
    with tempfile.TemporaryDirectory(prefix="decnet-hostile-") as directory:
        fleet, visitors = HostileFleet(Path(directory)), Visitors()
        async with fleet.running(), visitors.visiting(fleet), bus_of(fleet) as bus:
            experiment = Experiment(fleet, visitors, bus, seconds=seconds, rest=rest)
            if not await fleet.decoys_ready(REVIVE_SECONDS):
                raise RuntimeError("the decoys of a new fleet did not start")
            while waiting and await fleet.decoys_ready(REVIVE_SECONDS):
                outcome.trials.append(await experiment.attempt(waiting[0]))
                waiting.pop(0)
                say("\n".join((row(outcome.trials[-1]), *outcome.trials[-1].warnings)))


def part_of(text: str) -> tuple[int, int]:
    """Read `2/3`: the second of three parts."""
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attack", action="append", choices=sorted(ATTACKS), metavar="NAME", help="only this one")
    parser.add_argument("--short", action="store_true", help="the attacks marked so, each for a few seconds")
    parser.add_argument("--part", type=part_of, default=(1, 1), metavar="I/N", help="every Nth attack, from the Ith")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--rest", type=float, default=REST_SECONDS, metavar="SECONDS", help="wait so long for memory")
    parser.add_argument("--to", type=Path, metavar="FILE", help="append the table to this file as well")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    return parser.parse_args()


def main() -> int:
    """Attack as the command line says."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the fleet would stay
    asked = arguments()
    number, of = asked.part
    names = asked.attack or [name for name, attack in ATTACKS.items() if attack.short or not asked.short]
    names = names[number - 1 :: of]
    if asked.list:
        print("\n".join(names))
        return 0

    def say(line: str) -> None:
        if not asked.json:
            print(line, flush=True)
        if asked.to is not None:
            with asked.to.open("a") as table:
                table.write(f"{line}\n")

    say(f"{AIMS}\n{HEAD}")
    seconds, rest = (SHORT_SECONDS, 0.0) if asked.short else (SECONDS, asked.rest)
    outcome = asyncio.run(run(names, seconds, rest, say))
    say(total(outcome, rest))
    if asked.json:
        print(msgspec.json.encode(outcome.trials).decode())
    complaints = failures(outcome)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
