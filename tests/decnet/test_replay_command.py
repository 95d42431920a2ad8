# SPDX-License-Identifier: MIT
"""`decnet replay`: says what it will do, does it once, and can be killed at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import LoginAttempt
from decnet_models.attackers.tables import attacker, credential_use
from decnet_models.progress.queries import begin_cursor, cursor_of

Store = Callable[..., None]
DEADLINE_SECONDS = 60.0
PROFILER = "import sys; from decnet_workers.profiler.worker import Profiler; sys.exit(Profiler.main())"


@pytest.fixture
def guesses(store: Store) -> int:
    """3,000 guesses in the log: three batches of the profiler."""
    for number in range(3):
        guess = [LoginAttempt("ssh", f"user{n % 40}", success=False) for n in range(1000)]
        store(*guess, src=f"192.0.2.{number + 1}", first=1 + number * 1000)
    return 3000


@contextmanager
def profiler() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", PROFILER], env=dict(os.environ), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def cursor(deployment: Deployment) -> int:
    with transaction(deployment) as connection:
        return cursor_of(connection, "profiler")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)  # each look opens the database


def tables(deployment: Deployment) -> list[list[tuple[Any, ...]]]:
    with transaction(deployment) as connection:
        return [sorted(tuple(row) for row in connection.execute(select(table))) for table in (attacker, credential_use)]


@pytest.mark.fault
def test_replay_and_worker_killed_in_the_middle_end_with_the_same_tables(deployment: Deployment, guesses: int) -> None:
    with profiler():
        until(lambda: cursor(deployment) == guesses)
    quiet = tables(deployment)
    command = [sys.executable, "-m", "decnet", "replay", "profiler", "--since", "1", "--yes", "--json"]
    replay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert replay.stdout is not None
    assert json.loads(replay.stdout.readline())["state"] == "begun"
    with profiler():
        until(lambda: cursor(deployment) > 0)
    replay.kill()
    replay.communicate()
    done = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    with profiler():
        said = done.communicate(timeout=DEADLINE_SECONDS)[0]
    assert done.returncode == 0
    assert json.loads(said.splitlines()[-1]) == {"state": "done", "seq": guesses}
    assert tables(deployment) == quiet


def test_the_plan_is_shown_and_nothing_is_done_without_confirmation(
    run: Run, deployment: Deployment, store: Store
) -> None:
    store(LoginAttempt("ssh", "root", success=False))
    with transaction(deployment, write=True) as connection:
        begin_cursor(connection, "profiler", now_ns=1)
        connection.execute(text("UPDATE worker_cursor SET seq = 1"))
    said = run("replay", "profiler", "--since", "1")
    assert "profiler will handle 1 events again, from number 1 to 1" in said.out
    assert "attacker_session" in said.out
    assert said.code != 0
    assert cursor(deployment) == 1


def test_a_worker_that_does_not_run_is_reported_and_not_waited_for(
    run: Run, deployment: Deployment, store: Store
) -> None:
    store(LoginAttempt("ssh", "root", success=False))
    with transaction(deployment, write=True) as connection:
        begin_cursor(connection, "ttp", now_ns=1)
        connection.execute(text("UPDATE worker_cursor SET seq = 1"))
    said = run("replay", "ttp", "--since", "2026-11-01", "--yes", "--no-wait", "--json")
    assert said.code == 0
    assert said.document["plan"]["emptied"] == ["ttp_window"]
    with transaction(deployment) as connection:
        assert cursor_of(connection, "ttp") == 0


def test_forgotten_events_are_a_reason_to_refuse(run: Run, deployment: Deployment, store: Store) -> None:
    store(*[LoginAttempt("ssh", "root", success=False)] * 3)
    with transaction(deployment, write=True) as connection:
        begin_cursor(connection, "profiler", now_ns=1)
        connection.execute(text("DELETE FROM event WHERE seq < 3"))
    said = run("replay", "profiler", "--since", "0", "--yes", "--no-wait")
    assert said.code == 1
    assert "removed 2 of them" in said.err
    assert "LOST" in run("replay", "profiler", "--since", "0", "--yes", "--no-wait", "--lose-forgotten").out


@pytest.mark.parametrize(
    ("arguments", "words"), [(("ingest", "--since", "1"), "does not follow"), (("ttp", "--since", "soon"), "neither")]
)
def test_what_cannot_be_meant_is_refused(
    run: Run, deployment: Deployment, arguments: tuple[str, ...], words: str
) -> None:
    said = run("replay", *arguments, "--yes")
    assert said.code != 0
    assert words in said.err
