# SPDX-License-Identifier: MIT
"""Forwarder to listener: events/s and the memory of each, beside a raw TLS copy of the same bytes in the same run.

`python benchmarks/swarm.py [--chain LINES]`. With `--chain`, the whole way instead: a Cowrie log of so many lines
(60,000 if no number is given) is there when collect, forwarder, listener and ingest start, and it is told when each of
them has handed on all of it, with the processor time of each: the one that is last alone limits the chain.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from enrolled import enrol
from footprint_fleet import cowrie_lines

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.footprint import Footprint, measure
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_swarm.pki import files
from decnet_swarm.pki.contexts import forwarder_context, listener_context

EVENTS = 200_000
NAME = "bench"
PROGRAMS = Path(sys.executable).parent
DEADLINE = 300.0


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


def settings_of(state: Path, sections: str) -> dict[str, str]:
    """Return the environment of a worker with these settings."""
    file = state.with_suffix(".toml")
    file.write_text(f'[state]\ndir = "{state}"\nsensor = "{NAME}"\n{sections}\n')
    return {**os.environ, "DECNET_SETTINGS": str(file)}


@contextlib.contextmanager
def started(worker: str, state: Path, sections: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker as it runs on its host."""
    command = [str(PROGRAMS / f"decnet-{worker}")]
    process = subprocess.Popen(command, env=settings_of(state, sections), stderr=subprocess.DEVNULL)
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


def show(name: str, pid: int, events: int = EVENTS) -> None:
    """Print what a process holds and what it spent."""
    found = measure(pid)
    if found is not None:
        memory = "   ".join(f"{word} {size / 2**20:5.1f}" for word, size in _sizes(found))
        print(f"{name:<10} {memory} MiB   CPU {found.cpu_seconds / events * 1e6:5.1f} us/event, start included")


def _sizes(found: Footprint) -> tuple[tuple[str, int], ...]:
    return ("RSS", found.rss), ("PSS", found.pss), ("USS", found.uss)


def rate(seconds: float, size: int) -> str:
    """Return a line's figures."""
    return f"{EVENTS / seconds:10,.0f} events/s   {size / seconds / 2**20:8.1f} MiB/s"


def main(place: Path, address: str) -> None:
    """Measure once."""
    above, below = place / "master", place / "sensor"
    enrol(above, below, address, NAME)
    size = fill(below)
    raw = copy_raw(above, below, size)
    with (
        started("listener", above, f'[listener]\nlisten = "{address}"') as listener,
        started("forwarder", below, f'[forwarder]\nserver = "{address}"\nprotocol = "decnet"') as forwarder,
    ):
        seconds = wait_for(above, size)
        print(f"shipped    {rate(seconds, size)}, stored and fsynced")
        print(f"raw TLS    {rate(raw, size)}, the same bytes, unread")
        print(f"ratio      {raw / seconds:10.3f}")
        show("listener", listener.pid)
        show("forwarder", forwarder.pid)


def lines_in(directory: Path) -> int:
    """Return how many lines a spool holds."""
    return sum(file.read_bytes().count(b"\n") for file in directory.glob("*.jsonl"))


def rows_in(database: Path) -> int:
    """Return how many events a database holds."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()[0])


def chain(place: Path, address: str, lines: int) -> None:
    """Measure collect, forwarder, listener and ingest, all at work at once."""
    above, below, log_file = place / "master", place / "sensor", place / "cowrie.json"
    enrol(above, below, address, NAME)
    log_file.write_bytes(b"".join(itertools.islice(cowrie_lines(), lines)))
    subprocess.run([PROGRAMS / "decnet-db", "upgrade"], env=settings_of(above, ""), check=True, capture_output=True)
    source = f'[[collect.source]]\nname = "cowrie"\nformat = "cowrie"\npath = "{log_file}"'
    forward = f'[forwarder]\nserver = "{address}"\nprotocol = "decnet"'
    begun = time.perf_counter()
    with contextlib.ExitStack() as stack:
        workers = {
            name: stack.enter_context(started(name, state, section))
            for name, state, section in (
                ("listener", above, f'[listener]\nlisten = "{address}"'),
                ("ingest", above, f'[listener]\nlisten = "{address}"'),
                ("forwarder", below, forward + "\n" + source),
                ("collect", below, forward + "\n" + source),
            )
        }
        reached = {
            "collect": lambda: lines_in(below / "spool" / "collect"),
            "listener": lambda: lines_in(above / "spool" / "listener"),
            "ingest": lambda: rows_in(above / "decnet.db"),
        }
        show_chain(reached, lines, begun)
        for name, process in workers.items():
            show(name, process.pid, lines)


def show_chain(reached: dict[str, Callable[[], int]], lines: int, begun: float) -> None:
    """Print when each stage has all lines, in their order."""
    for name, count in reached.items():
        while (there := count()) < lines:
            if time.perf_counter() - begun > DEADLINE:
                sys.exit(f"{name}: only {there} of {lines} lines within {DEADLINE:.0f} s")
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        print(f"{name:<10} has all after {seconds:6.2f} s, start included: {lines / seconds:10,.0f} lines/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chain", type=int, nargs="?", const=60_000, metavar="LINES")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if asked.chain:
            chain(Path(name), "127.77.250.1:16514", asked.chain)
        else:
            main(Path(name), "127.77.250.1:16514")
