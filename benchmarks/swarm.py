# SPDX-License-Identifier: MIT
"""Forwarder to listener: events/s and the memory of each, beside a raw TLS copy of the same bytes in the same run."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.footprint import Footprint, measure
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_swarm.pki import authority, bootstrap_ca, files
from decnet_swarm.pki.contexts import forwarder_context, listener_context
from decnet_swarm.pki.files import Enrolled
from decnet_swarm.pki.listener_identity import pins

EVENTS = 200_000
NAME = "bench"
PROGRAMS = Path(sys.executable).parent
DEADLINE = 300.0


def enrol(above: Path, below: Path, server: str) -> None:
    """Make a fleet of one sensor, signed by hand."""
    bootstrap_ca.bootstrap(above, ["bench.example"])
    key = authority.new_key()
    chain = bootstrap_ca.sign_request(above, NAME, authority.request(key, NAME), 2)
    folder = files.forwarder_folder(below)
    files.make_folder(folder)
    known = Enrolled(NAME, server, pins(files.listener_folder(above)))
    files.write(folder / files.AUTHORITY, (files.listener_folder(above) / files.AUTHORITY).read_bytes())
    files.write(folder / files.ENROLLED, msgspec.json.encode(known))
    files.write(folder / files.IDENTITY, authority.key_pem(key) + chain.encode())


def fill(below: Path) -> int:
    """Write EVENTS small events into a spool; return their bytes."""
    writer, ts = SpoolWriter(below / "spool" / "decoys", SpoolSettings()), time.time_ns()
    for _ in range(EVENTS):
        writer.append(
            Event(id=uuid7(ts), ts=ts, sensor=NAME, src_ip="192.0.2.7", payload=CommandRun("ssh", "uname -a; id"))
        )
    writer.close()
    return int(writer.counters()["spool_bytes"])


def copy_raw(above: Path, below: Path, size: int) -> float:
    """Return the seconds that `size` bytes take through one TLS connection, 64 KiB at a time and unread."""
    server = socket.create_server(("127.0.0.1", 0))
    context = listener_context(files.listener_folder(above))

    def take() -> None:
        sock, _ = server.accept()
        with context.wrap_socket(sock, server_side=True) as tls:
            left = size
            while left > 0:
                left -= len(tls.recv(65536))
            tls.sendall(b"x")

    thread = threading.Thread(target=take)
    thread.start()
    client: ssl.SSLContext = forwarder_context(files.forwarder_folder(below))
    with client.wrap_socket(socket.create_connection(server.getsockname())) as tls:
        begun = time.perf_counter()
        piece = b"x" * 65536
        for at in range(0, size, 65536):
            tls.sendall(piece[: size - at])
        tls.recv(1)
        seconds = time.perf_counter() - begun
    thread.join()
    server.close()
    return seconds


@contextlib.contextmanager
def started(worker: str, state: Path, section: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker as it runs on its host."""
    file = state.with_suffix(".toml")
    file.write_text(f'[state]\ndir = "{state}"\nsensor = "{NAME}"\n[{worker}]\n{section}\n')
    environment = {**os.environ, "DECNET_SETTINGS": str(file)}
    process = subprocess.Popen([str(PROGRAMS / f"decnet-{worker}")], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def stored(above: Path) -> int:
    """Return how many bytes the listener's spool holds."""
    return sum(file.stat().st_size for file in (above / "spool" / "listener").glob("*.jsonl"))


def wait_for(above: Path, size: int) -> float:
    """Return the seconds from the first stored byte until `size` are."""
    deadline, begun = time.monotonic() + DEADLINE, 0.0
    while (there := stored(above)) < size:
        if time.monotonic() > deadline:
            sys.exit(f"only {there} of {size} bytes arrived within {DEADLINE:.0f} s")
        begun = begun or (time.perf_counter() if there else 0.0)
        time.sleep(0.005)
    return time.perf_counter() - begun


def show(name: str, pid: int) -> None:
    """Print what a process holds and what it spent."""
    found = measure(pid)
    if found is not None:
        memory = "   ".join(f"{word} {size / 2**20:5.1f}" for word, size in _sizes(found))
        print(f"{name:<10} {memory} MiB   CPU {found.cpu_seconds / EVENTS * 1e6:5.1f} us/event, start included")


def _sizes(found: Footprint) -> tuple[tuple[str, int], ...]:
    return ("RSS", found.rss), ("PSS", found.pss), ("USS", found.uss)


def rate(seconds: float, size: int) -> str:
    """Return a line's figures."""
    return f"{EVENTS / seconds:10,.0f} events/s   {size / seconds / 2**20:8.1f} MiB/s"


def main(place: Path, address: str) -> None:
    """Measure once."""
    above, below = place / "master", place / "sensor"
    enrol(above, below, address)
    size = fill(below)
    raw = copy_raw(above, below, size)
    with (
        started("listener", above, f'listen = "{address}"') as listener,
        started("forwarder", below, f'server = "{address}"\nprotocol = "decnet"') as forwarder,
    ):
        seconds = wait_for(above, size)
        print(f"shipped    {rate(seconds, size)}, stored and fsynced")
        print(f"raw TLS    {rate(raw, size)}, the same bytes, unread")
        print(f"ratio      {raw / seconds:10.3f}")
        show("listener", listener.pid)
        show("forwarder", forwarder.pid)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name), "127.77.250.1:16514")
