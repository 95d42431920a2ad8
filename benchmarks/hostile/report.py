# SPDX-License-Identifier: MIT
"""The table of trials."""

from __future__ import annotations

from collections.abc import Sequence

from hostile.catalogue import ATTACKS
from hostile.trial import RECOVERED_BYTES, Outcome, Trial, Waits

MIB = 1 << 20
SSH_MS, HTTP_MS = 250, 100
AIMS = (
    f"aims on two cores: SSH p99 {SSH_MS} ms, HTTP p99 {HTTP_MS} ms, memory after + <= {RECOVERED_BYTES // MIB} MiB, "
    "no restart, events exact"
)
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


def total(outcome: Outcome, rest: float) -> str:
    """Return how many attacks were held, and the names of those over each aim; memory had `rest` seconds."""
    attacks = [one for one in outcome.trials if one.name in ATTACKS]
    held = sum(one.held for one in attacks)
    over = {
        f"SSH p99 over {SSH_MS} ms": [one for one in attacks if one.ssh.p99 > SSH_MS],
        f"SSH CPU p99 over {SSH_MS} ms": [one for one in attacks if one.ssh.processor_p99 > SSH_MS],
        f"HTTP p99 over {HTTP_MS} ms": [one for one in attacks if one.http.p99 > HTTP_MS],
        f"HTTP CPU p99 over {HTTP_MS} ms": [one for one in attacks if one.http.processor_p99 > HTTP_MS],
        f"memory over + {RECOVERED_BYTES // MIB} MiB after {rest:.0f} s": [
            one for one in attacks if one.pss_after > one.pss_before + RECOVERED_BYTES
        ],
    }
    lines = [f"total: {held} of {len(attacks)} attacks held, {len(outcome.failed)} not carried out"]
    lines += [f"  {aim}: {len(found)}{_named(found)}" for aim, found in over.items()]
    return "\n".join(lines)


def _named(trials: Sequence[Trial]) -> str:
    return f" ({'; '.join(one.name for one in trials)})" if trials else ""


def failures(outcome: Outcome) -> list[str]:
    """Return a sentence for each trial in which the fleet did not hold, and for each that was not carried out."""
    unheld = [f"{one.name}: {', '.join(_complaints(one))}" for one in outcome.trials if not one.held]
    return [*unheld, *(f"{name or '(no attack)'}: failed by itself, {why}" for name, why in outcome.failed.items())]


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
