# SPDX-License-Identifier: MIT
"""The fleet's state in figures; their labels are workers, states, severities and counters: words of the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from decnet.fleet.report import Report
from decnet_web.api.live.exposition import Family
from decnet_web.api.routes.fleet.workers.shapes import WorkerShown

Value = Callable[[WorkerShown], float | None]


class Totals(msgspec.Struct, frozen=True):
    """What is counted elsewhere than in the report of the fleet."""

    version: str
    events: int
    notices: int
    listeners: int
    policy_reports: int


def figures(report: Report, workers: Sequence[WorkerShown], totals: Totals) -> Iterator[Family]:
    """Yield all figures."""
    yield Family("decnet_info", "gauge", "The version that runs.", (({"version": totals.version}, 1),))
    yield _one("decnet_events_total", "counter", "Events that came into the log.", totals.events)
    yield _one("decnet_notices_total", "counter", "Notices that were written.", totals.notices)
    yield _one("decnet_stream_listeners", "gauge", "Clients that follow the stream.", totals.listeners)
    text = "Reports of browsers that a page broke its Content-Security-Policy, since the api was started last."
    yield _one("decnet_policy_reports_total", "counter", text, totals.policy_reports)
    yield from _of_workers(workers)
    if report.fleet_pss is not None:
        yield _one("decnet_memory_pss_bytes", "gauge", "Memory that the whole fleet takes.", report.fleet_pss)
    yield _labelled("decnet_incidents_open", "Incidents that nobody has closed.", "severity", report.incidents)
    of_settings = "played" if report.decoys_answers else "unknown"
    phases = Counter(
        of_settings if one.version == 0 else state.phase if state else "unknown" for one, state in report.deckies
    )
    yield _labelled("decnet_deckies", "Deckies of this host by state.", "state", phases)
    troubles = Counter(kind for kind, _, _ in report.troubles)
    yield _labelled("decnet_troubles", "What the fleet has told of itself and is not over.", "kind", troubles)


def _of_workers(workers: Sequence[WorkerShown]) -> Iterator[Family]:
    states = tuple(({"worker": one.name, "state": one.state}, 1.0) for one in workers)
    yield Family("decnet_worker_state", "gauge", "1 for the state that a worker is in.", states)
    for name, kind, text, value in _VALUES:
        samples = tuple(({"worker": one.name}, found) for one in workers if (found := value(one)) is not None)
        yield Family(f"decnet_worker_{name}", "counter" if kind else "gauge", text, samples)
    lags = ((one, one.lag, one.lag_unit) for one in workers)
    behind = tuple(
        ({"worker": one.name, "unit": unit}, float(lag)) for one, lag, unit in lags if lag is not None and unit
    )
    yield Family("decnet_worker_lag", "gauge", "How far a worker is behind.", behind)
    counts = (({"worker": one.name, "name": name}, value) for one in workers for name, value in one.counters.items())
    yield Family("decnet_worker_count", "untyped", "Counts since its start, and levels.", tuple(counts))


_VALUES: tuple[tuple[str, bool, str, Value], ...] = (
    ("restarts_total", True, "How often it was started again.", lambda one: one.restarts),
    ("recycled_total", True, "How often it was replaced for its memory.", lambda one: one.recycled),
    ("wakes_total", True, "How often it was woken.", lambda one: one.wakes),
    ("uptime_seconds", False, "How long its process has run.", lambda one: one.uptime_seconds),
    ("memory_pss_bytes", False, "Memory that it takes.", lambda one: one.pss),
    ("memory_uss_bytes", False, "Memory that would be freed if it ended.", lambda one: one.uss),
    ("dead_letters", False, "Events that it has skipped.", lambda one: one.dead_letters),
)


def _one(name: str, kind: str, text: str, value: float) -> Family:
    return Family(name, "counter" if kind == "counter" else "gauge", text, (({}, value),))


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> Family:
    return Family(name, "gauge", text, tuple(({label: word}, float(count)) for word, count in values.items()))
