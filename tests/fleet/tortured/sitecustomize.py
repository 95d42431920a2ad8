# SPDX-License-Identifier: MIT
"""A wall clock that a test can set: `time.time` and `time.time_ns` of every process that has this folder in PYTHONPATH.

Python imports this module when it starts. The offset, in nanoseconds, is read at each call from a file that the test
writes, so that all processes see the same jump at once. The monotonic clock is left alone, as the kernel does when
somebody sets the time. What asks the C library itself (`datetime.now`, SQLite) sees the machine's clock: nothing of
DECNET's does. This machine's clock is never touched.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from pathlib import Path

CLOCK = "DECNET_TEST_CLOCK_OFFSET"
_OFFSET = struct.Struct("q")


def _install(path: Path) -> None:
    with path.open("rb") as file:
        offset = mmap.mmap(file.fileno(), _OFFSET.size, prot=mmap.PROT_READ)
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + _OFFSET.unpack_from(offset)[0] / 1e9
    time.time_ns = lambda: true_time_ns() + int(_OFFSET.unpack_from(offset)[0])


if os.environ.get(CLOCK):
    _install(Path(os.environ[CLOCK]))
