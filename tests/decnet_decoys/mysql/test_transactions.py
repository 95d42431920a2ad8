# SPDX-License-Identifier: MIT
"""Savepoints: what a transaction goes back to, and their bounds."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.mysql.test_statement_grammar import used

from decnet_decoys.mysql.catalogue import Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql.changes.transactions import MOST_SAVEPOINTS
from decnet_decoys.mysql.sql.running import answer

pytestmark = pytest.mark.usefixtures("unhurried")


def _in_table(one: Visitor) -> list[object]:
    found = answer(one, "select a from u")[0]
    assert isinstance(found, Found)
    return [row[0] for row in found.rows]


def test_rollback_to_a_savepoint_takes_back_what_came_after_it() -> None:
    one = used()
    for sql in ("begin", "insert into u values (3, 'x')", "savepoint one", "insert into u values (4, 'y')"):
        assert isinstance(answer(one, sql)[0], Done)
    assert isinstance(answer(one, "savepoint two")[0], Done)
    assert isinstance(answer(one, "rollback to savepoint ONE")[0], Done)
    assert _in_table(one) == ["2", "3"]
    assert answer(one, "rollback to two")[0] == Failed(1305, "42000", "SAVEPOINT two does not exist")
    assert isinstance(answer(one, "release savepoint one")[0], Done)
    assert answer(one, "release savepoint one")[0] == Failed(1305, "42000", "SAVEPOINT one does not exist")
    answer(one, "rollback")
    assert _in_table(one) == ["2"]


def test_a_table_first_changed_after_a_savepoint_goes_back_to_how_it_was() -> None:
    one = used()
    for sql in ("begin", "insert into t values (9, 'z')", "savepoint one", "delete from u", "rollback to one"):
        assert isinstance(answer(one, sql)[0], Done)
    assert _in_table(one) == ["2"]


def test_a_savepoint_outside_of_a_transaction_is_none() -> None:
    one = used()
    assert answer(one, "savepoint one")[0] == Done()
    assert isinstance(answer(one, "rollback to one")[0], Failed)


def test_savepoints_are_few() -> None:
    one = used()
    answer(one, "begin")
    made = [answer(one, f"savepoint s{at}")[0] for at in range(MOST_SAVEPOINTS + 4)]
    assert made == [Done()] * MOST_SAVEPOINTS + [Failed(1041, "HY000", "Out of memory.")] * 4
    assert isinstance(answer(one, "commit")[0], Done)
    assert one.savepoints == {}
