# SPDX-License-Identifier: MIT
"""What `api` and `web` cost in a real fleet: parked, woken by the first page, awake, with 200 clients of the stream.

Starts `decnet up` with a state directory of its own in 127.77.0.0/16. The first page after a quiet time is what a
browser waits for: index.html, then the first answer of the API; what it costs of the processor says the same on a
machine that is busy with other work. Lag is from the answer of a decky, when its event is
in the spool, to the message at the last of the clients.

    python benchmarks/face.py
    python benchmarks/face.py --wake        # only the first page
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fleet.up_process import Up, until  # noqa: E402

from decnet_core.footprint import measure  # noqa: E402
from decnet_core.runtime.restarts.policy import Phase  # noqa: E402
from decnet_core.supervise.lifecycle import Status  # noqa: E402

PARK_SECONDS = 2
WAKES, LISTENERS, VISITS, REQUESTS = 5, 200, 10, 300
MIB = 1 << 20
_WITHOUT_LIMITS = """
[api]
request_burst = 100000
requests_per_second = 10000
"""


class Face:
    """A running fleet's dashboard."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self.place = (f"127.77.{up.block}.1", 8080)
        command = [sys.executable, "-m", "decnet", "--state", str(up.state), "--settings", str(up.root / "decnet.toml")]
        made = subprocess.run([*command, "token", "add", "admin", "bench", "--json"], capture_output=True, check=True)
        self.token = json.loads(made.stdout)["secret"]

    def status(self, worker: str) -> Status:
        report = self.up.report()
        assert report is not None
        return next(status for status in report.workers if status.name == worker)

    def parked(self) -> bool:
        return all(self.status(name).phase is Phase.PARKED for name in ("api", "web"))

    def head(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()

    def get(self, *paths: str) -> None:
        """Ask for pages over one connection."""
        connection = http.client.HTTPConnection(*self.place, timeout=60)
        for path in paths:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 503), (path, answer.status)
        connection.close()

    def processor_seconds(self, worker: str) -> float:
        """Return the processor time that a worker's process has had since it was started."""
        pid = self.status(worker).pid
        if not pid:
            return 0.0
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pss(self, worker: str) -> float:
        pid = self.status(worker).pid
        measured = measure(pid) if pid else None
        return measured.pss / MIB if measured else 0.0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wake", action="store_true", help="only the first page after a quiet time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="decnet-face-") as folder:
        up = Up(Path(folder))
        with (up.root / "decnet.toml").open("a") as settings:
            settings.write(_WITHOUT_LIMITS)
        with up.running(park_seconds=PARK_SECONDS):
            face = Face(up)
            wake(face)
            if not given.wake:
                requests(face)
                listeners(face)


def wake(face: Face) -> None:
    """The first page after both were parked."""
    pages, answers, spent = [], [], []
    for _ in range(WAKES):
        until(face.parked, 120)
        began = time.monotonic()
        face.get("/")
        pages.append(time.monotonic() - began)
        face.get("/api/v1/session")
        answers.append(time.monotonic() - began)
        spent.append({name: face.processor_seconds(name) for name in ("web", "api")})
    print(f"parked: first file after {statistics.median(pages):.2f} s, first answer of the API after "
          f"{statistics.median(answers):.2f} s (median of {WAKES}; longest {max(answers):.2f} s)")  # fmt: skip
    cost = {name: statistics.median(one[name] for one in spent) for name in spent[0]}
    print(f"of the processor until then: web {cost['web']:.2f} s, api {cost['api']:.2f} s (median)")
    print(f"awake: web {face.pss('web'):.1f} MiB, api {face.pss('api'):.1f} MiB (PSS)")


def requests(face: Face) -> None:
    """Requests one after the other over one connection."""
    for path in ("/", "/healthz", "/api/v1/session"):
        began = time.monotonic()
        face.get(*[path] * REQUESTS)
        print(f"{path}: {REQUESTS / (time.monotonic() - began):.0f} requests/s over one connection")


def listeners(face: Face) -> None:
    """Clients of the stream, while a decky is visited."""
    before = face.pss("api"), face.pss("web")
    clients = [socket.create_connection(face.place) for _ in range(LISTENERS)]
    for client in clients:
        client.sendall(face.head("/api/v1/stream?table=event&kind=http.request"))
    for client in clients:
        await_message(client)
    lags = []
    for number in range(VISITS):
        face.up.visit(f"lag-{number}")
        lags.append(spread(clients, f"/lag-{number}".encode()))
    after = face.pss("api"), face.pss("web")
    more = f"memory api +{after[0] - before[0]:.1f} MiB, web +{after[1] - before[1]:.1f} MiB"
    print(f"{LISTENERS} listeners: lag to the last of them {statistics.median(lags) * 1000:.0f} ms, at most "
          f"{max(lags) * 1000:.0f} ms; {more}")  # fmt: skip
    for client in clients:
        client.close()


def await_message(client: socket.socket) -> None:
    """Wait until the client is at a place in the log."""
    said = b""
    while b"id: n" not in said:
        piece = client.recv(4096)
        said += piece
        assert piece, said


def spread(clients: list[socket.socket], wanted: bytes) -> float:
    """Return how long it takes until all clients were sent `wanted`."""
    began, waiting = time.monotonic(), dict.fromkeys(clients, b"")
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        while waiting:
            for key, _ in selector.select(30):
                client = next(one for one in clients if one is key.fileobj)
                waiting[client] += client.recv(65536)
                if wanted in waiting[client]:
                    selector.unregister(client)
                    del waiting[client]
    return time.monotonic() - began


if __name__ == "__main__":
    main()
