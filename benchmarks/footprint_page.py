# SPDX-License-Identifier: MIT
"""The figures of the footprint benchmark as tables, and whether each aim is met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

FORK_IDLE_MIB = {"eight": 45, "twelve": 52, "usual": 55, "all": 55}
AIMS = {"fork_load_mib": 115, "fork_slope": 0.1, "units_per_worker_mib": 30, "tasks_mib": 80}
AIM_READY_SECONDS, AIM_WAKEUPS, AIM_CPU_PERCENT = 2.0, 1.5, 0.5

COLUMNS = (("pss", 7), ("uss", 7), ("wakeups", 9), ("cpu", 6))
_NAMES = f"{'PSS':>7}{'USS':>7}{'wake-ups':>9}{'CPU':>6}"
_SHOWN = {"pss": "PSS", "uss": "USS", "wakeups": "wake-ups/s", "cpu": "CPU %"}
HEADING = f"{'':16}{_NAMES}   under load: {_NAMES}"

Row = dict[str, float]


def page(found: dict[str, Any]) -> str:
    """Return the tables and the verdicts; there is no load where none was asked for."""
    modes, bare_totals = found["modes"], found["bare"]
    shown = f"Python {found['python']}; workers: {found['workers']}; MiB, wake-ups per second, CPU in % of a core"
    lines = [shown, ""]
    lines += [line(name, one) for name, one in bare_totals.items()]
    for mode, one in modes.items():
        lines += ["", f"{mode}: all ready after {one['ready_seconds']} s", HEADING]
        load = one.get("load", {})
        lines += [line(name, one["idle"].get(name), load.get(name)) for name in {**one["idle"], **load}]
        lines.append(line("total", one["idle_total"], one.get("load_total")))
        if "load" not in one:
            continue
        late = one["seconds_until_all_were_in_the_database"]
        told = f"{one['events_written']} log lines written, all in the database {late} s later"
        lines.append(f"slope under load {one['slope_mib_per_minute']} MiB/min; {told}")
    return "\n".join([*lines, "", *(f"{verdict:8} {text}" for verdict, text in verdicts(modes, found["workers"]))])


def side_by_side(found: Sequence[dict[str, Any]]) -> str:
    """Return the totals of each interpreter in a column of its own."""
    lines = [f"{'MiB in all':34}" + "".join(f"{one['python']:>9}" for one in found)]
    lines += [_across(f"{name}, PSS", [one["bare"][name]["pss"] for one in found]) for name in found[0]["bare"]]
    for mode in found[0]["modes"]:
        runs = [one["modes"][mode] for one in found]
        lines.append(_across(f"{mode}, seconds until all are ready", [run["ready_seconds"] for run in runs]))
        for when in [when for when in ("idle", "load") if when in runs[0]]:
            for key, _ in COLUMNS:
                lines.append(_across(f"{mode}, {when}, {_SHOWN[key]}", [run[f"{when}_total"][key] for run in runs]))
        if "load" in runs[0]:
            lines.append(_across(f"{mode}, slope in MiB/min", [run["slope_mib_per_minute"] for run in runs]))
    return "\n".join(lines)


def _across(name: str, figures: Sequence[float]) -> str:
    return f"{name:34}" + "".join(f"{figure:9.1f}" for figure in figures)


def line(name: str, idle: Row | None, load: Row | None = None) -> str:
    """Return one line of the table; a worker that is parked has no figures."""
    return f"{name:16}{_figures(idle)}{' ' * 15}{_figures(load)}".rstrip()


def _figures(row: Row | None) -> str:
    return "".join(f"{row[key]:>{width}.1f}" if row else " " * width for key, width in COLUMNS)


def verdicts(modes: dict[str, dict[str, Any]], workers: str) -> Iterator[tuple[str, str]]:
    """Yield each aim, with the figure and whether it is met."""
    for text, figure, aim in aims(modes, workers):
        yield ("met" if figure <= aim else "NOT MET"), f"{text}: {figure:.2f}, aim at most {aim}"


def aims(modes: dict[str, dict[str, Any]], workers: str) -> Iterator[tuple[str, float, float]]:
    """Yield a sentence, the figure and the aim."""
    for mode, one in modes.items():
        idle = one["idle_total"]
        if mode in ("fork", "up"):
            yield f"{mode}, idle, MiB PSS in all", idle["pss"], FORK_IDLE_MIB[workers]
        if mode in ("fork", "up") and "load" in one:
            yield f"{mode}, under load, MiB PSS in all", one["load_total"]["pss"], AIMS["fork_load_mib"]
            yield f"{mode}, slope under load, MiB/min", one["slope_mib_per_minute"], AIMS["fork_slope"]
        if mode == "units":
            each = [figures["pss"] for name, figures in one["idle"].items() if not name.startswith("(")]
            yield "units, MiB PSS per worker", sum(each) / len(each), AIMS["units_per_worker_mib"]
        if mode == "tasks":
            yield "tasks, idle, MiB PSS", idle["pss"], AIMS["tasks_mib"]
        yield f"{mode}, seconds until all are ready", one["ready_seconds"], AIM_READY_SECONDS
        yield f"{mode}, idle, wake-ups per second", idle["wakeups"], AIM_WAKEUPS
        yield f"{mode}, idle, CPU % of a core", idle["cpu"], AIM_CPU_PERCENT
