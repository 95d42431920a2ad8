# SPDX-License-Identifier: MIT
"""What is refused where workers share an event loop; test_drill.py attacks a whole fleet so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fleet.refusal import refusing_to_block

BLOCKING = """
import asyncio, socket, sqlite3, threading, time
from decnet_core.supervise.stalls import WORKER

async def work(does):
    WORKER.set("door")
    does()

async def wait_in_a_thread():
    WORKER.set("door")
    await asyncio.to_thread(time.sleep, 0)

for does in (
    lambda: time.sleep(0),
    lambda: socket.getaddrinfo("127.0.0.1", 1),
    lambda: socket.socket().connect(("127.0.0.1", 1)),
    lambda: sqlite3.connect(":memory:"),
):
    try:
        asyncio.run(work(does))
    except RuntimeError:
        continue
asyncio.run(wait_in_a_thread())
time.sleep(0)
"""


def test_what_blocks_is_refused_by_name_and_a_thread_may_wait(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKING], env=outer | refusing_to_block(blocked),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = ("time.sleep", "socket.getaddrinfo", "socket.connect", "sqlite3.connect")
    assert blocked.read_text().splitlines() == [f"door: {event}" for event in events]
