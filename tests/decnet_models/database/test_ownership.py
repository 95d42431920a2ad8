# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from decnet_core.events.envelope import Event
from decnet_models.attackers.tables import attacker
from decnet_models.database.engine import reading, writing
from decnet_models.database.ownership import NotOwnerError, guard, target
from decnet_models.events.queries import insert_events
from decnet_models.notices.tables import notice
from decnet_models.progress import queries as progress
from decnet_models.ttp.tables import ttp_rule_state, ttp_tag

Maker = Callable[..., list[Event]]


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("INSERT INTO event (id) VALUES (?)", "event"),
        ("  insert or ignore into event VALUES (1)", "event"),
        ('UPDATE "event" SET id = 1', "event"),
        ("UPDATE ONLY public.event SET id = 1", "event"),
        ('DELETE FROM "public"."event" WHERE id = 1', "event"),
        ("WITH old AS (SELECT 1) DELETE FROM event", "event"),
        ("TRUNCATE TABLE event", "event"),
        ("COPY event (id) FROM STDIN", "event"),
        ("REPLACE INTO event VALUES (1)", "event"),
        ("SELECT 'INSERT INTO event' FROM attacker", None),
        ("WITH a AS (SELECT 1) SELECT * FROM a", None),
        ("SELECT * FROM lease FOR UPDATE", None),
        ("BEGIN IMMEDIATE", None),
        ("", None),
    ],
)
def test_the_table_that_a_statement_writes_is_found(statement: str, written: str | None) -> None:
    assert target(statement) == written


@pytest.mark.parametrize(
    "statement",
    [
        delete(ttp_tag),
        update(attacker).values(score=1),
        delete(attacker),
        update(ttp_rule_state).values(reason=""),
        text("DELETE FROM event"),
    ],
)
def test_a_worker_cannot_write_what_is_anothers(engine: Engine, statement: Any) -> None:
    guard(engine, "webhook")
    with pytest.raises(NotOwnerError, match="webhook may not write the table"), writing(engine) as connection:
        connection.execute(statement)


def test_a_worker_writes_its_own_tables_and_those_of_all(engine: Engine, make_events: Maker) -> None:
    guard(engine, "ingest")
    with writing(engine) as connection:
        insert_events(connection, make_events(2))
        progress.begin_cursor(connection, "ingest", now_ns=1)
        connection.execute(insert(notice).values(key="k", kind="k", ts=1, body="{}", created_at=1))
    with reading(engine) as connection:
        assert connection.execute(select(attacker)).all() == []
