# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import DBAPIError

from decnet_models.attackers.tables import attacker, command
from decnet_models.attackers.tables import credential as credentials
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.rows.keyed_rows import rows_among, rows_at
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.statements import among, existing, insert_into
from decnet_models.errors import refuses_values
from decnet_models.history.tables import search_word
from decnet_models.ttp.tables import ttp_tag

NAMES = [column.name for column in ttp_tag.columns]
RULE, ID, EVENT = (UUID(int=number << 64) for number in (1, 2, 3))
ODD = 'a "quoted" \\ title,\n{with} NULL\tand ☃'


def tag(seq: int, rule: UUID | str = RULE, id_: UUID | str = ID, **changed: Any) -> tuple[Any, ...]:
    values = {
        "seq": seq,
        "rule_id": rule,
        "technique": "T1110",
        "id": id_,
        "title": ODD,
        "level": "low",
        "attacker": "192.0.2.1",
        "event_id": EVENT,
        "ts": 2**62,
        "session": None,
        "decky": "web",
        **changed,
    }
    return tuple(values[name] for name in NAMES)


def kept(connection: Connection) -> Any:
    return insert_into(connection, ttp_tag).on_conflict_do_nothing(index_elements=["seq", "rule_id", "technique"])


TAGS = RowInsert(ttp_tag, NAMES, kept)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    opened = open_engine(postgres_url)
    yield opened
    opened.dispose()


@contextmanager
def sent(engine: Engine) -> Iterator[list[str]]:
    """Give the statements that are sent, each as often as the server runs it."""
    statements: list[str] = []

    def note(*told: Any) -> None:
        _, _, statement, parameters, _, many = told
        statements.extend([statement] * (len(parameters) if many else 1))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_rows_are_stored_as_they_are(engine: Engine) -> None:
    rows = [tag(1), tag(2, decky=None, session="s")]
    with writing(engine) as connection:
        TAGS.execute(connection, rows)
        TAGS.execute(connection, [])
        TAGS.execute(connection, [tag(2, decky="later"), tag(3)])
        assert [tuple(row) for row in connection.execute(select(ttp_tag).order_by("seq"))] == [*rows, tag(3)]


def test_a_uuid_may_be_its_digits(engine: Engine) -> None:
    with writing(engine) as connection:
        TAGS.execute(connection, [tag(1, RULE.hex, ID.hex, event_id=EVENT.hex)])
        assert tuple(connection.execute(select(ttp_tag)).one()) == tag(1)


def test_bytes_and_truth_are_stored_as_they_are(engine: Engine) -> None:
    words, commands = (RowInsert(table, [one.name for one in table.columns]) for table in (search_word, command))
    typed = [(1, "192.0.2.1", None, 5, "ssh", None, "id", True), (2, "192.0.2.1", "s", 5, "ssh", "web", "", False)]
    with writing(engine) as connection:
        connection.execute(attacker.insert(), {"ip": "192.0.2.1", "first_seen": 1, "last_seen": 1})
        words.execute(connection, [(1, "word", 1, b"\0\xff")])
        commands.execute(connection, typed)
        assert connection.execute(select(search_word.c.places)).scalar_one() == b"\0\xff"
        assert [tuple(row) for row in connection.execute(select(command).order_by(command.c.seq))] == typed


def test_postgresql_has_many_rows_by_one_statement(postgres_engine: Engine) -> None:
    """Each row of an executemany took client and server together 54 µs, now 22."""
    with writing(postgres_engine) as connection, sent(postgres_engine) as statements:
        TAGS.execute(connection, [tag(seq) for seq in range(2000)])
    assert len(statements) == 1


@pytest.mark.parametrize("wrong", [{"ts": 2**63}, {"title": "\0"}, {"title": "x" * 257}, {"session": "\ud800"}])
def test_values_that_postgresql_refuses_are_at_fault(postgres_engine: Engine, wrong: dict[str, Any]) -> None:
    with pytest.raises((DBAPIError, UnicodeError)) as refused, writing(postgres_engine) as connection:
        TAGS.execute(connection, [tag(1), tag(2, **wrong)])
    assert refuses_values(refused.value)


def test_many_keys_are_asked_for_at_once(engine: Engine) -> None:
    """PostgreSQL took 70 µs for each of three columns in an IN list of 500, now 4."""
    keys = [(f"192.0.2.{number % 250}", f"session {number}") for number in range(0, 3000, 2)]
    columns = (ttp_tag.c.attacker, ttp_tag.c.session)
    with writing(engine) as connection:
        TAGS.execute(connection, [tag(n, attacker=ip, session=name) for n, (ip, name) in enumerate(keys)])
    asked = [(f"192.0.2.{number % 250}", f"session {number}") for number in range(3000)]
    with reading(engine) as connection, sent(engine) as statements:
        assert existing(connection, columns, asked) == set(keys)
        assert existing(connection, columns, []) == set()
        assert len(statements) == 1
        pair = ("attacker", "session")
        found = rows_at(connection, ttp_tag, pair, ["seq"], asked)
        assert sorted(found, key=lambda row: row[2]) == [(*key, n) for n, key in enumerate(keys)]
        of_one = rows_among(connection, ttp_tag, "attacker", ["session"], ["192.0.2.0", "192.0.2.1"])
        assert {row[1] for row in of_one} == {name for ip, name in keys if ip in {"192.0.2.0", "192.0.2.1"}}


def test_a_list_of_any_length_is_one_statement(engine: Engine) -> None:
    digest = credentials.c.digest
    with reading(engine) as connection, sent(engine) as statements:
        for number in (0, 1, 2000):
            some = [f"{one:032x}" for one in range(number)]
            assert connection.execute(select(digest).where(among(connection, digest, some))).all() == []
    assert len(set(statements)) == 1
