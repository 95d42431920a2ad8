# SPDX-License-Identifier: MIT
"""The process whose memory `sniff.py` tells: a capture again and again, time going on; without the ring's 2 MiB."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from decnet_core import library_pages
from decnet_core.runtime import idle_trim
from decnet_sniff.sniff import worker
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.capture.pcap import batches
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.settings import SniffSettings


def replay() -> None:
    """Take the file, for so many seconds, and print our memory beside an aim in MiB: the three arguments."""
    file, seconds, aim = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    observer, shift, packets = worker.observer_of(SniffSettings()), 0, 0
    library_pages.map_large_blocks(worker.MAPPED_KIB)
    idle_trim.trim()
    before = resident()
    samples: list[tuple[float, float]] = []
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        taken, length = once(observer, file, shift)
        packets += taken
        shift += length + 10**9
        samples.append((time.monotonic() - begun, resident()))
    now, growth = samples[-1][1], slope(samples[len(samples) // 3 :]) * 3600
    verdict = "reached" if now <= aim else "MISSED"
    print(f"memory: {before:.1f} MiB before, {now:.1f} MiB after {packets:,} packets, aim {aim:g}: {verdict}")
    print(f"memory: slope {growth:+.2f} MiB/h over the last two thirds of {seconds:g} s")


def once(observer: Observer, file: Path, shift: int) -> tuple[int, int]:
    """Take the file, all times later by `shift` ns; return its packets and its length in ns."""
    packets, first, last = 0, None, 0
    with file.open("rb") as source:
        for batch in batches(source):
            moved = [(ts + shift, start, end) for ts, start, end in batch.records]
            observer.take(PacketBatch(batch.link, batch.buffer, moved))
            for _ in observer.due(moved[-1][0]):
                pass
            packets += len(moved)
            first, last = moved[0][0] if first is None else first, moved[-1][0]
    return packets, last - (first or 0)


def resident() -> float:
    """Return our resident memory, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def slope(samples: list[tuple[float, float]]) -> float:
    """Return the least-squares slope per second."""
    count = len(samples)
    x, y = sum(s[0] for s in samples) / count, sum(s[1] for s in samples) / count
    spread = sum((s[0] - x) ** 2 for s in samples)
    return sum((s[0] - x) * (s[1] - y) for s in samples) / spread if spread else 0.0
