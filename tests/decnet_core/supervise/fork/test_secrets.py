# SPDX-License-Identifier: MIT
"""Which processes of a forked fleet a secret of the environment is in: those that need it, and their supervisor."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet_core.supervise.fork import secrets

SOON = 60.0
SECRET = "postgresql://decnet:" + "correct-horse" * 2 + "@db/decnet"

WORKERS = """
import os
from decnet_core.runtime.worker import NoSettings, Worker

class Told(Worker[NoSettings]):
    name = "told"
    database = True

    async def start(self, ctx):
        file = ctx.state.root / f"{self.name}.pid"
        (ctx.state.root / f"{self.name}.url").write_text(os.environ.get("DECNET_DATABASE_URL", ""))
        (ctx.state.root / f"{self.name}.draft").write_text(str(os.getpid()))
        (ctx.state.root / f"{self.name}.draft").rename(file)

    async def run(self, ctx):
        await ctx.stopping.wait()

class Untold(Told):
    name = "untold"
    database = False
"""

PROGRAM = """
import asyncio, os, sys
from decnet_core.supervise.fork import secrets
secrets.set_aside()
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings

PLACES = {"told": "workers:Told", "untold": "workers:Untold"}

def supervise(channel):
    async def run():
        fleet = ProcessFleet(
            SuperviseSettings(), logs=None, environment=os.environ, secrets=secrets.take(),
            place=PLACES.__getitem__, zygote=channel,
        )
        await fleet.start(PLACES)
        await asyncio.Event().wait()
    asyncio.run(run())
    return 0

sys.exit(zygote.run_with_supervisor(list(PLACES.values()), supervise))
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A zygote, its supervisor and two workers; the process is the zygote."""
    (tmp_path / "workers.py").write_text(WORKERS)
    (tmp_path / "program.py").write_text(PROGRAM)
    variables = {"DECNET_DATABASE_URL": SECRET, "DECNET_STATE_DIR": str(tmp_path), "DECNET_SETTINGS": ""}
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")],
        env={**os.environ, **variables, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    yield process
    process.kill()
    process.wait()


def pid_of(name: str, directory: Path) -> int:
    """Wait until worker `name` has written its pid."""
    deadline = time.monotonic() + SOON
    while not (directory / f"{name}.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int((directory / f"{name}.pid").read_text())


def copies_in(pid: int) -> int:
    """Count the secret in all of a process's writable memory, its environment included."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line):
                begin, end = (int(number, 16) for number in match.groups())
                memory.seek(begin)
                found += memory.read(end - begin).count(SECRET.encode())
    return found


def test_only_a_worker_that_needs_a_secret_has_it_in_memory(fleet: subprocess.Popen[bytes], tmp_path: Path) -> None:
    told, first = pid_of("told", tmp_path), pid_of("untold", tmp_path)
    (tmp_path / "untold.pid").unlink()
    os.kill(first, signal.SIGKILL)  # the next one is forked when the zygote has passed the secret on for certain
    untold = pid_of("untold", tmp_path)
    assert (tmp_path / "told.url").read_text() == SECRET
    assert (tmp_path / "untold.url").read_text() == ""
    assert copies_in(told) >= 1
    assert copies_in(untold) == 0
    assert copies_in(fleet.pid) == 0
    for pid in (told, untold, fleet.pid):
        assert SECRET.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_pipe_gives_the_secrets_back_and_refuses_what_does_not_fit() -> None:
    assert secrets.read(secrets.piped({"A": "ü\n", "B": ""})) == {"A": "ü\n", "B": ""}
    with pytest.raises(OSError, match="larger than"):
        secrets.piped({"A": "x" * 70_000})


def test_without_secrets_nothing_is_executed_and_nothing_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in secrets.NAMES:
        monkeypatch.delenv(name, raising=False)
    secrets.set_aside()
    assert secrets.take() == {}
