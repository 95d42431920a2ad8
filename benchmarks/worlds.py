# SPDX-License-Identifier: MIT
"""How well and at what cost the workers find who is who, in worlds where that is known.

    python benchmarks/worlds.py [--attackers 1000 10000] [--seed 1] [--second|...|--eighth] [--rounds 4] [--json]
    python benchmarks/worlds.py --attackers 1000 --write FOLDER
    python benchmarks/worlds.py --world FOLDER

A world has people with several addresses over time, who show some of their marks from each and replace marks; people
who act together; and the crowd: infected devices, guessers with public password lists, scanners, users of kits,
addresses that several people share, loaders that several bought, copycats who show other people's marks, and floods of
different fingerprints. `--second` to `--eighth` make worlds in other ways (`planted.second`, ...). Its events go into
a new database in rounds; after each, profiler, ttp, clusterer and campaign-clusterer work in processes of their own
until nothing is left. A worker that is not there yet is left out.

Scored is B³ precision and recall, over all addresses whose actor is known ("all"), and only over those that are not
alone, in truth or as found ("grouped"): the many who rightly stay alone cannot hide mistakes there. Memory is the peak
of the process, and by how much it grew after it was ready.

FOLDER holds `events.jsonl`, one event of the catalogue a line as in a spool, in the order of the log, and `truth.json`:

    {"identities": {"192.0.2.1": "alice"},   by address, the actor; an address that is not named is not scored
     "campaigns": {"alice": "spring"},       by actor or by address; who is not named acts in no campaign
     "unscored": ["192.0.2.9"],              optional: not scored as to campaigns
     "populations": {"192.0.2.1": "hard"}}   optional: for the breakdown

Aims: identities F1 0.95, campaigns F1 0.90, precision 0.98, for 100,000 attackers 60 CPU s a worker and 40 MiB, and at
most 1.2 times the CPU time per attacker of a world a tenth as large.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from planted.bcubed import Score, grouped, mean, scores
from planted.eighth import EighthWorld
from planted.fifth import FifthWorld
from planted.files import Truth, read_events, read_truth, write
from planted.fourth import FourthWorld
from planted.generator import World
from planted.play import Outcome, play
from planted.second import SecondWorld
from planted.seventh import SeventhWorld
from planted.sixth import SixthWorld
from planted.third import ThirdWorld

from decnet_core.events.envelope import Event

AnyWorld = World | SecondWorld | ThirdWorld | FourthWorld | FifthWorld | SixthWorld | SeventhWorld | EighthWorld
OTHERS: dict[str, type[AnyWorld]] = {
    "second": SecondWorld,
    "third": ThirdWorld,
    "fourth": FourthWorld,
    "fifth": FifthWorld,
    "sixth": SixthWorld,
    "seventh": SeventhWorld,
    "eighth": EighthWorld,
}
"""The worlds that are made in other ways than the first."""
EVENTS_PER_ATTACKER = 24
"""About as many as the generator makes; only for equal rounds."""


def main() -> None:
    """Make or read worlds, play them, print."""
    options = _options()
    if options.write:
        world = _made(options)(options.attackers[0], options.seed)
        write(options.write, world.events(), world.truth)
        return
    results = [_played(options, one) for one in ([0] if options.world else options.attackers)]
    _grow(results)
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        for result in results:
            show(result)


def _made(options: argparse.Namespace) -> type[AnyWorld]:
    return next((made for name, made in OTHERS.items() if getattr(options, name)), World)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attackers", type=int, nargs="+", default=[1000], metavar="N", help="addresses, about")
    parser.add_argument("--seed", type=int, default=1)
    for name in OTHERS:
        parser.add_argument(f"--{name}", action="store_true", help=f"a world of the {name} kind")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--world", type=Path, metavar="FOLDER", help="play the world of these files")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="only write the world's files")
    parser.add_argument("--given", action="store_true", help="the true identities in place of the clusterer's")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the database in an empty folder")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _played(options: argparse.Namespace, attackers: int) -> dict[str, Any]:
    events: Iterable[Event]
    if options.world:
        truth, events = read_truth(options.world), read_events(options.world)
        total = sum(1 for _ in read_events(options.world))
    else:
        world = _made(options)(attackers, options.seed)
        truth, events, total = world.truth, world.events(), attackers * EVENTS_PER_ATTACKER
    with tempfile.TemporaryDirectory() as temporary:
        outcome = play(
            options.keep or Path(temporary),
            events,
            rounds=options.rounds,
            total=total,
            given=truth if options.given else None,
        )
    return {"attackers": attackers or len(truth.identities), "seed": options.seed, **report(truth, outcome)}


def report(truth: Truth, outcome: Outcome) -> dict[str, Any]:
    """Return the scores and the costs, as they are printed with --json."""
    parts = {
        "identities": (truth.identities, outcome.identities),
        "campaigns": (truth.campaign_truth(), outcome.campaigns),
    }
    return {
        "events": outcome.events,
        "scores": {name: _scored(true, found, truth.populations) for name, (true, found) in parts.items()},
        "workers": {name: msgspec.to_builtins(costs) for name, costs in outcome.costs.items()},
    }


def _scored(true: dict[str, str], found: dict[str, str], populations: dict[str, str]) -> dict[str, Any]:
    each = scores(true, found)
    by_population: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for address, values in each.items():
        by_population[populations.get(address, "")][address] = values
    together = grouped(true, found)
    return {
        "all": _row(mean(each)),
        "grouped": _row(mean({address: each[address] for address in together})),
        "populations": {name: _row(mean(values)) for name, values in sorted(by_population.items()) if name},
        "largest": largest(true, found),
    }


def _row(score: Score) -> dict[str, float]:
    return {"items": score.items, "precision": score.precision, "recall": score.recall, "f1": score.f1}


def largest(true: dict[str, str], found: dict[str, str]) -> dict[str, int]:
    """Return how many scored addresses the largest group has, and how many true groups these are of."""
    members: dict[str, list[str]] = defaultdict(list)
    for address in true.keys() & found.keys():
        members[found[address]].append(address)
    most = max(members.values(), key=len, default=[])
    return {"addresses": len(most), "groups": len({true[address] for address in most})}


def _grow(results: list[dict[str, Any]]) -> None:
    """Add by how much a worker's CPU time per attacker grew from one world to the next."""
    for small, large in itertools.pairwise(results):
        for name, costs in large["workers"].items():
            before = small["workers"][name]["cpu_s"] / small["attackers"]
            costs["growth"] = costs["cpu_s"] / large["attackers"] / before if before else None


def _line(part: str, one: dict[str, float]) -> str:
    return f"  {part:30}{one['items']:10,}{one['precision']:11.4f}{one['recall']:9.4f}{one['f1']:9.4f}"


def show(result: dict[str, Any]) -> None:
    """Print a world's result as tables."""
    print(f"\n{result['attackers']:,} attackers, {result['events']:,} events, seed {result['seed']}")
    for name, rows in result["scores"].items():
        print(f"\n  {name:30}{'addresses':>10}{'precision':>11}{'recall':>9}{'F1':>9}")
        for part in ("all", "grouped"):
            print(_line(part, rows[part]))
        for population, one in rows["populations"].items():
            print(_line(f"- {population}", one))
        most = rows["largest"]
        print(f"  the largest group has {most['addresses']:,} addresses, of {most['groups']:,} true groups")
    print(f"\n  {'worker':18}{'handled':>10}{'CPU s':>9}{'peak MiB':>10}{'grew MiB':>10}{'CPU growth':>12}")
    for name, one in result["workers"].items():
        growth = f"{one['growth']:11.2f}x" if one.get("growth") else f"{'-':>12}"
        grew = one["peak_mib"] - one["ready_mib"]
        print(f"  {name:18}{one['handled']:10,}{one['cpu_s']:9.2f}{one['peak_mib']:10.1f}{grew:10.1f}{growth}")


if __name__ == "__main__":
    main()
