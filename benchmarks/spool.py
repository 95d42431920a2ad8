# SPDX-License-Identifier: MIT
"""Spool and collector: events/s appended and read, log lines/s understood, beside the bare minimum in the same run."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.positions import START
from decnet_core.spool.reader import SpoolReader
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_sniff.collect.files.source import FileSource
from decnet_sniff.collect.formats.readers import parser_of

EVENTS = 50_000
SAMPLE = Path(__file__).parent.parent / "tests" / "decnet_sniff" / "collect" / "data" / "cowrie.json"


def rate(work: Callable[[], object]) -> float:
    """Return events per second of `work`, which handles EVENTS."""
    begun = time.perf_counter()
    work()
    return EVENTS / (time.perf_counter() - begun)


def events() -> list[Event]:
    """Return EVENTS small events."""
    ts = time.time_ns()
    return [Event(id=uuid7(ts), ts=ts, sensor="s", payload=CommandRun("ssh", "uname -a")) for _ in range(EVENTS)]


def measure_spool(place: Path) -> None:
    """Append, sync and read; the baseline encodes and writes the same events to one file."""
    made = events()
    bare = rate(lambda: write_bare(place / "bare", made))
    writer = SpoolWriter(place / "spool", SpoolSettings())
    appended = rate(lambda: append_all(writer, made))
    begun = time.perf_counter()
    writer.sync()
    print(f"append        {appended:>10,.0f} events/s   {appended / bare:.2f} of bare encode+write ({bare:,.0f}/s)")
    print(f"sync after it {(time.perf_counter() - begun) * 1000:>10,.1f} ms")
    print(f"read          {rate(lambda: read_all(place / 'spool')):>10,.0f} events/s")
    writer.close()


def write_bare(file: Path, made: list[Event]) -> None:
    """One system call per event and nothing else."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for event in made:
        os.write(descriptor, encode(event) + b"\n")
    os.close(descriptor)


def append_all(writer: SpoolWriter, made: list[Event]) -> None:
    """Append as a worker does."""
    for event in made:
        writer.append(event)


def read_all(directory: Path) -> None:
    """Read as ingest does, without decoding."""
    reader, position = SpoolReader(directory, "bench"), START
    while (batch := reader.read(position)).lines:
        position = batch.next


def measure_collect(place: Path) -> None:
    """Follow and parse a Cowrie log; the baseline reads the same file and splits its lines."""
    lines = SAMPLE.read_bytes().splitlines()
    log = place / "cowrie.json"
    log.write_bytes(b"".join(lines[number % len(lines)] + b"\n" for number in range(EVENTS)))
    parse, source = parser_of("cowrie"), FileSource(str(log), [])
    source.look(time.time_ns())

    def collect() -> None:
        while (found := source.next_lines(time.time_ns())) is not None:
            for line in found[1]:
                parse(line.text)

    bare = rate(lambda: log.read_bytes().splitlines())
    collected = rate(collect)
    print(f"follow+parse  {collected:>10,.0f} lines/s    {collected / bare:.3f} of read+splitlines ({bare:,.0f}/s)")
    source.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        measure_spool(Path(name))
        measure_collect(Path(name))
