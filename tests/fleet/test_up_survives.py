# SPDX-License-Identifier: MIT
"""`decnet up` on broken ground: parents that are killed, a locked database, a full disk."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fleet.up_process import Up, until

from decnet_core.runtime.restarts.policy import Phase

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]  # whole fleets start and stop several times

IS_ROOT = os.geteuid() == 0
DISK_BYTES = 24 << 20
VISITS = 40


@pytest.fixture
def root() -> Iterator[Path]:
    """Short: the path of a UNIX socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_the_fleet_comes_back_when_its_supervisor_is_killed(root: Path) -> None:
    up = Up(root)
    with up.running(DECNET_SUPERVISE_STABLE_SECONDS="3600") as process:  # or a slow machine has it begin anew
        for number in (1, 2):
            up.visit(f"before-{number}")
            killed = up.supervisor()
            (root / "ready").unlink()
            os.kill(killed, signal.SIGKILL)
            up.await_ready(process)
            assert up.supervisor() != killed
        assert up.said().count("decnet: the supervisor was killed (SIGKILL): the fleet starts again in ") == 2
        assert "again in 0.25 s\n" in up.said()
        assert "again in 0.5 s\n" in up.said(), "the pause did not grow"
        report = up.report()
        assert report is not None
        assert report.zygotes[""] == process.pid
        assert {status.phase for status in report.workers} == {Phase.READY}
        up.visit("after")
        up.assert_all_recorded_once()
    assert process.returncode == 0
    assert up.sockets() == []


def test_the_death_of_the_zygote_is_said_and_nothing_is_left(root: Path) -> None:
    up = Up(root)
    with up.running() as process:
        up.visit("before")
        process.kill()
        process.wait()
        until(lambda: not up.processes())
    (last,) = up.shown("message")[-1:]
    reason = f"the process that forks the workers (pid {process.pid}) was killed; start the fleet again"
    assert last["text"] == f"stopped: {reason}"
    assert set(up.phases().values()) == {"stopped"}
    assert up.sockets() == []
    with up.running():
        up.assert_all_recorded_once()


@contextlib.contextmanager
def locked(database: Path, lock: str) -> Iterator[None]:
    """Hold the database as another program does: against writers, or in exclusive mode against readers, too."""
    connection = sqlite3.connect(database, timeout=100, isolation_level=None)
    try:
        if lock == "readers":
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@pytest.mark.parametrize("lock", ["writers", "readers"])
def test_decoys_run_while_the_database_is_locked(root: Path, lock: str) -> None:
    up = Up(root)
    with contextlib.ExitStack() as stack:
        with locked(up.state / "decnet.db", lock):
            process = stack.enter_context(up.running())
            for number in range(VISITS):
                up.visit(f"locked-{number}")
            assert set(up.phases().values()) == {"ready"}
            until(lambda: bool(up.shown("message")))
            assert "is locked" in up.shown("message")[0]["text"]
        up.visit("unlocked")
        up.assert_all_recorded_once()
        until(lambda: bool(up.shown("guide")[-1]["canaries"]))
        assert process.poll() is None


@pytest.fixture
def small_disk(root: Path) -> Iterator[Path]:
    """The state directory as a tmpfs that is soon full."""
    if not IS_ROOT:
        pytest.skip("mounting a tmpfs needs root")
    place = root / "state"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_decoys_run_while_the_disk_is_full(root: Path, small_disk: Path) -> None:
    up = Up(root)
    with up.running():
        up.visit("empty")
        up.assert_all_recorded_once()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize))
    assert os.statvfs(small_disk).f_bavail == 0
    with up.running() as process:
        for number in range(VISITS):
            up.visit(f"full-{number}")
        assert up.phases()["decoys"] == "ready"
        ballast.unlink()
        up.visit("freed")
        up.assert_all_recorded_once()
        assert process.poll() is None
