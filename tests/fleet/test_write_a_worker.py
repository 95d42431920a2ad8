# SPDX-License-Identifier: MIT
"""`docs/howto/write-a-worker.md`, word by word: the worker is built and run in a copy of the workspace."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.fleet.howto import ROOT, Workspace, blocks, commands

from decnet.drill.private import HTTP_PORT, free_block, settings_text
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events

pytestmark = pytest.mark.howto

PAGE = "write-a-worker"
_SYNC, CHECK, TESTS, UP, SHOW = commands(PAGE)
HOUR_NS = 3_600_000_000_000

Rows = list[tuple[int, str, int]]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace with what the page adds."""
    workspace = Workspace(tmp_path_factory.mktemp("worker") / "decnet")
    new = [file for file in workspace.write(PAGE) if file.startswith("packages/")]
    assert len(new) == 7
    return workspace


@pytest.fixture
def workspace(followed: Workspace, tmp_path: Path) -> Workspace:
    """The same with an empty state directory."""
    followed.environment["DECNET_STATE_DIR"] = str(tmp_path / "state")
    return followed


def test_the_copy_has_nothing_of_what_sessions_made(followed: Workspace) -> None:
    """All of CI's environments were copied, which took minutes."""
    assert {".venv", ".nox"} & {path.name for path in ROOT.iterdir()}
    assert not {".venv", ".nox", ".hypothesis", ".git"} & {path.name for path in followed.root.iterdir()}


def test_a_worker_is_at_most_eight_files() -> None:
    files = [block.file for block in blocks(PAGE) if block.file is not None and block.file.startswith("packages/")]
    assert len(files) <= 8


@pytest.mark.timeout(400)
def test_the_contracts_hold_and_the_schema_is_that_of_the_tables(workspace: Workspace) -> None:
    workspace.run(CHECK)
    workspace.run(TESTS)


def test_killed_again_and_again_it_counts_each_event_once(workspace: Workspace) -> None:
    workspace.run("decnet-db upgrade")
    kinds: list[Payload] = [CommandRun("ssh", "id"), ConnectionOpened("ssh")]
    log = [
        Event(id=uuid7(ts), ts=ts, sensor="here", src_ip="192.0.2.1", payload=payload)
        for ts, payload in zip(range(0, 3 * HOUR_NS, HOUR_NS // 5_000), cycle(kinds), strict=False)
    ]
    engine = open_engine(database(workspace))
    with writing(engine) as connection:
        insert_events(connection, log)
    engine.dispose()
    for part in (1, len(log) // 2, len(log)):
        with subprocess.Popen(["decnet-digest"], **workspace.options()) as worker:
            wait_for(partial(has_counted, workspace, part))
            worker.send_signal(signal.SIGKILL)
    assert digest(workspace) == counted(workspace)
    assert sum(row[2] for row in digest(workspace)) == len(log)


def test_in_the_fleet_it_counts_what_the_decoys_record(workspace: Workspace) -> None:
    block = free_block()  # a fleet of somebody else's may run on the default addresses
    settings = workspace.root / "decnet.toml"
    settings.write_text(settings_text(block))
    workspace.environment["DECNET_SETTINGS"] = str(settings)
    with workspace.fleet(UP):
        for _ in range(3):
            for number in range(5):
                request(f"127.77.{block}.10", f"/{number}")
            os.kill(pid_of_digest(workspace), signal.SIGKILL)
        wait_for(lambda: counts(workspace)["http.request"] == 15 and digest(workspace) == counted(workspace))
        shown = workspace.run(SHOW)
        assert shown == "".join(f"{hour} {kind} {events}\n" for hour, kind, events in digest(workspace))


def has_counted(workspace: Workspace, events: int) -> bool:
    return sum(row[2] for row in digest(workspace)) >= events


def request(address: str, target: str) -> None:
    connection = http.client.HTTPConnection(address, HTTP_PORT, timeout=100)
    connection.request("GET", target)
    connection.getresponse().read()
    connection.close()


def pid_of_digest(workspace: Workspace) -> int:
    while True:
        status = json.loads(workspace.wait_for_output("decnet status --json", '"supervised"'))
        if pid := status["supervised"]["digest"]["pid"]:
            return int(pid)


def database(workspace: Workspace) -> str:
    return f"sqlite:///{workspace.environment['DECNET_STATE_DIR']}/decnet.db"


def select_rows(workspace: Workspace, query: str) -> Rows:
    engine = open_engine(database(workspace), read_only=True)
    with reading(engine) as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def digest(workspace: Workspace) -> Rows:
    return select_rows(workspace, "SELECT hour, kind, events FROM event_digest ORDER BY hour, kind")


def counted(workspace: Workspace) -> Rows:
    """Return what the table must hold, counted in one go."""
    hour = f"ts / {HOUR_NS}"
    query = f"SELECT {hour}, kind, count(*) FROM event GROUP BY {hour}, kind ORDER BY {hour}, kind"
    return select_rows(workspace, query)


def counts(workspace: Workspace) -> Counter[str]:
    return Counter({kind: events for _, kind, events in counted(workspace)})


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
