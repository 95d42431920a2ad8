# SPDX-License-Identifier: MIT
"""Workers that share an event loop do not block it: blocking work is refused while a whole fleet is attacked."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

UNBLOCKED = Path(__file__).parent / "unblocked"


def run(tmp_path: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run Python where blocking is refused; return what became of it, and who was refused what."""
    told = tmp_path / "blocked"
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    with tempfile.TemporaryDirectory() as short:  # the path of a UNIX socket has 107 bytes at most
        environment = {**outer, "PYTHONPATH": str(UNBLOCKED), "DECNET_TEST_BLOCKED": str(told), "TMPDIR": short}
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=150
        )
    return done, told.read_text().splitlines() if told.exists() else []


@pytest.mark.timeout(180)
def test_no_worker_blocks_the_loop_while_a_fleet_of_tasks_is_attacked(tmp_path: Path) -> None:
    done, refused = run(tmp_path, "-m", "decnet", "drill", "--private", "--host", "tasks")
    assert refused == []
    assert done.returncode == 0, done.stdout + done.stderr


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
    done, refused = run(tmp_path, "-c", BLOCKING)
    assert done.returncode == 0, done.stderr
    events = ("time.sleep", "socket.getaddrinfo", "socket.connect", "sqlite3.connect")
    assert refused == [f"door: {event}" for event in events]
