# SPDX-License-Identifier: MIT
"""A fleet's state directory with a migrated database, and the command line that works on it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import typer.main
from tests.decnet.command_result import CommandResult, Run
from tests.decnet_models.migrated import migrated_database

from decnet.command import main
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.state import SUPERVISORS, State
from decnet_models.events.queries import insert_events


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Give back the environment, which global options change; a deployment of this host is none of the tests'."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("DECNET_")]:
        del os.environ[name]
    os.environ["DECNET_STATE_DIR"] = "/nonexistent/decnet"
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def _built_once() -> None:
    """Have typer build the parser of each command once in a process, as in one that runs a command."""
    get_command = vars(typer.main)["get_command"]
    vars(typer.main)["get_command"] = functools.cache(get_command)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A fleet that does not run: directories and database."""
    state = State(tmp_path / "state")
    state.create(SUPERVISORS)
    migrated_database(state.root / "decnet.db")
    os.environ["DECNET_STATE_DIR"] = str(state.root)
    return find_deployment()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def call(*arguments: str) -> CommandResult:
        capfd.readouterr()
        code = main(arguments)
        captured = capfd.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return call


@pytest.fixture
def store(deployment: Deployment) -> Callable[..., None]:
    """Commit events of the given payloads, one second apart."""

    def commit(*payloads: Payload, src: str = "192.0.2.7", first: int = 1) -> None:
        events = [
            Event(
                id=UUID(int=first + number),
                ts=1_795_478_400_000_000_000 + (first + number) * 1_000_000_000,
                sensor="sensor-1",
                payload=payload,
                decky="web-01",
                src_ip=src,
                src_port=40000,
                session="session-1",
            )
            for number, payload in enumerate(payloads)
        ]
        with transaction(deployment, write=True) as connection:
            insert_events(connection, events)

    return commit
