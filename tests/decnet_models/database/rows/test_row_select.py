# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, bindparam, select

from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.events.queries import insert_events, readable
from decnet_models.events.tables import event

C = event.c
BY_SEQ = RowSelect(lambda connection: select(event).where(listed(connection, C.seq, "seqs")).order_by(C.seq))
FROM = RowSelect(lambda _: select(C.seq).where(C.src_ip == bindparam("ip"), C.seq >= bindparam("low")).order_by(C.seq))


def test_rows_are_those_of_the_statement(engine: Engine, make_events: Callable[..., list[Event]]) -> None:
    events = make_events(5)
    with writing(engine) as connection:
        insert_events(connection, events)
    with reading(engine) as connection:
        for seqs in ([2, 4], [], [1], [3, 99]):
            found = readable(BY_SEQ.rows(connection, seqs=seqs))
            assert [one.event for one in found] == [events[seq - 1] for seq in seqs if seq < 99]
        assert FROM.rows(connection, low=4, ip="192.0.2.1") == [(4,), (5,)]
        assert FROM.rows(connection, ip="none", low=1) == []


def test_a_value_that_is_missing_is_an_error(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection, pytest.raises(KeyError):
        FROM.rows(connection, low=4)
