# SPDX-License-Identifier: MIT
"""Merging in memory and merging in SQL are the same, in any order and grouping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select
from tests.examples import examples

from decnet_models.attackers.merge import Tally
from decnet_models.attackers.tables import BY, MERGE, attacker, attacker_session, metadata

IP = "192.0.2.1"

number = st.integers(0, 50)


@st.composite
def summaries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows that single events add to one session; each seq occurs once, as in the log."""
    seqs = draw(st.lists(st.integers(1, 100), unique=True, max_size=8))
    return [draw(_summary(seq)) for seq in seqs]


@st.composite
def _summary(draw: st.DrawFn, seq: int) -> dict[str, Any]:
    ts = draw(number)
    row: dict[str, Any] = {"events": 1, "first_seen": ts, "last_seen": ts, "first_seq": seq}
    row |= {"service": draw(st.sampled_from(["ssh", "telnet", None])), "decky": draw(st.sampled_from(["a", None]))}
    if draw(st.booleans()):
        row |= {"commands": 1, "first_command": ts, "last_command": ts}
    if draw(st.booleans()):
        row |= {"opened_seq": seq, "opened_at": ts, "username": draw(st.sampled_from(["root", "pi", None]))}
    if draw(st.booleans()):
        row |= {"closed_seq": seq, "closed_at": ts, "duration_ms": draw(number)}
    return row


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as made:
        metadata.create_all(made)
        made.commit()
        yield made
    engine.dispose()


def merged(connection: Connection, groups: list[list[dict[str, Any]]]) -> list[Any]:
    """The session's row after writing each group as one tally."""
    try:
        blank = Tally()
        blank.add(attacker, (IP,), {"events": 0, "first_seen": 0, "last_seen": 0})
        blank.write(connection)
        for group in groups:
            tally = Tally()
            for row in group:
                tally.add(attacker_session, (IP, "s"), row)
            tally.write(connection)
        return [tuple(row) for row in connection.execute(select(attacker_session))]
    finally:
        connection.rollback()


@settings(max_examples=examples(60), deadline=None)
@given(summaries(), st.randoms(use_true_random=False), st.integers(1, 8))
def test_any_order_and_grouping_gives_the_same_row(
    connection: Connection, rows: list[dict[str, Any]], dice: Any, size: int
) -> None:
    expected = merged(connection, [[row] for row in rows])
    shuffled = dice.sample(rows, len(rows))
    groups = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert merged(connection, groups) == expected


def test_the_first_committed_event_is_announced_even_without_details(connection: Connection) -> None:
    seen = {"events": 1, "first_seen": 5, "last_seen": 5}
    late = {**seen, "first_seq": 9, "service": "ssh", "opened_seq": 9, "opened_at": 1, "username": "late"}
    early = {**seen, "first_seq": 3, "service": None, "opened_seq": 3, "opened_at": 2, "username": "early"}
    orders: list[list[list[dict[str, Any]]]] = [[[late, early]], [[late], [early]], [[early], [late]]]
    for groups in orders:
        (row,) = merged(connection, groups)
        told = dict(zip(attacker_session.columns.keys(), row, strict=True))
        assert (told["username"], told["opened_at"], told["service"]) == ("early", 2, None)


def test_every_column_is_key_fact_or_merged_by_a_known_rule() -> None:
    for table in metadata.tables.values():
        rules = {column.name: column.info.get(MERGE) for column in table.columns}
        assert set(rules.values()) <= {None, "sum", "min", "max", "earliest", "derived", "total", "kept"}
        if "sum" in rules.values():
            unruled = {c.name for c in table.columns if c.info.get(MERGE) is None and not c.primary_key}
            assert unruled <= {"score"}, f"{table.name}: {unruled} would keep what the first event said"
        for column in table.columns:
            assert column.info.get(BY) is None or rules[column.info[BY]] == "min"


def test_all_tables_are_written_by_the_profiler() -> None:
    assert {table.info["owner"] for table in metadata.tables.values()} == {"profiler"}
