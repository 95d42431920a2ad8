# SPDX-License-Identifier: MIT
"""`decnet up` on broken ground: parents that are killed, a locked database, a full disk."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from tests.decnet_decoys.host_key_files import give_host_keys
from tests.decnet_models.migrated import migrated_database
from tests.fleet.arena import DECKIES

from decnet.drill.private import HTTP_PORT, free_block, settings_text
from decnet_core.state import State
from decnet_core.supervise.policy import Phase
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.tables import event

IS_ROOT = os.geteuid() == 0
DISK_BYTES = 24 << 20
VISITS = 40
SETTINGS = """
[database]
busy_seconds = 0.3

[spool.folding]
burst_bytes = 1073741824 # each visit is an event of its own
"""


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


class Up:
    """`decnet up --json` with a state directory of its own, and what its visitors were answered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "state"
        self.block = free_block()
        self.answered: list[str] = []
        (root / "decnet.toml").write_text(settings_text(self.block) + SETTINGS)
        self.state.mkdir(exist_ok=True)
        give_host_keys(State(self.state), *DECKIES)
        migrated_database(self.state / "decnet.db")

    @contextlib.contextmanager
    def running(self, hosting: str = "fork") -> Iterator[subprocess.Popen[bytes]]:
        """Start it, wait until it says that all workers are ready or have failed, and see that it leaves nothing."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        given = {"DECNET_STATE_DIR": str(self.state), "DECNET_SETTINGS": str(self.root / "decnet.toml")}
        command = ["-m", "decnet", "up", "--json", "--host", hosting, "--ready-file", str(self.root / "ready")]
        with (self.root / "out").open("wb") as out, (self.root / "err").open("wb") as err:
            process = subprocess.Popen([sys.executable, *command], stdout=out, stderr=err, env={**outer, **given})
        try:
            self.await_ready(process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()
                process.wait()
        until(lambda: not self.processes())

    def await_ready(self, process: subprocess.Popen[bytes]) -> None:
        until(lambda: (self.root / "ready").exists() or process.poll() is not None, 90)
        assert process.poll() is None, self.said() + (self.root / "out").read_text()

    def report(self) -> SupervisorStatus | None:
        try:
            content = (self.state / "run" / "supervise" / "supervisor.up.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(content, type=SupervisorStatus)

    def supervisor(self) -> int:
        report = self.report()
        assert report is not None
        return report.supervisor

    def said(self) -> str:
        return (self.root / "err").read_text()

    def shown(self, kind: str) -> list[dict[str, str]]:
        lines = map(json.loads, (self.root / "out").read_text().splitlines())
        return [line for line in lines if line["type"] == kind]

    def phases(self) -> dict[str, str]:
        return {line["name"]: line["phase"] for line in self.shown("worker")}

    def processes(self) -> list[int]:
        """Pids of processes whose environment names this fleet."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and str(self.root).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return [pid for pid in found if pid != os.getpid()]

    def visit(self, mark: str) -> None:
        """Ask a decky for a page; an answer means that the visit is recorded."""
        connection = http.client.HTTPConnection(f"127.77.{self.block}.10", HTTP_PORT, timeout=20)
        try:
            connection.request("GET", f"/{mark}")
            connection.getresponse().read()
        finally:
            connection.close()
        self.answered.append(f"/{mark}")

    def recorded(self) -> list[str]:
        """Return the paths of the stored requests."""
        engine = open_engine(f"sqlite:///{self.state / 'decnet.db'}", read_only=True)
        try:
            with reading(engine) as connection:
                payloads = connection.execute(select(event.c.payload).where(event.c.kind == "http.request")).scalars()
                return [json.loads(payload)["target"] for payload in payloads]
        finally:
            engine.dispose()

    def assert_all_recorded_once(self) -> None:
        until(lambda: set(self.answered) <= set(self.recorded()))
        found = self.recorded()
        assert sorted(path for path in found if path in self.answered) == sorted(self.answered)

    def sockets(self) -> list[Path]:
        return [path for path in (self.state / "run").rglob("*") if path.is_socket()]


@pytest.fixture
def root() -> Iterator[Path]:
    """Short: the path of a UNIX socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_the_fleet_comes_back_when_its_supervisor_is_killed(root: Path) -> None:
    up = Up(root)
    with up.running() as process:
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
        assert report.zygote == process.pid
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
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
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
    (root / "ready").unlink()
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
