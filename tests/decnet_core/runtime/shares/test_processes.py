# SPDX-License-Identifier: MIT
"""A worker in several real processes: each alone restarted, all ended together, none left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decnet_core.exits import Exit
from decnet_core.footprint import children_of
from decnet_core.runtime.notify import parse
from decnet_core.spool.positions import spool_names

SOON = 120.0
DOOR = """
    import os, sys, time
    from decnet_core.events.catalogue import ConnectionOpened
    from decnet_core.exits import StartupError
    from decnet_core.runtime.process import run
    from decnet_core.runtime.worker import MIB, Worker
    from decnet_core.runtime.settings import RuntimeSettings

    class Door(Worker[RuntimeSettings]):
        "Waits."
        name = "door"
        Settings = RuntimeSettings
        exposed = True
        memory_budget = 100 * MIB
        produces = (ConnectionOpened,)

        @classmethod
        def shares(cls, settings):
            return 3

        async def start(self, ctx):
            place = ctx.state.root / f"{self.share.index}"
            if "refuse" in sys.argv and self.share.index == 1:
                raise StartupError("port 22 is busy; choose another")
            if "grow" in sys.argv and self.share.index == 1 and not self.share.restarts:
                self.grown = bytearray(os.urandom(MIB)) * 120
            place.write_text(f"{os.getpid()} {self.share.restarts} {ctx.name}")

        async def run(self, ctx):
            await ctx.unpaused.wait()
            if "hang" in sys.argv and self.share.index == 1 and not self.share.restarts:
                time.sleep(3600)
            await ctx.stopping.wait()

    if "no processes" in sys.argv:
        fork, refused = os.fork, iter((OSError(11, "Resource temporarily unavailable"),) * 2)

        def fork_later():
            for error in refused:
                raise error
            return fork()

        os.fork = fork_later

    sys.exit(run(Door))
"""


class Doors:
    """The process that forks the shares, and where they are."""

    def __init__(
        self, root: Path, *arguments: str, watchdog: float = 0, pass_fds: tuple[int, ...] = (), **given: str
    ) -> None:
        self.root = root / "state"
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(root / "notify"))
        self._told.settimeout(SOON)
        environment = {"DECNET_STATE_DIR": str(self.root), "NOTIFY_SOCKET": str(root / "notify"), **given}
        if watchdog:
            environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(DOOR), *arguments],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=pass_fds,
        )

    def told(self, name: str) -> dict[str, str]:
        """Wait for a message to the supervisor that has the field `name`."""
        while name not in (fields := parse(self._told.recv(4096))):
            pass
        return fields

    def pids(self) -> dict[int, int]:
        """Return the running processes by share."""
        children = children_of(self.process.pid)
        files = {index: self.root / str(index) for index in range(3)}
        written = {index: int((file.read_text() or "0").split()[0]) for index, file in files.items() if file.exists()}
        return {index: pid for index, pid in written.items() if pid in children}

    def restarted(self, index: int, old: int) -> int:
        """Wait until a share has another process; return it."""
        return until(lambda: (new := self.pids().get(index, old)) != old and new)

    def restarts(self) -> list[int]:
        """Return how often each share was started again, by its own account."""
        return [int(((self.root / str(index)).read_text() or "0 0").split()[1]) for index in range(3)]

    def close(self) -> None:
        if self.process.poll() is None:
            for child in children_of(self.process.pid):
                os.kill(child, signal.SIGKILL)
            self.process.kill()
        self.process.communicate()
        self._told.close()


def until(condition: Callable[[], int]) -> int:
    deadline = time.monotonic() + SOON
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Doors]]:
    started: list[Doors] = []

    def launch(*arguments: str, **options: object) -> Doors:
        started.append(Doors(tmp_path, *arguments, **options))  # type: ignore[arg-type]  # passed on
        return started[-1]

    yield launch
    for doors in started:
        doors.close()


def test_supervisor_hears_of_one_worker_that_is_ready_when_all_shares_are(start: Callable[..., Doors]) -> None:
    doors = start()
    ready = doors.told("READY")
    assert (ready["X_DECNET_MEMORY_BUDGET"], ready["X_DECNET_EXPOSED"]) == (str(3 * 100 << 20), "1")
    assert sorted(doors.pids()) == [0, 1, 2]
    assert [(doors.root / str(index)).read_text().split()[2] for index in range(3)] == ["door", "door.2", "door.3"]


def test_each_share_has_a_spool_that_ingest_finds(start: Callable[..., Doors]) -> None:
    doors = start()
    doors.told("READY")
    assert spool_names(doors.root / "spool") == ["door", "door.2", "door.3"]


def test_killed_share_is_restarted_and_the_others_stay(start: Callable[..., Doors]) -> None:
    doors = start()
    doors.told("READY")
    before = doors.pids()
    os.kill(before[1], signal.SIGKILL)
    doors.restarted(1, before[1])
    assert {index: pid for index, pid in doors.pids().items() if index != 1} == {0: before[0], 2: before[2]}
    assert (doors.root / "1").read_text().split()[1] == "1"


def test_share_that_hangs_is_killed_and_started_again(start: Callable[..., Doors]) -> None:
    doors = start("hang", watchdog=8)
    doors.told("READY")
    until(lambda: doors.restarts()[1])
    assert doors.restarts() == [0, 1, 0]
    doors.told("WATCHDOG")


def test_share_that_outgrew_its_budget_is_replaced(start: Callable[..., Doors]) -> None:
    doors = start("grow", watchdog=8)
    doors.told("READY")
    until(lambda: doors.restarts()[1])
    assert doors.restarts() == [0, 1, 0]


def test_start_that_one_share_refuses_is_refused_with_its_reason(start: Callable[..., Doors]) -> None:
    doors = start("refuse")
    assert doors.told("STATUS")["STATUS"] == "port 22 is busy; choose another"
    assert doors.process.wait(SOON) == Exit.STARTUP_FAILED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_order_to_stop_ends_all(start: Callable[..., Doors], number: signal.Signals) -> None:
    doors = start()
    doors.told("READY")
    pids = doors.pids()
    doors.process.send_signal(number)
    assert doors.process.wait(SOON) == Exit.STOPPED
    assert all(map(gone, pids.values()))


def test_no_share_outlives_a_killed_parent(start: Callable[..., Doors]) -> None:
    doors = start()
    doors.told("READY")
    pids = doors.pids()
    doors.process.kill()
    for pid in pids.values():
        until(lambda pid=pid: gone(pid))  # type: ignore[misc]  # the loop's own


def test_all_end_when_the_supervisor_is_gone(start: Callable[..., Doors]) -> None:
    reading, writing = os.pipe()
    doors = start(pass_fds=(reading,), DECNET_LIFELINE_FD=str(reading))
    os.close(reading)
    doors.told("READY")
    pids = doors.pids()
    os.close(writing)
    assert doors.process.wait(SOON) == Exit.STOPPED
    assert all(map(gone, pids.values()))


def test_crashing_share_waits_longer_each_time(start: Callable[..., Doors]) -> None:
    doors = start()
    doors.told("READY")
    spans = []
    for _ in range(3):
        old = doors.pids()[1]
        began = time.monotonic()
        os.kill(old, signal.SIGKILL)
        doors.restarted(1, old)
        spans.append(time.monotonic() - began)
    assert spans[2] >= 1.0  # 0.25, 0.5, 1


def test_share_that_cannot_be_forked_is_tried_again_soon(start: Callable[..., Doors]) -> None:
    doors = start("no processes")
    doors.told("READY")
    assert sorted(doors.pids()) == [0, 1, 2]
    assert sum(doors.restarts()) == 2
