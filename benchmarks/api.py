# SPDX-License-Identifier: MIT
"""What the API answers how fast: each listing and detail, over a real `decnet-api` process, with a large database.

Fills a SQLite database with a week of attacks that end now (10⁶ events of 10⁵ attackers; `--quick`: a tenth), follows
them with the real profiler and history, adds findings of the other workers as rows, then starts `decnet-api` on a TCP
port and asks it over one connection, again and again. Times are the client's: from the request's first byte to the
answer's last; before each request something is committed, so that none is answered with what was kept. Requests a
second are those of one process on one core, beside a FastAPI application that says "hello" in the same server,
measured in turns in the same run: of pages that are asked for again while nothing changes, and of pages that are asked
for the first time after a commit.

    python benchmarks/api.py --quick
    python benchmarks/api.py --keep /var/tmp/world     # fills the directory once, then uses it again
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from api_listeners import stream_of  # noqa: E402
from api_world import HEAVY, TOKEN, World, fill, world_of  # noqa: E402
from tests.ports import free_port  # noqa: E402

HELLO = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/api/v1/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}
"""
READY_SECONDS = 60.0


class Connection:
    """A connection that is kept, on which one request follows the other; raises RuntimeError for an error."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")

    def get(self, path: str) -> bytes:
        """Return the body of the answer."""
        self._socket.sendall(request(path))
        status = self._stream.readline().split(b" ", 2)
        length, chunked = 0, False
        while (line := self._stream.readline().strip().lower()) != b"":
            length = int(line[15:]) if line.startswith(b"content-length:") else length
            chunked = chunked or line == b"transfer-encoding: chunked"
        body = b"".join(self._chunks()) if chunked else self._stream.read(length)
        if status[1] != b"200":
            raise RuntimeError(f"{path}: {status} {body[:500]!r}")
        return body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._stream.readline(), 16):
            yield self._stream.read(size)
            self._stream.readline()
        self._stream.readline()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def request(path: str) -> bytes:
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nAccept: application/json\r\n\r\n"
    )
    return head.encode()


def questions(world: World) -> dict[str, str]:
    """Return what is asked, by name; the paths are those of pages of 100."""
    ip, api = world.attacker, "/api/v1"
    return {
        "overview 24 h": f"{api}/overview?since=24h",
        "overview 7 d": f"{api}/overview?since=7d",
        "events": f"{api}/events",
        "events of a kind": f"{api}/events?kind=http.request",
        "events of 24 h": f"{api}/events?since=24h",
        "events of an attacker": f"{api}/events?source={ip}",
        "events of the busiest attacker": f"{api}/events?source={HEAVY}",
        "events of a network": f"{api}/events?q=src:10.1.2.0/24",
        "events at a decky": f"{api}/events?decky=nas-01",
        "events with words": f"{api}/events?q=shadow%20kind:session.command",
        "events with a rare word": f"{api}/events?q=pass4999",
        "event": f"{api}/events/{world.event}",
        "attackers by score": f"{api}/attackers",
        "attackers last seen": f"{api}/attackers?sort=last_seen",
        "attackers by events": f"{api}/attackers?sort=events",
        "attackers of 24 h": f"{api}/attackers?since=24h",
        "attackers of an hour": f"{api}/attackers?since=1h",
        "attackers at a decky": f"{api}/attackers?decky=nas-01",
        "attackers of a network": f"{api}/attackers?q=10.1.",
        "attackers with a technique": f"{api}/attackers?technique=T1110",
        "attacker": f"{api}/attackers/{ip}",
        "busiest attacker": f"{api}/attackers/{HEAVY}",
        "timeline": f"{api}/attackers/{ip}/timeline",
        "timeline of the busiest": f"{api}/attackers/{HEAVY}/timeline",
        "sessions": f"{api}/sessions",
        "sessions at a decky": f"{api}/sessions?decky=nas-01",
        "session": f"{api}/sessions/{world.session}",
        "credentials": f"{api}/credentials",
        "credentials with a text": f"{api}/credentials?q=pass49",
        "credentials of several": f"{api}/credentials?min_attackers=3",
        "credentials of 24 h": f"{api}/credentials/top?since=24h",
        "techniques": f"{api}/techniques",
        "techniques of 24 h": f"{api}/techniques?since=24h",
        "findings of a technique": f"{api}/techniques/T1110",
        "files": f"{api}/files",
        "file": f"{api}/files/{world.file}",
        "identities": f"{api}/identities",
        "identity": f"{api}/identities/{world.identity}",
        "identity graph": f"{api}/identities/{world.identity}/graph",
        "intel": f"{api}/intel/{ip}",
        "incidents": f"{api}/incidents",
        "incidents that are open": f"{api}/incidents?state=new&severity=high",
        "search": f"{api}/search?q=10.1.2",
        "summary 24 h": f"{api}/summary?since=24h",
    }


LISTINGS = (
    *("events of a kind", "events of 24 h", "events at a decky", "attackers last seen", "attackers of 24 h"),
    *("attackers of a network", "attackers at a decky", "sessions", "sessions at a decky", "credentials"),
    *("credentials of several", "findings of a technique", "files", "identities", "incidents"),
)
"""Pages of 100 whose requests a second are counted."""

WITHOUT_LIMIT = {"summary 24 h"}
"""An exact sum over what happened: asked by people who want a report, not for a page."""


Change = Callable[[], None]


@contextmanager
def changing(state: Path) -> Iterator[Change]:
    """Yield what commits to the database, as far as anybody can see who keeps answers, and changes no table."""
    with closing(sqlite3.connect(state / "decnet.db", isolation_level=None, timeout=60)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        (before,), numbers = connection.execute("PRAGMA user_version").fetchone(), count(1)
        try:
            yield lambda: connection.execute(f"PRAGMA user_version={next(numbers)}").close()
        finally:
            connection.execute(f"PRAGMA user_version={before}")


def latencies(connection: Connection, path: str, times: int, pid: int, change: Change) -> dict[str, float]:
    """Return percentiles in ms, and the processor time of the process; the first answers, cold ones, do not count."""
    for _ in range(3):
        connection.get(path)
    took, spent = [], processor_seconds(pid)
    for _ in range(times):
        change()
        began = time.perf_counter()
        size = len(connection.get(path))
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    place = min(len(took) - 1, int(len(took) * 0.99))
    found = {"p50_ms": statistics.median(took), "p99_ms": took[place]}
    found["cpu_ms"] = 1000 * (processor_seconds(pid) - spent) / times
    return {**{name: round(value, 2) for name, value in found.items()}, "bytes": size}


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has had, which does not depend on how busy the machine is."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(port: int, pid: int, path: str, seconds: float) -> tuple[float, float]:
    """Return how many requests a second are answered, and the processor time of each in ms.

    They are sent in turn on 8 connections.
    """
    connections = [Connection(port) for _ in range(8)]
    length = len(_raw(connections[0], path))
    number, spent, began = 0, processor_seconds(pid), time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for one in connections:
            one._socket.sendall(request(path))
        for one in connections:
            _skip(one, length)
        number += len(connections)
    for one in connections:
        one.close()
    return number / passed, 1000 * (processor_seconds(pid) - spent) / number


def rate_after_changes(port: int, pid: int, path: str, seconds: float, change: Change) -> tuple[float, float]:
    """Return `rate` of requests one after another, before each of which something is committed.

    The time that this takes does not count.
    """
    connection = Connection(port)
    length = len(_raw(connection, path))
    number, passed, spent, end = 0, 0.0, processor_seconds(pid), time.perf_counter() + seconds
    while time.perf_counter() < end:
        change()
        began = time.perf_counter()
        connection._socket.sendall(request(path))
        _skip(connection, length)
        passed += time.perf_counter() - began
        number += 1
    connection.close()
    return number / passed, 1000 * (processor_seconds(pid) - spent) / number


def _raw(connection: Connection, path: str) -> bytes:
    """Return a whole answer as it comes, whose length others of the same path have too."""
    connection.get(path)
    connection._socket.sendall(request(path))
    lines = [connection._stream.readline()]
    length = 0
    while lines[-1] != b"\r\n":
        lines.append(connection._stream.readline())
        if lines[-1].lower().startswith(b"content-length:"):
            length = int(lines[-1][15:])
    return b"".join(lines) + connection._stream.read(length)


def _skip(connection: Connection, length: int) -> None:
    status = connection._stream.read(length)[9:12]
    if status != b"200":
        raise RuntimeError(f"answered {status!r}")


@contextmanager
def serving(state: Path) -> Iterator[tuple[int, int]]:
    """Run `decnet-api` on a free port, on the last core; yield the port and the process."""
    port = free_port()
    values = {"LISTEN": f"127.0.0.1:{port}", "REQUESTS_PER_SECOND": "100000", "REQUEST_BURST": "1000000"}
    environment = {f"DECNET_API_{name}": value for name, value in values.items()}
    api, bus = (str(Path(sys.executable).parent / name) for name in ("decnet-api", "decnet-bus"))
    environment["DECNET_STATE_DIR"] = str(state)
    with _process([bus], environment), _process([api], environment) as pid:
        wait_for(port, "/api/v1/events/language")
        yield port, pid


@contextmanager
def hello() -> Iterator[tuple[int, int]]:
    """Serve the bare application with the server that `decnet-api` has; yield the port and the process."""
    port = free_port()
    program = f"""{HELLO}
import asyncio, socket
from decnet_web.api.hosting.serving import Server
async def main():
    listening = socket.create_server(("127.0.0.1", {port}))
    listening.setblocking(False)
    await Server(app).serve_on([(listening, None)])
asyncio.run(main())
"""
    with _process([sys.executable, "-c", program], {}) as pid:
        wait_for(port, "/api/v1/hello")
        yield port, pid


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    core = max(os.sched_getaffinity(0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    process = subprocess.Popen(command, env={**kept, **environment})
    os.sched_setaffinity(process.pid, {core})
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int, path: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            connection = Connection(port)
            connection.get(path)
            connection.close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def memory(pid: int) -> dict[str, float]:
    from decnet_core.footprint import measure

    found = measure(pid)
    return {} if found is None else {"pss_mib": round(found.pss / 2**20, 1), "rss_mib": round(found.rss / 2**20, 1)}


Rate = Callable[[int, int, str, float], tuple[float, float]]

_ROUNDS = 3


def compared(port: int, pid: int, paths: dict[str, str], seconds: float, rate: Rate) -> dict[str, Any]:
    """Return requests a second of some paths, and of a bare application, measured in turns in the same way.

    What a request costs of the processor says the same on a machine on which other work has it half of the time.
    """
    found: dict[str, list[tuple[float, float]]] = {"hello": [], **{name: [] for name in paths}}
    with hello() as (other, its_pid):
        for _ in range(_ROUNDS):
            found["hello"].append(rate(other, its_pid, "/api/v1/hello", seconds))
            for name, path in paths.items():
                found[name].append(rate(port, pid, path, seconds))
    middle = {name: [statistics.median(values) for values in zip(*each, strict=True)] for name, each in found.items()}
    of, spent = middle["hello"]
    return {
        name: {
            "requests_per_second": round(value),
            "of_hello": round(value / of, 3),
            "cpu_ms": round(cpu, 3),
            "of_hello_by_cpu": round(spent / cpu, 3),
        }
        for name, (value, cpu) in middle.items()
    }


def measured(state: Path, times: int, seconds: float, only: str) -> dict[str, Any]:
    world = world_of(state)
    asked = {name: path for name, path in questions(world).items() if only in name}
    with serving(state) as (port, pid), changing(state) as change:
        connection = Connection(port)
        answers = {name: latencies(connection, path, times, pid, change) for name, path in asked.items()}
        connection.close()
        late = {
            name: each["p99_ms"]
            for name, each in answers.items()
            if name not in WITHOUT_LIMIT and each["p99_ms"] > (150 if name.startswith("overview") else 100)
        }
        small = {"event": f"/api/v1/events/{world.event}", "kinds": "/api/v1/events/language"}
        small["session"] = "/api/v1/session"
        asked_for = {"10 events": "events?limit=10", "100 events": "events?limit=100", "100 attackers": "attackers?"}
        pages = {f"page of {name}": f"/api/v1/{path}" for name, path in asked_for.items()}
        pages |= {name: path for name, path in asked.items() if name in LISTINGS}

        def after_changes(port: int, pid: int, path: str, seconds: float) -> tuple[float, float]:
            return rate_after_changes(port, pid, path, seconds, change)

        again = compared(port, pid, {**small, **pages}, seconds, rate)
        first = compared(port, pid, pages, seconds, after_changes)
        stream = [
            stream_of(state, port, pid, request("/api/v1/stream?table=event"), listeners=number, rounds=10)
            for number in (1, 200)
        ]
        return {
            "answers": answers,
            "over_the_limit": late,
            "again_nothing_changed": again,
            "first_after_a_commit": first,
            "stream": stream,
            "memory": memory(pid),
            "load": os.getloadavg()[0],
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--attackers", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of both, and fewer requests")
    parser.add_argument("--times", type=int, default=200, help="requests of each kind")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long requests a second are counted, each time")
    parser.add_argument("--only", default="", help="only questions with this in their name")
    parser.add_argument("--keep", type=Path, help="state directory that is filled once and used again")
    given = parser.parse_args()
    if given.quick:
        given.events, given.attackers, given.times, given.seconds = 100_000, 10_000, 50, 1.0
    with tempfile.TemporaryDirectory(prefix="decnet-api-") as directory:
        state = given.keep or Path(directory) / "state"
        filled = fill(state, given.events, given.attackers)
        figures = {"events": given.events, "attackers": given.attackers, "filled_seconds": round(filled, 1)}
        found = measured(state, given.times, given.seconds, given.only)
    json.dump({**figures, **found}, sys.stdout, indent=2)
    print()
    return 0 if not found["over_the_limit"] else 1


if __name__ == "__main__":
    sys.exit(main())
