# SPDX-License-Identifier: MIT
"""An INSERT of many rows does what one of few rows does, however it is divided."""

from __future__ import annotations

import tracemalloc

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql.running import answer, answering
from decnet_decoys.mysql.sql.values import Value

pytestmark = pytest.mark.usefixtures("unhurried")


def _one(*statements: str) -> Visitor:
    one = visitor()
    for statement in ("use shop", *statements):
        assert isinstance(answer(one, statement)[0], Done), statement
    return one


def _rows(one: Visitor, sql: str) -> list[tuple[str | bytes | None, ...]]:
    outcome, _ = answer(one, sql)
    assert isinstance(outcome, Found)
    return [tuple(row) for row in outcome.rows]


def _all(count: int) -> Done:
    return Done(count, 0, 0, f"Records: {count}  Duplicates: 0  Warnings: 0")


def test_rows_of_many_columns_are_kept() -> None:
    one = _one(f"create table t ({', '.join(f'c{place} int' for place in range(40))})")
    many = ",".join(f"({','.join([str(number)] * 40)})" for number in range(150))
    assert answer(one, f"insert into t values {many}")[0] == _all(150)
    assert _rows(one, "select count(*), sum(c0), sum(c39) from t") == [("150", "11175", "11175")]


def test_each_row_has_its_own_parameters() -> None:
    one = _one("create table t (a int primary key, b varchar(9), c int)")
    given: list[Value] = [value for number in range(250) for value in (number, f"s{number}")]
    one.parameters = [*given, 7]
    statement = f"insert into t (a, b) values {','.join(['(?, ?)'] * 250)} on duplicate key update c = ?"
    assert answer(one, statement)[0] == _all(250)
    assert len(one.parameters) == 501
    one.parameters[-3:-1] = [0, "s0"]
    answer(one, statement)
    one.parameters = []
    assert _rows(one, "select b, c from t where a in (0, 100, 249)") == [("s0", "7"), ("s100", "7"), ("s249", None)]


def test_commands_of_all_rows_are_told() -> None:
    one = _one("create table t (a varchar(9))")
    one.catalogue.functions.add("sys_exec")
    rows = ["('x')"] * 250
    rows[3], rows[150], rows[240] = "(sys_exec('id'))", "(sys_exec('w'))", "(sys_exec('ls'))"
    assert answer(one, f"insert into t values {','.join(rows)}")[0] == _all(250)
    assert one.commands == ["id", "w", "ls"]


def test_last_insert_id_is_that_of_the_first_row() -> None:
    one = _one("create table t (a int primary key auto_increment, b int)")
    outcome, _ = answer(one, f"insert into t (b) values {','.join(['(1)'] * 250)}")
    assert isinstance(outcome, Done)
    assert outcome.insert_id == 1
    assert _rows(one, "select last_insert_id()") == [("1",)]


def test_no_row_stays_of_an_insert_that_fails() -> None:
    one = _one("create table t (a int primary key)", "insert into t values (5000)")
    room = one.catalogue.room
    numbers = [*range(350), 7]
    outcome, _ = answer(one, f"insert into t values {','.join(f'({number})' for number in numbers)}")
    assert isinstance(outcome, Failed)
    assert outcome.code == 1062
    assert _rows(one, "select a from t") == [("5000",)]
    assert one.catalogue.room == room
    replaced = ",".join(f"({number})" for number in [5000, *range(300), 12345678901])
    assert isinstance(answer(one, f"replace into t values {replaced}")[0], Failed)
    assert _rows(one, "select a from t") == [("5000",)]


def test_parts_take_little_memory_besides_the_statement() -> None:
    one = _one("create table t (a int)")
    for statement in (
        f"insert into t values {','.join(['(1)'] * 20_000)} {'x' * 100_000}",
        f"insert into {'`t`' + ' ' * 500} values {','.join(['(1)'] * 20_000)}",
    ):
        steps = answering(one, statement)
        tracemalloc.start()
        for _ in zip(range(1000), steps, strict=False):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 4 << 20


def test_too_long_a_change_does_not_appear_to_be_done() -> None:
    one = _one("create table t (a int)", "insert into t values (1), (2)")
    numbers = ",".join(map(str, range(3000)))
    for statement in (
        f"delete from t where a in ({numbers})",
        f"update t set a = 9 where a in ({numbers})",
        f"insert into t values ({'+'.join(['1'] * 3000)})",
    ):
        outcome, known = answer(one, statement)
        assert known
        assert isinstance(outcome, Failed)
        assert outcome.code == 1969
    assert _rows(one, "select a from t") == [("1",), ("2",)]
