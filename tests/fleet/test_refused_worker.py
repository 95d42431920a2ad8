# SPDX-License-Identifier: MIT
"""A worker whom PostgreSQL refuses, for a grant was revoked, is told of by another, until it may work again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from tests.fleet.test_worker_roles import As

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.events.notices import DatabaseRecovered, DatabaseUnhealthy, Notice
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import last_seq
from decnet_models.notices import queries as notices

SECONDS = 120

pytestmark = [pytest.mark.fault, pytest.mark.timeout(4 * SECONDS)]


@contextmanager
def running(worker: str, url: str, state: Path) -> Iterator[None]:
    """The worker's own program."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DECNET_")},
        "DECNET_STATE_DIR": str(state),
        "DECNET_DATABASE_URL": url,
        "DECNET_INGEST_POLL_SECONDS": "0.2",
        "DECNET_WEBHOOK_POLL_SECONDS": "0.2",
    }
    command = [Path(sys.executable).with_name(f"decnet-{worker}")]
    with (state / f"{worker}.log").open("wb") as log, subprocess.Popen(command, stderr=log, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def until(condition: Callable[[], bool], state: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "".join(path.read_text() for path in state.glob("*.log"))
        time.sleep(0.1)


def told(engine: Engine) -> list[Notice]:
    with reading(engine) as connection:
        return [stored.notice for stored in notices.after(connection, 0, 100)]


def stored(engine: Engine, number: int) -> bool:
    with reading(engine) as connection:
        return last_seq(connection) >= number


def test_a_worker_whom_the_database_refuses_is_told_of_until_it_may_again(role: As, postgres_url: str) -> None:
    owner = open_engine(postgres_url)

    def order(statement: str) -> None:
        with writing(owner) as connection:
            connection.execute(text(statement))

    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # pytest's own is too long for a UNIX socket
        (state / "spool").mkdir()
        spool = SpoolWriter(state / "spool" / "decoys", SpoolSettings())
        stack.callback(owner.dispose)
        stack.callback(spool.close)

        def attack() -> None:
            payload = CommandRun(service="ssh", command="id")
            spool.append(Event(id=uuid7(time.time_ns()), ts=time.time_ns(), sensor="s", payload=payload))

        for worker in ("ingest", "webhook"):
            stack.enter_context(running(worker, role(worker), state))
        attack()
        until(lambda: stored(owner, 1), state)
        assert told(owner) == []
        order("REVOKE INSERT ON event FROM decnet_ingest")
        attack()
        until(lambda: len(told(owner)) == 1, state)
        (unhealthy,) = told(owner)
        assert isinstance(unhealthy, DatabaseUnhealthy)
        assert unhealthy.database == "database, for ingest"
        assert "permission denied for table event" in unhealthy.reason
        order("GRANT INSERT ON event TO decnet_ingest")
        until(lambda: stored(owner, 2), state)
        until(lambda: len(told(owner)) == 2, state)
        assert [type(one) for one in told(owner)] == [DatabaseUnhealthy, DatabaseRecovered]
