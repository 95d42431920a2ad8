# SPDX-License-Identifier: MIT
"""From an SSH log-in to the webhook in somebody's hand, on a private fleet, beside a bare POST over loopback.

`python benchmarks/latency.py [--logins 200] [--after-quiet] [--json]`. The clock starts when the client gives its
password to the decky and stops when the receiver has read the signed `credential.captured`: decoys, spool, ingest,
profiler, outbox and webhook worker lie between, and three committed transactions. Each log-in has a source address of
its own, so that each is news. With `--after-quiet` it is a fleet under `decnet-supervise`, and before each log-in every
worker that can be parked is parked, and the database's zygote has ended, so that all have to be started for it. The
yardstick of the same run is a POST of the same body over a kept connection to the same receiver.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import asyncssh
from footprint_fleet import Fleet

from decnet.drill.asyncssh_client import log_in
from decnet.drill.private import private_fleet
from decnet.drill.receiver import Receiver
from decnet.drill.target import Target, choose
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition

AIM_P99_MS = 120.0
AIM_AFTER_QUIET_MS = 600.0
_KIND = "credential.captured"
_DEADLINE_SECONDS = 15.0
_PAUSE_SECONDS = 0.05
"""Between log-ins: this is about latency; a queue would measure throughput."""
_PARK_SECONDS = 1.0
_QUIET_SECONDS = 0.5

Rest = Callable[[], None]


class Figures(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float
    worst: float


class _Client(asyncssh.SSHClient):
    """Notes when it gave the password."""

    def __init__(self, password: str) -> None:
        self._password = password
        self.given_at = 0.0

    def password_auth_requested(self) -> str:
        self.given_at = time.monotonic()
        return self._password


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logins", type=int, default=200)
    parser.add_argument("--after-quiet", action="store_true", help="park all workers before each log-in")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with quiet_fleet() if wanted.after_quiet else awake_fleet() as (place, rest):
        webhook, bare = asyncio.run(measure(place, wanted.logins, rest))
    ratio = webhook.p50 / bare.p50
    aim = AIM_AFTER_QUIET_MS if wanted.after_quiet else AIM_P99_MS
    if wanted.json:
        print(json.dumps({"webhook_ms": webhook._asdict(), "bare_post_ms": bare._asdict(), "p50_ratio": ratio}))
        return
    print(
        f"SSH log-in to webhook   p50 {webhook.p50:7.1f} ms   p99 {webhook.p99:7.1f} ms   worst {webhook.worst:7.1f} ms"
    )
    print(f"bare POST and answer    p50 {bare.p50:7.1f} ms   p99 {bare.p99:7.1f} ms   worst {bare.worst:7.1f} ms")
    print(f"ratio of p50            {ratio:7.1f}      aim: p99 of the first at most {aim:.0f} ms")


@contextlib.contextmanager
def awake_fleet() -> Iterator[tuple[Deployment, Rest]]:
    """Yield a fleet and what to do before each log-in."""
    with private_fleet() as place:
        yield place, lambda: time.sleep(_PAUSE_SECONDS)


@contextlib.contextmanager
def quiet_fleet() -> Iterator[tuple[Deployment, Rest]]:
    """Yield one whose workers are parked before each log-in."""
    with tempfile.TemporaryDirectory(prefix="decnet-latency-", ignore_cleanup_errors=True) as directory:
        fleet = Fleet(Path(directory), DECNET_RUNTIME_PARK_SECONDS=str(_PARK_SECONDS))
        os.environ.update(fleet.environment)
        with fleet.running("fork"):
            yield find_deployment(), lambda: fleet.rest(_QUIET_SECONDS)


async def measure(place: Deployment, logins: int, rest: Rest) -> tuple[Figures, Figures]:
    """Return the figures of the fleet and of the bare POST; `rest` is called before each log-in."""
    receiver, target = Receiver(), choose(place)
    url = await receiver.open()
    try:
        with transaction(place, write=True) as connection:
            added = endpoints.add(connection, place, Definition(url, kinds=[_KIND], allow_private=True))
        receiver.secret = added.secret
        await log_in_and_wait(receiver, target, "127.66.250.1")  # the first one opens the webhook's connection
        took = []
        for number in range(logins):
            await asyncio.to_thread(rest)
            took.append(await log_in_and_wait(receiver, target, f"127.66.{number // 250}.{number % 250 + 1}"))
        bare = await asyncio.to_thread(post_bare, url, logins)
    finally:
        await receiver.close()
    return figures(took), figures(bare)


async def log_in_and_wait(receiver: Receiver, target: Target, source: str) -> float:
    """Log in from `source`; return the seconds from the password to the webhook that tells of it."""
    user, password = target.login
    client = _Client(password)
    shell = target.shell
    connection = await log_in(shell.address, shell.port("ssh") or 0, source, user, client_factory=lambda: client)
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await arrival(receiver, source) - client.given_at
    finally:
        connection.abort()


async def arrival(receiver: Receiver, source: str) -> float:
    """Return when the webhook about `source` came; its signature must be genuine."""
    while True:
        for one in reversed(receiver.arrivals):
            if one.data.get("attacker") == source:
                assert one.genuine
                return one.at
        receiver.arrived.clear()
        await receiver.arrived.wait()


def post_bare(url: str, count: int) -> list[float]:
    """Return the seconds that each of `count` POSTs and its answer took over one kept connection."""
    connection = http.client.HTTPConnection(url.split("/")[2])
    body = json.dumps({"type": _KIND, "timestamp": "2026-11-24T00:00:00Z", "data": {"attacker": "127.66.0.1"}})
    took = []
    for _ in range(count):
        began = time.monotonic()
        connection.request("POST", "/drill", body=body)
        connection.getresponse().read()
        took.append(time.monotonic() - began)
    connection.close()
    return took


def figures(seconds: list[float]) -> Figures:
    """Return median, 99th percentile (nearest rank) and maximum."""
    ordered = sorted(seconds)
    rank = max(0, -(-99 * len(ordered) // 100) - 1)
    return Figures(*(round(value * 1000, 3) for value in (statistics.median(ordered), ordered[rank], ordered[-1])))


if __name__ == "__main__":
    main()
