# SPDX-License-Identifier: MIT
"""`decnet up` as a process with a state directory of its own, what it shows, and what its visitors were answered."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from sqlalchemy import select
from tests.decnet_decoys.host_key_files import give_host_keys
from tests.decnet_models.migrated import migrated_database
from tests.fleet.arena import DECKIES

from decnet.drill.private import HTTP_PORT, free_block, settings_text
from decnet_core.state import State
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.tables import event

SETTINGS = """
[database]
busy_seconds = 0.3

[spool.folding]
burst_bytes = 1073741824 # each visit is an event of its own
"""


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
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
    def running(
        self, hosting: str = "fork", park_seconds: float = 3600, **more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start it, wait until it says that all workers are ready or have failed, and see that it leaves nothing.

        `more`: its environment.
        """
        (self.root / "ready").unlink(missing_ok=True)
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        given = {
            "DECNET_STATE_DIR": str(self.state),
            "DECNET_SETTINGS": str(self.root / "decnet.toml"),
            "DECNET_RUNTIME_PARK_SECONDS": f"{park_seconds:g}",
            **more,
        }
        command = ["-m", "decnet", "up", "--json", "--host", hosting, "--ready-file", str(self.root / "ready")]
        with (self.root / "out").open("wb") as out, (self.root / "err").open("wb") as err:
            process = subprocess.Popen([sys.executable, *command], stdout=out, stderr=err, env={**outer, **given})
        try:
            self.await_ready(process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(120)
            finally:
                process.kill()
                process.wait()
        until(lambda: not self.processes())

    def await_ready(self, process: subprocess.Popen[bytes]) -> None:
        until(lambda: (self.root / "ready").exists() or process.poll() is not None, 200)
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
        connection = http.client.HTTPConnection(f"127.77.{self.block}.10", HTTP_PORT, timeout=100)
        try:
            connection.request("GET", f"/{mark}")
            connection.getresponse().read()
        finally:
            connection.close()
        self.answered.append(f"/{mark}")

    def kill(self) -> None:
        """Kill every process of it, as the power does."""
        while found := self.processes():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

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
        """Return the sockets of the fleet, but for that of api: it is held while api is parked, and replaced at the
        next start if nobody listens to it."""
        found = (path for path in (self.state / "run").rglob("*") if path.is_socket())
        return [path for path in found if path.name != "api.socket"]
