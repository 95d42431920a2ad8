# SPDX-License-Identifier: MIT
"""The figures of the footprint benchmark as tables, and whether each aim is met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

AIMS = {"fork_idle_mib": 100, "fork_load_mib": 160, "fork_slope": 0.5, "units_per_worker_mib": 30, "tasks_mib": 80}
AIM_READY_SECONDS, AIM_WAKEUPS, AIM_CPU_PERCENT = 2.0, 4.0, 0.5

COLUMNS = (("pss", 7), ("uss", 7), ("wakeups", 9), ("cpu", 6))
_NAMES = f"{'PSS':>7}{'USS':>7}{'wake-ups':>9}{'CPU':>6}"
_SHOWN = {"pss": "PSS", "uss": "USS", "wakeups": "wake-ups/s", "cpu": "CPU %"}
HEADING = f"{'':16}{_NAMES}   under load: {_NAMES}"

Row = dict[str, float]


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
