# SPDX-License-Identifier: MIT
"""Attack a private fleet, one attack after the other, and print what other visitors and the operator notice.

    nox -s hostile [-- --short | --attack NAME ... | --json]

Each attack lasts seconds and is bounded in what it sends; all traffic is on loopback. The first line is measured
without an attack, on the same machine in the same run. Exit code 1 when a visitor was not served, the decoys were
restarted or the events are not exact.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hostile.catalogue import ATTACKS
from hostile.fleet import HostileFleet
from hostile.report import AIMS, HEAD, failures, row
from hostile.trial import Experiment, Trial
from hostile.watch import Visitors, bus_of

SECONDS, SHORT_SECONDS = 8.0, 4.0
"""How long one attack lasts."""
REST_SECONDS = 60.0
"""How long the decoys may take to give memory back."""
REVIVE_SECONDS = 60.0


async def run(names: Sequence[str], seconds: float, rest: float, *, quiet: bool) -> list[Trial]:
    """Play the attacks and return the trials; a fleet that has given up its decoys is replaced."""
    trials: list[Trial] = []
    waiting = ["", *names]
    while waiting:
        with tempfile.TemporaryDirectory(prefix="decnet-hostile-") as directory:
            fleet, visitors = HostileFleet(Path(directory)), Visitors()
            async with fleet.running(), visitors.visiting(fleet), bus_of(fleet) as bus:
                experiment = Experiment(fleet, visitors, bus, seconds=seconds, rest=rest)
                while waiting and await fleet.decoys_ready(REVIVE_SECONDS):
                    trials.append(await experiment.attempt(waiting.pop(0)))
                    if not quiet:
                        print(row(trials[-1]), flush=True)
    return trials


def main() -> int:
    """Attack as the command line says."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the fleet would stay
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attack", action="append", choices=sorted(ATTACKS), metavar="NAME", help="only this one")
    parser.add_argument("--short", action="store_true", help="the attacks marked so, each for a few seconds")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--rest", type=float, default=REST_SECONDS, metavar="SECONDS", help="wait so long for memory")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(ATTACKS))
        return 0
    names = asked.attack or [name for name, attack in ATTACKS.items() if attack.short or not asked.short]
    if not asked.json:
        print(f"{AIMS}\n{HEAD}")
    seconds, rest = (SHORT_SECONDS, 0.0) if asked.short else (SECONDS, asked.rest)
    trials = asyncio.run(run(names, seconds, rest, quiet=asked.json))
    complaints = failures(trials)
    if asked.json:
        print(msgspec.json.encode(trials).decode())
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
