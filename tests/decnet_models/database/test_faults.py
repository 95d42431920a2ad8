# SPDX-License-Identifier: MIT
"""Which errors are an event's fault, which stop a worker, which pass: asked of the real databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, writing
from decnet_models.errors import passes, refuses_values, stops

VALUES = {
    "22021, NUL in a text": ("SELECT CAST(:value AS text)", {"value": "a\0b"}),
    "22003, out of range": ("SELECT CAST(99999999999999999999 AS bigint)", {}),
    "23505, not unique": ("INSERT INTO fault (id) VALUES (1), (1)", {}),
    "23502, NULL": ("INSERT INTO fault (id) VALUES (NULL)", {}),
}
FAULTS: dict[str, tuple[str, dict[str, str]]] = {
    "42P01, no table": ("SELECT 1 FROM nowhere", {}),
    "42501, no grant": ("SET LOCAL ROLE pg_monitor; SELECT 1 FROM fault", {}),
    "42703, no column": ("SELECT nothing FROM fault", {}),
    "XX001, damaged": ("DO $$ BEGIN RAISE EXCEPTION 'damaged' USING ERRCODE = 'XX001'; END $$", {}),
}


def error_of(engine: Engine, statement: str, values: dict[str, str]) -> DBAPIError:
    *before, last = [statement] if "DO" in statement else statement.split("; ")
    with writing(engine) as connection:
        for each in ("CREATE TEMPORARY TABLE fault (id integer PRIMARY KEY)", *before):
            connection.execute(text(each))
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text(last), values)
        connection.rollback()
    return caught.value


@pytest.mark.parametrize("name", VALUES)
def test_values_that_postgresql_refuses_are_the_event_s_fault(postgres_url: str, name: str) -> None:
    engine = open_engine(postgres_url)
    error = error_of(engine, *VALUES[name])
    assert refuses_values(error)
    assert not stops(error)
    engine.dispose()


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_postgresql_stops_the_worker(postgres_url: str, name: str) -> None:
    engine = open_engine(postgres_url)
    error = error_of(engine, *FAULTS[name])
    assert stops(error)
    assert not refuses_values(error)
    assert not passes(error), "it does not pass by itself"
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "at_fault"),
    [
        ("INSERT INTO fault (id) VALUES (1), (1)", True),
        ("INSERT INTO fault (id) VALUES ('a text')", True),
        ("SELECT zeroblob(2000000000)", True),
        ("SELECT 1 FROM nowhere", False),
        ("SELECT nothing FROM fault", False),
    ],
)
def test_the_same_of_sqlite(sqlite_engine: Engine, statement: str, at_fault: bool) -> None:
    error = error_of(sqlite_engine, statement, {})
    assert (refuses_values(error), stops(error)) == (at_fault, not at_fault)


def test_a_number_that_the_driver_cannot_send_is_the_event_s_fault() -> None:
    assert refuses_values(OverflowError("Python int too large to convert to SQLite INTEGER"))
    assert not refuses_values(ValueError("a bug"))
    assert not stops(ValueError("a bug"))
