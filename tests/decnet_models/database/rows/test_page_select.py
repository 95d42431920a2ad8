# SPDX-License-Identifier: MIT
"""Pages by conditions that may be asked for: each combination is composed once, whatever its values are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Select, bindparam, select

from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.events.queries import insert_events
from decnet_models.events.tables import event

C = event.c


class Counted:
    """A listing of events, and how often it was composed."""

    def __init__(self) -> None:
        self.composed = 0
        self.page = PageSelect(
            self._make,
            (C.src_ip, C.seq),
            {"ip": C.src_ip == bindparam("ip"), "low": C.seq >= bindparam("low"), "early": C.seq < 4},
        )

    def _make(self, _: Connection) -> Select[Any]:
        self.composed += 1
        return select(C.src_ip, C.seq)


def numbers(connection: Connection, page: PageSelect, direction: Direction, **given: Any) -> Iterator[int]:
    """Yield the numbers of all pages of two rows."""
    after = None
    while rows := page.rows(connection, 2, after=after, direction=direction, **given):
        yield from (row[1] for row in rows)
        after = tuple(rows[-1])


@pytest.fixture
def connection(engine: Engine, make_events: Callable[..., list[Event]]) -> Iterator[Connection]:
    with writing(engine) as writer:
        insert_events(writer, make_events(5))
    with reading(engine) as connection:
        yield connection


def test_pages_follow_each_other_in_both_directions(connection: Connection) -> None:
    page = Counted().page
    assert list(numbers(connection, page, "desc")) == [5, 4, 3, 2, 1]
    assert list(numbers(connection, page, "asc")) == [1, 2, 3, 4, 5]


def test_only_conditions_that_are_asked_for_hold(connection: Connection) -> None:
    page = Counted().page
    assert list(numbers(connection, page, "asc", low=4, ip=None, early=None)) == [4, 5]
    assert list(numbers(connection, page, "asc", low=2, early=True)) == [2, 3]
    assert list(numbers(connection, page, "asc", ip="none", low=1)) == []
    assert list(numbers(connection, page, "desc", ip="192.0.2.1", low=5)) == [5]


def test_a_statement_is_composed_once_for_all_values(connection: Connection) -> None:
    counted = Counted()
    for low in range(4):
        assert list(numbers(connection, counted.page, "asc", low=low + 1)) == list(range(low + 1, 6))
    assert counted.composed == 2, "the first page and the later ones"


def test_a_condition_that_there_is_not_is_an_error(connection: Connection) -> None:
    with pytest.raises(KeyError):
        Counted().page.rows(connection, 2, other=1)
