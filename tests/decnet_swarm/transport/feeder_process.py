# SPDX-License-Identifier: MIT
"""A sensor's worker that has much to tell: `python feeder_process.py SPOOL NAME COUNT PER_SECOND`.

Each line on its standard input allows it as many events more. It waits while the disk is full, as one does whose source
keeps what is not read, and says so on standard output.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.decnet_swarm.swarm_workers import made

from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


directory, name, count, rate = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
writer = SpoolWriter(directory, SpoolSettings(segment_bytes=256 << 10))
was_full, allowed = False, 0
for number in range(count):
    while number >= allowed:
        allowed += int(sys.stdin.readline())
    writer.append(made(number, name=name))
    if number % 100 == 0:
        writer.sync()
        if (writer.waiting > 0) != was_full:
            was_full = writer.waiting > 0
            say("full" if was_full else "room")
        while writer.waiting:
            time.sleep(0.05)
            writer.sync()
        time.sleep(100 / rate)
writer.close()
assert writer.counters()["spool_dropped"] == 0
say("done")
