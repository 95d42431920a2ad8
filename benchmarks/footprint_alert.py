# SPDX-License-Identifier: MIT
"""What the workers cost that a first log-in after quiet wakes, until they are parked again.

`python benchmarks/footprint.py --alert` waits until a fleet rests, logs in by SSH once, waits for the webhook, and then
measures WATCH_SECONDS long. For each process the median and the most of its USS are told, and from when to when it was
there; and the fleet's PSS in the course of that time. Of a worker that was replaced meanwhile the longest life decides.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import latency
from footprint_fleet import Fleet, parks

from decnet.drill.receiver import Receiver
from decnet.drill.target import choose
from decnet.fleet.deployment import find_deployment, transaction
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition
from decnet_core.footprint import measure

AIMS_MIB = {"webhook": 7.0}
"""Of USS, in fork mode."""
WATCH_SECONDS = 45.0
"""The default `park_seconds`, and what the last ones are parked after."""
EVERY_SECONDS = 0.5
SPANS = (0, 1, 3, 6, 12, 20, 30, 40)
"""Seconds after the webhook, between which the fleet's PSS is averaged."""
MIB = 1 << 20
Points = list[tuple[float, float]]
"""Seconds and MiB."""


def after_alert() -> dict[str, Any]:
    """Return how long the alert took (ms), the figures of each process, and the fleet's PSS."""
    with tempfile.TemporaryDirectory(prefix="decnet-footprint-", ignore_cleanup_errors=True) as directory:
        fleet = Fleet(Path(directory))
        os.environ.update(fleet.environment)
        with fleet.running("fork"):
            return asyncio.run(_logged_in(fleet))


def table(found: dict[str, Any]) -> str:
    """Return it as a table with the verdicts."""
    lines = [f"{'after an alert, MiB':20}{'from s':>8}{'to s':>7}{'USS':>7}{'most':>7}{'aim':>7}"]
    for name, lives in sorted(found["workers"].items()):
        longest = max(lives, key=lambda life: life["to"] - life["from"])
        for life in lives:
            verdict = ""
            if life is longest and name in AIMS_MIB:
                verdict = f"{AIMS_MIB[name]:7.0f}  {'met' if life['uss'] <= AIMS_MIB[name] else 'NOT MET'}"
            lines.append(f"{name:20}{life['from']:8.1f}{life['to']:7.1f}{life['uss']:7.1f}{life['most']:7.1f}{verdict}")
    spans = ", ".join(f"{one['from']}-{one['to']} s {one['pss']:.0f}" for one in found["fleet"])
    return "\n".join([*lines, f"the fleet's PSS: {spans}", f"from log-in to webhook: {found['alert_ms']:.0f} ms"])


async def _logged_in(fleet: Fleet) -> dict[str, Any]:
    place, receiver = find_deployment(), Receiver()
    url = await receiver.open()
    try:
        with transaction(place, write=True) as connection:
            made = Definition(url, kinds=["credential.captured"], allow_private=True)
            receiver.secret = endpoints.add(connection, place, made).secret
        await latency.log_in_and_wait(receiver, choose(place), "127.66.250.1")
        await asyncio.to_thread(fleet.rest, 1.0)
        seconds = await latency.log_in_and_wait(receiver, choose(place), "127.66.250.2")
        return {"alert_ms": 1000 * seconds, **await asyncio.to_thread(_watched, fleet)}
    finally:
        await receiver.close()


def _watched(fleet: Fleet) -> dict[str, Any]:
    lives, totals = dict[tuple[str, int], Points](), Points()
    began = time.monotonic()
    while (now := time.monotonic() - began) < WATCH_SECONDS:
        for name, status in fleet.statuses().items():
            if status.pid and parks(name) and (one := measure(status.pid)) is not None:
                lives.setdefault((name, status.pid), []).append((now, one.uss / MIB))
        totals.append((now, sum(one.pss for one in fleet.sample().values()) / MIB))
        time.sleep(EVERY_SECONDS)
    workers: dict[str, list[dict[str, float]]] = {}
    for (name, _), points in lives.items():
        workers.setdefault(name, []).append(_life(points))
    return {"workers": workers, "fleet": [*_averages(totals)]}


def _life(points: Points) -> dict[str, float]:
    uss = [mib for _, mib in points]
    return {"from": points[0][0], "to": points[-1][0], "uss": statistics.median(uss), "most": max(uss)}


def _averages(totals: Points) -> list[dict[str, float]]:
    spans = itertools.pairwise(SPANS)
    within = [(begin, end, [mib for at, mib in totals if begin <= at < end]) for begin, end in spans]
    return [{"from": begin, "to": end, "pss": statistics.mean(found)} for begin, end, found in within if found]
