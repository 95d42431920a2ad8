# SPDX-License-Identifier: MIT
"""A sensor host as an operator makes it: wheels in a bare environment, one pasted command, its events at the master.

The wheels are built and installed as they would be; what they depend on comes from uv's cache or the package index.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.status_file import read_status_files
from decnet_swarm.pki import bootstrap_ca, files

pytestmark = pytest.mark.howto

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))) or "uv"
"""Beside this Python, or beside the nox that made its environment."""
DISTRIBUTIONS = ("decnet-core", "decnet-sniff", "decnet-swarm")
OF_THE_MASTER = ("decnet", "decnet_models", "decnet_workers", "decnet_decoys", "sqlalchemy", "alembic", "asyncssh")
DEADLINE = 120.0
EVENTS = 200


def uv(*arguments: str) -> None:
    done = subprocess.run([UV, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0 and re.search("dns error|error sending request|Network connectivity", done.stderr):
        pytest.skip("no package index here, and uv's cache does not have what wheels depend on")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment that has the sensor's two distributions and what they declare."""
    place = tmp_path_factory.mktemp("bare")
    for name in DISTRIBUTIONS:
        uv("build", "--quiet", "--wheel", "--out-dir", str(place / "wheels"), f"packages/{name}")
    uv("venv", "--quiet", "--python", sys.executable, str(place / "venv"))
    wheels = sorted(str(path) for path in (place / "wheels").glob("*.whl"))
    assert len(wheels) == len(DISTRIBUTIONS)
    uv("pip", "install", "--quiet", "--python", str(place / "venv"), *wheels)
    return place / "venv" / "bin"


def environment(**ours: str) -> dict[str, str]:
    theirs = {key: value for key, value in os.environ.items() if not key.startswith(("DECNET_", "PYTHON"))}
    return {**theirs, **ours}


def scripts() -> Iterator[str]:
    for name in DISTRIBUTIONS:
        yield from tomllib.loads((ROOT / "packages" / name / "pyproject.toml").read_text())["project"]["scripts"]


def test_every_program_runs_and_nothing_of_the_master_is_there(bare: Path) -> None:
    for script in scripts():
        done = subprocess.run([bare / script, "--version"], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.startswith(script)
    look = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
    done = subprocess.run(
        [bare / "python", "-I", "-c", look, *OF_THE_MASTER, "decnet_swarm"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "['decnet_swarm']"


def test_host_is_set_up_without_the_operators_command(bare: Path, tmp_path: Path) -> None:
    subprocess.run(
        [bare / "decnet-supervise", "init", "--prefix", tmp_path, "--bin", "/opt/decnet/bin"],
        env=environment(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert (tmp_path / "etc/systemd/system/decnet-supervise@sensor.service").exists()
    assert "decnet-db" not in "".join(path.read_text() for path in (tmp_path / "etc").rglob("*.conf"))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(log: Path, *command: str | Path, **ours: str) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(*command, env=environment(**ours), stdout=output, stderr=output)
    try:
        yield child
        assert child.returncode is None, log.read_text()
    finally:
        if child.returncode is None:
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), DEADLINE)
        except TimeoutError:
            child.kill()
            await child.wait()


def said(command: list[Path | str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=DEADLINE, check=False)


async def port_in(log: Path, words: str) -> int:
    pattern = re.compile(rf"{words}.*port=(\d+)")
    await until(lambda: pattern.search(log.read_text()) is not None)
    found = pattern.search(log.read_text())
    assert found is not None
    return int(found[1])


def stored(state: Path) -> list[str]:
    """Return the messages of sensor berlin-1 in the listener's spool, in their order."""
    text = b"".join(path.read_bytes() for path in sorted((state / "spool/listener").glob("*.jsonl")))
    lines = text.splitlines(keepends=True)
    events = [msgspec.json.decode(line) for line in lines if line.endswith(b"\n")]
    assert {event["sensor"] for event in events} <= {"berlin-1"}
    return [event["payload"]["message"] for event in events]


async def test_pasted_command_and_the_sensor_group_bring_events_to_the_master(bare: Path, tmp_path: Path) -> None:
    master, here = tmp_path / "master", tmp_path / "sensor"
    bootstrap_ca.bootstrap(master, [])
    word = bootstrap_ca.issue_token(master, "berlin-1", 1)
    listener = Path(sys.executable).with_name("decnet-listener")
    log = tmp_path / "listener.log"
    listening = {"DECNET_STATE_DIR": str(master), "DECNET_LISTENER_LISTEN": "127.0.0.1:0"}
    async with running(log, listener, **listening):
        enrolment = await port_in(log, "sensors enrol")
        await port_in(log, "listening")
        pasted: list[Path | str] = [
            bare / "decnet-forwarder",
            "enrol",
            "--master",
            f"127.0.0.1:{enrolment}",
            "--token",
            word,
        ]
        done = await asyncio.to_thread(said, pasted, environment(DECNET_STATE_DIR=str(here)))
        assert done.returncode == 0, done.stderr
        await _ship(bare, here, master, files.enrolled(files.forwarder_folder(here)).server)


async def _ship(bare: Path, here: Path, master: Path, server: str) -> None:
    source = here / "auth.log"
    source.write_text("".join(f"2026-11-24T03:00:00Z web sshd[7]: line {n}\n" for n in range(EVENTS)))
    settings = here / "decnet.toml"
    settings.write_text(
        f'[state]\ndir = "{here}"\nsensor = "berlin-1"\n[forwarder]\nserver = "{server}"\n'
        f'[[collect.source]]\nname = "auth"\nformat = "syslog"\npath = "{source}"\n'
    )
    log = here / "supervise.log"
    async with running(log, bare / "decnet-supervise", "bus", "sensor", DECNET_SETTINGS=str(settings)):
        await until(lambda: _phases(here) == {"bus": Phase.READY, "collect": Phase.READY, "forwarder": Phase.READY})
        await until(lambda: len(stored(master)) >= EVENTS)
    assert [message.rpartition(" ")[2] for message in stored(master)] == [str(n) for n in range(EVENTS)]


def _phases(state: Path) -> dict[str, Phase]:
    return {
        worker.name: worker.phase for report in read_status_files(State(state).supervisors) for worker in report.workers
    }
