# SPDX-License-Identifier: MIT
"""Statements drawn from a grammar of SQL: none raises, none takes too long, what is kept stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Catalogue, Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql import budget
from decnet_decoys.mysql.sql.functions import FUNCTIONS
from decnet_decoys.mysql.sql.running import answer, preparing

NAMES = st.sampled_from(["a", "b", "t", "u", "orders", "id", "name", "shop", "`x y`", "mysql", "user", "nope"])
COLUMNS = st.sampled_from(["a", "b", "id", "name", "t.a", "*", "nope"])
LITERALS = st.sampled_from(
    ["0", "1", "-1", "2.50", "1e3", "1e308", "18446744073709551615", "'a'", "'\u00e4b'", "''", "'it''s'",
     "NULL", "TRUE", "0x41", "b'101'", "'2024-02-29'", "@v", "@@version_comment", "?", "'%a_'", "\"q\""]
)  # fmt: skip
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "%", "DIV", "=", "<>", "<", ">=", "<=>", "AND", "OR", "XOR", "LIKE", "REGEXP", "&", "|",
     "^", "<<", "IS NOT", "NOT LIKE"]
)  # fmt: skip
CALLS = st.sampled_from([*sorted(FUNCTIONS), "count", "sum", "max", "group_concat", "cast", "now", "user", "nope"])


def _made(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, OPERATORS, inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})")
    call = st.tuples(CALLS, st.lists(inner, max_size=4)).map(lambda one: f"{one[0]}({', '.join(one[1])})")
    case = st.tuples(inner, inner, inner).map(lambda one: f"CASE WHEN {one[0]} THEN {one[1]} ELSE {one[2]} END")
    several = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    among = st.tuples(inner, several).map(lambda one: f"{one[0]} IN ({one[1]})")
    query = inner.map(lambda one: f"(SELECT {one})")
    return st.one_of(pair, call, case, among, query, inner.map(lambda one: f"NOT {one}"))


EXPRESSIONS = st.recursive(st.one_of(LITERALS, COLUMNS), _made, max_leaves=12)
TAILS = st.sampled_from(
    ["", " WHERE a > 1", " ORDER BY 1 DESC", " LIMIT 2", " GROUP BY a HAVING count(*) > 0", " WHERE id IN (SELECT 1)",
     " JOIN u USING (a)", " LEFT JOIN orders ON t.a = orders.id", " UNION SELECT 1", " FOR UPDATE", " foo"]
)  # fmt: skip
SELECTS = st.one_of(
    EXPRESSIONS.map(lambda one: f"SELECT {one}"),
    st.tuples(EXPRESSIONS, NAMES, TAILS).map(lambda one: f"SELECT {one[0]} FROM {one[1]}{one[2]}"),
)
CHANGES = st.one_of(
    st.tuples(NAMES, st.lists(EXPRESSIONS, min_size=1, max_size=3)).map(
        lambda one: f"INSERT INTO {one[0]} VALUES ({', '.join(one[1])})"
    ),
    st.tuples(NAMES, COLUMNS, EXPRESSIONS).map(lambda one: f"UPDATE {one[0]} SET {one[1]} = {one[2]}"),
    st.tuples(NAMES, EXPRESSIONS).map(lambda one: f"DELETE FROM {one[0]} WHERE {one[1]}"),
    st.tuples(NAMES, NAMES).map(lambda one: f"CREATE TABLE {one[0]} ({one[1]} int, b varchar(9))"),
    st.tuples(NAMES, NAMES).map(lambda one: f"ALTER TABLE {one[0]} ADD COLUMN {one[1]} text"),
    NAMES.map(lambda one: f"DROP TABLE {one}"),
    st.sampled_from(["BEGIN", "COMMIT", "ROLLBACK", "SET @v = 7", "SHOW TABLES", "DESC t", "SHOW CREATE TABLE t"]),
)
STATEMENTS = st.one_of(SELECTS, CHANGES)


def used() -> Visitor:
    one = visitor()
    with pytest.MonkeyPatch.context() as patch:  # only what is drawn has to keep within its time
        patch.setattr(budget, "MOST_SECONDS", 60.0)
        for sql in ("use shop", "create table t (a int, b varchar(9))", "create table u (a int, b varchar(9))",
                    "insert into t values (1,'a'),(2,'b'),(null,null)", "insert into u values (2,'c')"):  # fmt: skip
            assert not isinstance(answer(one, sql)[0], Failed)
    return one


@given(st.lists(STATEMENTS, max_size=6))
def test_any_statements_are_answered_within_their_budget(sqls: list[str]) -> None:
    one = used()
    for sql in sqls:
        outcome, _ = answer(one, sql)
        assert isinstance(outcome, Done | Failed | Found)
        assert budget._Spent.steps <= budget.MOST_STEPS + 100_000  # one step may count a long value, and is the last


@given(SELECTS)
def test_any_statement_can_be_prepared_or_is_refused(sql: str) -> None:
    one = used()
    steps = preparing(one, sql)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome, count, _ = end.value
            break
    assert isinstance(outcome, Done | Failed | Found)
    assert count <= sql.count("?")


@pytest.mark.usefixtures("unhurried")
@given(st.lists(CHANGES, max_size=8))
def test_what_is_kept_answers_the_same_after_a_restart(sqls: list[str]) -> None:
    one = used()
    for sql in [*sqls, "COMMIT"]:
        answer(one, sql)
    again = Visitor(Catalogue(one.catalogue.profile, "db-01"), "root", "192.0.2.7", 31)
    again.catalogue.load(one.catalogue.saved())
    for sql in ("use shop", "show tables", "select * from t", "select * from u", "select * from orders"):
        assert answer(again, sql) == answer(one, sql), sql
