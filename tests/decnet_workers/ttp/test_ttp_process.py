# SPDX-License-Identifier: MIT
"""The worker as the process it is: events in a database become tags and notices, whatever it is killed by."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, Engine, func, select
from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import CommandRun, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.notices import queries as notices
from decnet_models.ttp.queries import Tag, tags
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.ttp.library import SHIPPED

START = 1_795_478_400_000_000_000
_RUN = """
from decnet_workers.ttp.worker import Ttp
Ttp.poll_seconds = 0.1  # there is no bus to nudge it
Ttp.batch_events = 200  # it is to be killed between them
raise SystemExit(Ttp.main())
"""
T = TypeVar("T")
SECONDS = 60
"""How long a process may take to start and do its work, on a machine that is busy."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(migrated_database(tmp_path / "decnet.db"))
    yield opened
    opened.dispose()


@contextmanager
def running(state: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN],
        env={**os.environ, "DECNET_STATE_DIR": str(state), **settings},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(question: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + SECONDS
    while (answer := question()) is None:
        assert time.monotonic() < deadline, f"it did not happen within {SECONDS} s"
        time.sleep(0.02)
    return answer


def log(engine: Engine, number: int, *, first: int = 0, synthetic: bool = False) -> None:
    events = [
        Event(
            id=uuid7(START + n),
            ts=START + n,
            sensor="here",
            src_ip="192.0.2.1",
            session="s",
            synthetic=synthetic,
            payload=CommandRun("ssh", "uname -a")
            if n % 2
            else LoginAttempt(service="ssh", username="root", success=False, password=str(n)),
        )
        for n in range(first, first + number)
    ]
    with writing(engine) as connection:
        insert_events(connection, events)


def found(engine: Engine, number: int) -> list[Tag] | None:
    """Return the tags once there are `number`."""
    with reading(engine) as connection:
        counted = connection.execute(select(func.count()).select_from(ttp_tag)).scalar_one()
        return tags(connection, limit=100_000) if counted >= number else None


def outbox(engine: Engine) -> list[str]:
    def keys(connection: Connection) -> list[str]:
        return [one.key for one in notices.after(connection, 0, 1000)]

    with reading(engine) as connection:
        return keys(connection)


@pytest.mark.fault
def test_killed_again_and_again_it_tags_each_event_once(engine: Engine, tmp_path: Path) -> None:
    log(engine, 1990)
    for part in (1, 1100):
        with running(tmp_path) as process:
            wait_for(lambda part=part: found(engine, part))  # type: ignore[misc]  # the loop's own value
            process.send_signal(signal.SIGKILL)
            process.wait()
    log(engine, 10, first=1990)  # so that the last process has something to do, however far the second was
    # Commands: a shell command and system information. Log-ins: one finding for every five failures.
    expected = 1000 * 2 + 1000 // 5
    with running(tmp_path) as process:
        rows = wait_for(lambda: found(engine, expected))
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert len(rows) == len({row.id for row in rows}) == expected
    assert [row.technique for row in rows].count("T1110.001") == 200
    keys = outbox(engine)
    assert len(keys) == len(set(keys)) == 3


def test_what_the_orchestrator_made_up_is_not_tagged(engine: Engine, tmp_path: Path) -> None:
    log(engine, 10, synthetic=True)
    log(engine, 2, first=10)
    with running(tmp_path):
        rows = wait_for(lambda: found(engine, 2))
    assert {row.seq for row in rows} == {12}


def test_a_new_rule_is_in_force_for_the_next_event(engine: Engine, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    with running(tmp_path, DECNET_TTP_RULES_DIR=str(rules), DECNET_TTP_SHIPPED_RULES="false") as process:
        shutil.copy(SHIPPED / "system_information.yml", rules)
        process_is_up = wait_for(lambda: (tmp_path / "run").is_dir() or None)
        assert process_is_up
        log(engine, 2)
        rows = wait_for(lambda: found(engine, 1))
        assert [row.technique for row in rows] == ["T1082"]
        shutil.copy(SHIPPED / "command_in_decoy_shell.yml", rules)
        log(engine, 2, first=2)
        rows = wait_for(lambda: found(engine, 3))
        assert sorted(row.technique for row in rows) == ["T1059.004", "T1082", "T1082"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


def test_a_missing_folder_is_reported_at_the_start(engine: Engine, tmp_path: Path) -> None:
    with running(tmp_path, DECNET_TTP_RULES_DIR=str(tmp_path / "none")) as process:
        assert process.wait(SECONDS) == 78
