# SPDX-License-Identifier: MIT
"""A worker as a real process: readiness, signals, lifeline, exit codes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decnet_core.exits import Exit
from decnet_core.runtime.process import NICENESS

DOOR = """
    import sys
    from decnet_core.exits import StartupError
    from decnet_core.runtime.process import run
    from decnet_core.runtime.worker import NoSettings, Worker

    class Door(Worker[NoSettings]):
        "Waits."
        name = "door"
        gives_way = "gives-way" in sys.argv

        async def start(self, ctx):
            if "refuse" in sys.argv:
                raise StartupError("port 22 is busy; choose another")

        async def run(self, ctx):
            if "crash" in sys.argv:
                raise ValueError("broken\\x1b[31m")
            await ctx.stopping.wait()

    sys.exit(run(Door))
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def launch(*arguments: str, pass_fds: tuple[int, ...] = (), **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(DOOR), *arguments],
            env={**os.environ, "DECNET_STATE_DIR": str(tmp_path / "state"), **environ},
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=pass_fds,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


@pytest.fixture
def notifications(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(100)
        yield listener


def test_it_reports_ready_and_stops_on_sigterm(start: Start, notifications: socket.socket) -> None:
    process = start(NOTIFY_SOCKET=notifications.getsockname())
    assert b"READY=1" in notifications.recv(100).splitlines()
    process.send_signal(signal.SIGTERM)
    assert notifications.recv(100) == b"STOPPING=1"
    assert process.wait(100) == Exit.STOPPED


def test_one_that_gives_way_leaves_the_session_of_others_as_it_is(start: Start, notifications: socket.socket) -> None:
    session = Path("/proc/self/autogroup")
    if not session.exists():
        pytest.skip("this kernel groups no sessions")
    before = session.read_text()
    start("gives-way", NOTIFY_SOCKET=notifications.getsockname())
    assert b"READY=1" in notifications.recv(200)
    assert session.read_text() == before


@pytest.mark.parametrize(("arguments", "niceness"), [((), 0), (("gives-way",), NICENESS)])
def test_one_that_gives_way_is_nicer_than_others(
    start: Start, notifications: socket.socket, arguments: tuple[str, ...], niceness: int
) -> None:
    process = start(*arguments, NOTIFY_SOCKET=notifications.getsockname())
    assert b"READY=1" in notifications.recv(200)
    nicest = 19
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(ours + niceness, nicest)


def test_it_feeds_the_watchdog(start: Start, notifications: socket.socket) -> None:
    start(NOTIFY_SOCKET=notifications.getsockname(), WATCHDOG_USEC="50000")
    seen = {line for _ in range(3) for line in notifications.recv(100).splitlines()}
    assert {b"READY=1", b"WATCHDOG=1"} <= seen


def test_a_start_up_failure_has_its_own_exit_code_and_says_why(start: Start) -> None:
    process = start("refuse")
    assert process.wait(100) == Exit.STARTUP_FAILED
    assert process.stderr
    assert "port 22 is busy; choose another" in process.stderr.read()


def test_a_crash_is_one_log_line_without_escapes(start: Start) -> None:
    process = start("crash")
    assert process.wait(100) == Exit.CRASHED
    assert process.stderr
    (line,) = [line for line in process.stderr.read().splitlines() if "crashed" in line]
    assert "ValueError" in line
    assert "\x1b" not in line


def test_a_wrong_setting_is_a_start_up_failure(start: Start) -> None:
    process = start(DECNET_RUNTIME_STOP_SECONDS="soon")
    assert process.wait(100) == Exit.STARTUP_FAILED
    assert process.stderr
    assert "stop_seconds" in process.stderr.read()


def test_it_stops_when_its_parent_is_gone(start: Start, notifications: socket.socket) -> None:
    reading, writing = os.pipe()
    process = start(NOTIFY_SOCKET=notifications.getsockname(), DECNET_LIFELINE_FD=str(reading), pass_fds=(reading,))
    os.close(reading)
    assert b"READY=1" in notifications.recv(100).splitlines()
    os.close(writing)
    assert process.wait(100) == Exit.STOPPED


def test_under_journald_the_log_is_json(start: Start, notifications: socket.socket) -> None:
    process = start(NOTIFY_SOCKET=notifications.getsockname(), JOURNAL_STREAM="8:1")
    assert b"READY=1" in notifications.recv(100).splitlines()
    process.send_signal(signal.SIGTERM)
    process.wait(100)
    assert process.stderr
    assert '"worker":"door"' in process.stderr.readline()


def test_it_declares_its_memory_budget_when_ready(start: Start, notifications: socket.socket) -> None:
    start(NOTIFY_SOCKET=notifications.getsockname())
    assert f"X_DECNET_MEMORY_BUDGET={64 << 20}".encode() in notifications.recv(100).splitlines()


def test_a_successor_stands_by_until_its_predecessor_is_gone(start: Start, notifications: socket.socket) -> None:
    with subprocess.Popen(["sleep", "60"]) as predecessor:
        start(NOTIFY_SOCKET=notifications.getsockname(), DECNET_SUCCEEDS=str(predecessor.pid))
        assert notifications.recv(100) == b"STANDBY=1"
        predecessor.kill()
    assert b"READY=1" in notifications.recv(100).splitlines()
