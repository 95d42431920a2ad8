# SPDX-License-Identifier: MIT
"""The table of trials."""

from __future__ import annotations

from collections.abc import Iterable

from hostile.trial import Trial, Waits

MIB = 1 << 20
AIMS = "aims on two cores: SSH p99 250 ms, HTTP p99 100 ms, memory after + <= 10 MiB, no restart, events exact"
HEAD = (
    f"{'attack':<42} {'SSH log-in p50/p99/max ms':>27} {'CPU':>8} {'HTTP GET p50/p99/max ms':>27} {'CPU':>8} "
    f"{'late':>5} {'PSS MiB before>peak>after':>26} {'in s':>5} {'restarts':>8} {'>20 ms, max':>11}  events"
)


def row(trial: Trial) -> str:
    """Return one trial as a line.

    `CPU` is what the decoys computed during a visit (p50/p99), `late` counts the visitors who were not served within
    their patience.
    """
    memory = f"{trial.pss_before / MIB:.0f}>{trial.pss_peak / MIB:.0f}>{trial.pss_after / MIB:.0f}"
    stretch = "-" if trial.stretches is None else f"{trial.stretches.count}, {trial.stretches.longest_ms:.0f}"
    return (
        f"{trial.name[:42]:<42} {_waits(trial.ssh):>27} {_computed(trial.ssh):>8} "
        f"{_waits(trial.http):>27} {_computed(trial.http):>8} "
        f"{trial.ssh.unanswered + trial.http.unanswered:>5} {memory:>26} {trial.after_seconds:>5.0f} "
        f"{trial.restarts:>8} {stretch:>11}  {_events(trial)}"
    )


def failures(trials: Iterable[Trial]) -> list[str]:
    """Return a sentence for each trial in which the fleet did not hold."""
    return [f"{one.name}: {', '.join(_complaints(one))}" for one in trials if not one.held]


def _complaints(trial: Trial) -> list[str]:
    said = [f"decoys restarted {trial.restarts} times"] if trial.restarts else []
    for service, waits in (("SSH", trial.ssh), ("HTTP", trial.http)):
        if waits.unanswered:
            said.append(f"{waits.unanswered} of {waits.visits} {service} visitors not answered")
    return said if trial.exact else [*said, "events not exact"]


def _waits(waits: Waits) -> str:
    return f"{waits.p50:.0f}/{waits.p99:.0f}/{waits.worst:.0f}"


def _computed(waits: Waits) -> str:
    return f"{waits.processor_p50:.0f}/{waits.processor_p99:.0f}"


def _events(trial: Trial) -> str:
    """Return what was answered, recorded and sent, by kind."""
    counts = [
        f"{kind.rpartition('.')[2]} {trial.answered.get(kind, 0)}<={trial.recorded.get(kind, 0)}<={sent}"
        for kind, sent in sorted(trial.sent.items())
    ]
    verdict = "exact" if trial.exact else "NOT EXACT" + ("" if trial.visits_recorded else " (visits)")
    return " ".join([verdict, *counts])
