# SPDX-License-Identifier: MIT
"""WITH, the order in which rows are changed, numbers that are taken, what looks after tables, and all of the schema."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Done, Failed, Found, Outcome, Visitor
from decnet_decoys.mysql.sql.running import answer

pytestmark = pytest.mark.usefixtures("unhurried")


def asked(one: Visitor, *sqls: str) -> Outcome:
    """Return what comes of the last statement."""
    for sql in sqls[:-1]:
        outcome, _ = answer(one, sql)
        assert not isinstance(outcome, Failed), sql
    return answer(one, sqls[-1])[0]


def rows(one: Visitor, *sqls: str) -> list[tuple[str | bytes | None, ...]]:
    outcome = asked(one, *sqls)
    assert isinstance(outcome, Found), outcome
    return [tuple(row) for row in outcome.rows]


@pytest.mark.parametrize(("sql", "found"), [
    ("with a as (select 1 x union select 2) select * from a", [("1",), ("2",)]),
    ("with a(x, y) as (select 1, 2), b as (select x+1 z from a) select a.x, b.z from a, b", [("1", "2")]),
    ("with recursive n as (select 1 i union all select i+1 from n where i < 4) select i from n where i > 1",
     [("2",), ("3",), ("4",)]),
    ("with recursive n as (select 1 i union select 1 from n) select * from n", [("1",)]),
    ("select * from (with a as (select 7) select * from a) b", [("7",)]),
])  # fmt: skip
def test_with_names_tables(sql: str, found: list[tuple[str]]) -> None:
    assert rows(visitor(), sql) == found


@pytest.mark.parametrize(("sql", "code"), [
    ("with a as (select 1), a as (select 2) select * from a", 4004),
    ("with a(x, y) as (select 1) select * from a", 4002),
    ("with recursive n as (select i from n) select * from n", 4008),
    ("with recursive n as (select 1 i union all select i, i from n) select * from n", 1222),
    ("with recursive n as (select 1 i union all select i + 1 from n) select count(*) from n, n m, n o", 1969),
])  # fmt: skip
def test_tables_of_with_that_cannot_be(sql: str, code: int) -> None:
    outcome = asked(visitor(), sql)
    assert isinstance(outcome, Failed)
    assert outcome.code == code


def test_many_tables_of_with_are_refused() -> None:
    chain = ", ".join(f"a{index} as (select * from a{index - 1})" for index in range(1, 500))
    assert isinstance(asked(visitor(), f"with a0 as (select 1), {chain} select * from a499"), Failed)


def test_update_and_delete_keep_to_their_order() -> None:
    one = visitor()
    made = ("use shop", "create table o (a int, b int)", "insert into o values (1, 0), (3, 0), (2, 0)")
    assert rows(one, *made, "delete from o order by a desc limit 1", "select a from o") == [("1",), ("2",)]
    assert rows(one, "update o set b = 1 order by a desc limit 1", "select a from o where b = 1") == [("2",)]


def test_a_row_that_clashes_takes_a_number_too() -> None:
    one = visitor()
    asked(
        one,
        "use shop",
        "create table n (id int primary key auto_increment, a int unique)",
        "insert into n (a) values (1)",
    )
    assert isinstance(asked(one, "insert into n (a) values (1)"), Failed)
    asked(one, "replace into n (a) values (1)", "insert into n (a) values (1) on duplicate key update a = 5")
    assert rows(one, "insert into n (a) values (9)", "select id, a from n order by id") == [("3", "5"), ("5", "9")]


def test_tables_are_looked_after() -> None:
    one = visitor()
    asked(one, "use shop", "create table c (a int)")
    assert rows(one, "check table c, nope") == [
        ("shop.c", "check", "status", "OK"),
        ("shop.nope", "check", "Error", "Table 'shop.nope' doesn't exist"),
        ("shop.nope", "check", "status", "Operation failed"),
    ]
    assert len(rows(one, "optimize table c")) == 2
    assert rows(one, "checksum table nope") == [("shop.nope", None)]


def test_the_schema_tells_all_of_a_table() -> None:
    one = visitor()
    asked(
        one,
        "use shop",
        "create table s (id int primary key auto_increment, name varchar(60) not null unique, d decimal(8,2))",
    )
    told = "from information_schema.{} where table_schema = 'shop' and table_name = 's'"
    assert rows(one, "select engine, row_format, data_length " + told.format("tables")) == [
        ("InnoDB", "Dynamic", "16384")
    ]
    assert rows(one, "select column_name, character_maximum_length, numeric_precision " + told.format("columns")) == [
        ("id", None, "10"), ("name", "60", None), ("d", None, "8"),
    ]  # fmt: skip
    assert rows(one, "select index_name " + told.format("statistics")) == [("PRIMARY",), ("name",)]
    assert rows(one, "select constraint_type " + told.format("table_constraints")) == [("PRIMARY KEY",), ("UNIQUE",)]
    assert rows(one, "select * from information_schema.files") == []
    assert ("InnoDB", "DEFAULT") in rows(one, "select engine, support from information_schema.engines")


@pytest.mark.parametrize(("sql", "code"), [
    ("set names nope", 1115),
    ("set time_zone = 'Mars/Olympus'", 1298),
    ("set global secure_file_priv = ''", 1238),
    ("set @a = 1, nope = 2", 1193),
])  # fmt: skip
def test_settings_that_cannot_be(sql: str, code: int) -> None:
    outcome = asked(visitor(), sql)
    assert isinstance(outcome, Failed)
    assert outcome.code == code


@pytest.mark.parametrize("sql", ["set @c = 1, @d =", "set @c = 1, autocommit = 0 nonsense"])
def test_settings_that_are_not_understood_change_nothing(sql: str) -> None:
    one = visitor()
    assert isinstance(asked(one, sql), Failed)
    assert rows(one, "select @c") == [(None,)]


@pytest.mark.parametrize("sql", [
    "/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */",
    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
    "set names utf8mb4",
    "set time_zone = '+00:00'",
])  # fmt: skip
def test_settings_of_a_dump(sql: str) -> None:
    assert not isinstance(asked(visitor(), sql), Failed)


def test_collations_are_shown() -> None:
    assert rows(visitor(), "show collation like 'latin1_swedish_ci'") == [
        ("latin1_swedish_ci", "latin1", "8", "Yes", "Yes", "1")
    ]
    assert rows(visitor(), "select id from information_schema.collations where collation_name = 'utf8mb4_bin'") == [
        ("46",)
    ]


def test_a_change_of_a_column_counts_the_rows() -> None:
    one = visitor()
    asked(one, "use shop", "create table m (a int)", "insert into m values (1), (2)")
    assert asked(one, "alter table m modify a bigint") == Done(2, 0, 0, "Records: 2  Duplicates: 0  Warnings: 0")
    assert asked(one, "alter table m rename to k") == Done()
