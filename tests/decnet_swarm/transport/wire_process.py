# SPDX-License-Identifier: MIT
"""A cable between two network namespaces that can be bad: IP packets delayed, reordered, lost, or none at all.

`python wire_process.py DEVICE DEVICE` makes the two ends (tun(4)) and obeys lines on its standard input: `cut`, or
`pass DELAY JITTER LOSS` in ms, ms and per cent. It is here because not every kernel has netem.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def opened(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def deliver(descriptor: int, packet: bytes) -> None:
    with contextlib.suppress(OSError):  # the other end is down: a cable does not care
        os.write(descriptor, packet)


def main() -> None:
    ends = [opened(name) for name in sys.argv[1:3]]
    random.seed(7)
    passing, delay, jitter, loss = True, 0.0, 0.0, 0.0
    waiting: list[tuple[float, int, int, bytes]] = []
    number = 0
    sys.stdout.write("up\n")
    sys.stdout.flush()
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for ready in select.select([0, *ends], [], [], pause)[0]:
            if ready == 0:
                order = os.read(0, 4096).split(b"\n")[-2:-1]
                if not order:
                    return
                passing = order[0].startswith(b"pass")
                if passing:
                    delay, jitter, loss = (float(word) for word in order[0].split()[1:])
                continue
            packet = os.read(ready, 65536)
            if passing and random.random() * 100 >= loss:
                number += 1
                due = time.monotonic() + (delay + random.random() * jitter) / 1000
                heapq.heappush(waiting, (due, number, ends[ready == ends[0]], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, descriptor, packet = heapq.heappop(waiting)
            if passing:
                deliver(descriptor, packet)


main()
