# SPDX-License-Identifier: MIT
"""Many notices at once are the same as one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine

from decnet_core.events.notices import AttackerObserved, Notice, SessionEnded
from decnet_models.database.engine import reading, writing
from decnet_models.notices import queries
from decnet_models.notices.tables import metadata


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as made:
        metadata.create_all(made)
        yield made
    engine.dispose()


def observed(ts: int) -> Notice:
    return AttackerObserved(ts=ts, attacker="192.0.2.1")


def ended(ts: int) -> Notice:
    return SessionEnded(ts=ts, attacker="192.0.2.1", session="s", service="ssh", duration_ms=1, commands=0)


def test_only_new_keys_are_written_and_their_kinds_returned(connection: Connection) -> None:
    assert queries.add(connection, "a", observed(1), 7)
    assert queries.add_all(connection, [("a", observed(2)), ("b", ended(3))], 8) == {"session.ended"}
    assert [(one.key, one.notice.ts, one.created_at) for one in queries.after(connection, 0, 9)] == [
        ("a", 1, 7),
        ("b", 3, 8),
    ]


def test_of_equal_keys_the_first_is_written(connection: Connection) -> None:
    assert queries.add_all(connection, [("a", observed(1)), ("a", observed(2))], 8) == {"attacker.observed"}
    assert [one.notice.ts for one in queries.after(connection, 0, 9)] == [1]


def test_more_keys_than_a_statement_may_bind(connection: Connection) -> None:
    many = [(f"k{number}", observed(number)) for number in range(40_000)]
    assert queries.add_all(connection, many, 8) == {"attacker.observed"}
    assert queries.add_all(connection, many, 9) == set()
    assert queries.last_seq(connection) == 40_000


def test_nothing_to_write_is_nothing_new(connection: Connection) -> None:
    assert queries.add_all(connection, [], 1) == set()


def test_a_key_that_is_too_long_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="limit is 512"):
        queries.add_all(connection, [("k" * 513, observed(1))], 1)


def test_prepared_notices_leave_out_what_came_meanwhile(engine: Engine) -> None:
    prepared = queries.PreparedNotices([("a", observed(1)), ("b", ended(2)), ("b", ended(3))], 8)
    with writing(engine) as connection:
        queries.add(connection, "a", observed(4), 7)
    for kinds in ({"session.ended"}, set[str]()):
        with writing(engine) as connection:
            assert prepared.add(connection) == kinds
    with reading(engine) as connection:
        assert [(one.key, one.notice.ts) for one in queries.after(connection, 0, 10)] == [("a", 4), ("b", 2)]
