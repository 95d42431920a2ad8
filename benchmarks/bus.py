# SPDX-License-Identifier: MIT
"""Bus throughput and latency: our broker and nats-server, our client and nats-py, in one run on the same two cores.

The broker has one core, all clients share the other (one process, one event loop), and nothing is ever lost: publishers
wait for the slowest subscriber before they run more than a few windows ahead. "wire" is neither client: prepared bytes
written to and counted from raw sockets, which shows what the broker alone can do. Ratios are to nats-server + nats-py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bus_brokers import Server, nats_server, our_broker
from bus_clients import CLIENTS, opened
from bus_wire import soak, wire

CLIENT_CORE = 1
WINDOW = 250  # messages sent before looking whether subscribers keep up; fewer when they are large
AHEAD = 2  # windows that may be under way
ROUNDS = 3  # the best counts: what else runs on the machine only ever slows a round down
SHAPES = {"1->1": (1, 1), "1->8": (1, 8), "8->1": (8, 1)}
SIZES = (128, 4096)
WIRE_SUBSCRIBERS = (1, 10)


class Pace:
    """Counts what each subscriber has received and wakes the publisher when the slowest has."""

    def __init__(self, subscribers: int) -> None:
        self._received = [0] * subscribers
        self._wanted = 0
        self._reached = asyncio.Event()

    def counter(self, index: int) -> Callable[[bytes], None]:
        """Return what subscriber `index` calls for each message."""
        received = self._received

        def heard(_payload: bytes) -> None:
            received[index] += 1
            if received[index] >= self._wanted and min(received) >= self._wanted:
                self._reached.set()

        return heard

    async def all_have(self, count: int) -> None:
        """Wait until every subscriber has received `count`."""
        self._wanted = count
        self._reached.clear()
        if min(self._received) < count:
            await asyncio.wait_for(self._reached.wait(), 60)


async def throughput(server: Server, kind: str, shape: str, size: int, seconds: float) -> dict[str, float]:
    """Return delivered messages per second, and per second of the broker's CPU."""
    publishers_count, subscribers_count = SHAPES[shape]
    publishers = await opened(kind, server.urls[kind], publishers_count)
    subscribers = await opened(kind, server.urls[kind], subscribers_count)
    pace = Pace(subscribers_count)
    for index, subscriber in enumerate(subscribers):
        await subscriber.subscribe("events.bench", pace.counter(index))
    window = max(8, min(WINDOW, 262_144 // size) // publishers_count)
    payload, sent, cpu, started = b"x" * size, 0, server.cpu_seconds(), time.perf_counter()
    while time.perf_counter() - started < seconds:
        for publisher in publishers:
            await publisher.publish("events.bench", payload, window)
            sent += window
        await pace.all_have(sent - AHEAD * window * publishers_count)
    for publisher in publishers:
        await publisher.flush()
    await pace.all_have(sent)
    elapsed, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    for client in publishers + subscribers:
        await client.close()
    delivered = sent * subscribers_count
    return {"per_second": delivered / elapsed, "per_broker_second": delivered / max(cpu, 0.01)}


async def one_way(server: Server, kind: str, size: int, count: int) -> dict[str, float]:
    """Return the latency from publish to receipt in microseconds, one message every millisecond."""
    publisher, subscriber = await opened(kind, server.urls[kind], 2)
    taken: list[float] = []
    pace = Pace(1)
    count_one = pace.counter(0)

    def heard(payload: bytes) -> None:
        taken.append((time.perf_counter_ns() - int(payload[:20])) / 1000)
        count_one(payload)

    await subscriber.subscribe("events.bench", heard)
    for _ in range(count):
        await publisher.publish("events.bench", b"%020d" % time.perf_counter_ns() + b"x" * (size - 20), 1)
        await asyncio.sleep(0.001)
    await pace.all_have(count)
    for client in (publisher, subscriber):
        await client.close()
    return percentiles(taken)


async def request_reply(server: Server, kind: str, size: int, count: int) -> dict[str, float]:
    """Return the round trip of one request after another in microseconds."""
    asker, answerer = await opened(kind, server.urls[kind], 2)
    await answerer.answer("notice.bench")
    payload, taken = b"x" * size, []
    for _ in range(count):
        began = time.perf_counter_ns()
        await asker.request("notice.bench", payload)
        taken.append((time.perf_counter_ns() - began) / 1000)
    for client in (asker, answerer):
        await client.close()
    return {"per_second": 1e6 / statistics.fmean(taken), **percentiles(taken)}


def percentiles(taken: list[float]) -> dict[str, float]:
    """Return median and 99th percentile."""
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_us": cuts[49], "p99_us": cuts[98]}


async def measured(server: Server, kind: str, *, quick: bool) -> dict[str, dict[str, float]]:
    """Return every case of one broker and one client."""
    results: dict[str, dict[str, float]] = {}
    seconds, count = (0.2, 200) if quick else (2.0, 2000)
    for size in SIZES:
        for shape in SHAPES:
            rounds = [await throughput(server, kind, shape, size, seconds) for _ in range(ROUNDS)]
            results[f"{shape} {size} B"] = max(rounds, key=lambda found: found["per_second"])
        results[f"one way {size} B"] = await one_way(server, kind, size, count)
        results[f"request {size} B"] = await request_reply(server, kind, size, count)
    return results


Results = dict[str, Any]


def run(*, quick: bool, messages: int) -> Results:
    """Measure everything."""
    os.sched_setaffinity(0, {CLIENT_CORE % (os.cpu_count() or 1)})
    results: Results = {"pairs": {}, "wire": {}, "rss_kib": {}}
    for start in (nats_server, our_broker):
        with tempfile.TemporaryDirectory() as place, start(Path(place)) as server:
            idle = server.rss_kib()
            for kind in CLIENTS:
                results["pairs"][f"{server.name} + {kind}"] = asyncio.run(measured(server, kind, quick=quick))
            for size in SIZES:
                for count in WIRE_SUBSCRIBERS:
                    rounds = [wire(server, size, 0.2 if quick else 2.0, count) for _ in range(ROUNDS)]
                    best = max(rounds, key=lambda found: found["per_second"])
                    results["wire"][f"{server.name} 1->{count} {size} B"] = best
            results["rss_kib"][server.name] = {"idle": idle, "after": server.rss_kib()}
        with tempfile.TemporaryDirectory() as place, start(Path(place)) as server:
            results["rss_kib"][server.name]["soak"] = soak(server, messages)
            results["rss_kib"][server.name]["soak_messages"] = messages
    return results


def show(results: Results) -> None:
    """Print a table."""
    baseline = results["pairs"]["nats-server + nats-py"]
    row = "{:<24} {:<16} {:>11} {:>6} {:>12} {:>8} {:>8}".format
    print(row("broker + client", "case", "messages/s", "ratio", "/s of broker", "p50 us", "p99 us"))
    for pair, cases in results["pairs"].items():
        for case, found in cases.items():
            key = "per_second" if "per_second" in found else "p50_us"
            ratio = f"{found[key] / baseline[case][key]:.2f}"
            figures = [rounded(found, n) for n in ("per_second", "per_broker_second", "p50_us", "p99_us")]
            print(row(pair, case, figures[0], ratio, *figures[1:]))
    for name, found in results["wire"].items():
        figures = [rounded(found, n) for n in ("per_second", "per_broker_second")]
        broker, _, case = name.partition(" ")
        ratio = f"{found['per_second'] / results['wire'][f'nats-server {case}']['per_second']:.2f}"
        print(row(f"{broker}, wire", case, figures[0], ratio, figures[1], "", ""))
    for name, sizes in results["rss_kib"].items():
        grown = ", ".join(f"{size / 1024:.1f}" for size in sizes["soak"])
        print(f"RSS of {name}: idle {sizes['idle'] / 1024:.1f} MiB, after the cases {sizes['after'] / 1024:.1f} MiB;")
        print(f"  fresh, and at each tenth of {sizes['soak_messages']} messages: {grown} MiB")


def rounded(found: dict[str, float], name: str) -> str:
    """Return a figure as text, empty when it was not measured."""
    return f"{found[name]:.0f}" if name in found else ""


def main() -> None:
    """Be the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; figures are rough")
    parser.add_argument("--messages", type=int, default=0, help="messages of the memory soak (default 10 million)")
    options = parser.parse_args()
    messages = options.messages or (200_000 if options.quick else 10_000_000)
    results = run(quick=options.quick, messages=messages)
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)


if __name__ == "__main__":
    main()
