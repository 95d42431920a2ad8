# SPDX-License-Identifier: MIT
"""No statement keeps the event loop longer than a turn may take, or more memory than is there for it."""

from __future__ import annotations

import time

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql import packets
from decnet_decoys.mysql.catalogue import Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql.running import answer, answering, divided
from decnet_decoys.processor.turn import LONGEST_SECONDS


def full(*, wide: bool = False) -> Visitor:
    """Return a visitor of a server whose tables have as many rows as there is room for."""
    one = visitor()
    say(one, "use shop", "create table big (a int primary key, b varchar(99), d decimal(9,2))")
    if wide:
        say(one, f"create table wide ({', '.join(f'c{place} int' for place in range(64))})")
        say(one, *["insert into wide (c0) values " + ",".join("(1)" for _ in range(20))] * 2)
    for start in range(0, 1000, 50):
        words = "'na\u00efve aaaaaaaaaaaaaaaaaaaaa"
        values = (f"({place}, {words} {place % 7}', {place}.5)" for place in range(start, start + 50))
        say(one, "insert into big values " + ",".join(values))
    return one


def say(one: Visitor, *sqls: str) -> None:
    for sql in sqls:
        outcome, _ = answer(one, sql)
        assert not isinstance(outcome, Failed), outcome


LONG = "repeat('\u00e4b', 30000)"
NESTED_IF = "a"
for _ in range(20):
    NESTED_IF = f"if({NESTED_IF}, 1, 2)"
ATTACKS = {
    "cross join": "select count(*) from big a, big b, big c",
    "join with a condition": "select * from big a join big b on a.b like concat('%', b.b) or a.a > b.a",
    "wide cross join": "select * from wide a, wide b, wide c, wide d, wide e, wide f, wide g, wide h",
    "many stars": "select " + ",".join(["*"] * 1900) + " from wide a, wide b, wide c",
    "unknown names": "select " + " or ".join(f"x.c{one % 64}={one}" for one in range(800)) + " from wide x, wide y",
    "using": "select * from wide a join wide b using (c0) join wide c using (c0) join wide d using (c0)",
    "repeat": "select repeat('a', 999999999)",
    "repeat of text": f"select upper({LONG}), lower({LONG}), {LONG} = {LONG}, replace({LONG}, 'b', 'cc')",
    "replace": "select replace(repeat('a',9000),'a',repeat('b',9000))",
    "hex of hex": "select " + "hex(" * 20 + "repeat('a', 200000)" + ")" * 20,
    "concat": "select concat(" + ",".join(["repeat('a', 200000)"] * 60) + ")",
    "hashes": "select " + ",".join(["sha2(repeat('a',250000),512)"] * 300),
    "old passwords": "select " + ",".join(["old_password(repeat('a',4096))"] * 300),
    "folded text": f"select min(b) from big where {LONG} <> concat(b, {LONG})",
    "long sum": "select " + "1+" * 1990 + "1",
    "long disjunction": "select * from big where " + "a=1 or " * 990 + "a=2",
    "long conjunction": "select * from big where " + "a<>1 and " * 990 + "a<>2",
    "nots": "select " + "not " * 3000 + "1",
    "minuses": "select " + "- " * 3000 + "1",
    "binaries": "select " + "binary " * 3000 + "1",
    "brackets": "select " + "(" * 1900 + "1" + ")" * 1900,
    "selects in brackets": "(" * 1900 + "select 1" + ")" * 1900,
    "nested tables": "select * from " + "(select * from " * 600 + "big" + ") a" * 600,
    "nested subqueries": "select " + "(select " * 20 + "count(*) from big" + ") from big where a < 3" * 20,
    "exists": "select * from big x where exists(select * from big where exists(select * from big where a > 9))",
    "in subquery": "select * from big where a not in (select a from big where b like '%q') and a in (select 1)",
    "nested ifs": f"select {NESTED_IF} from big",
    "nested cases": "select " + "case when a then " * 20 + "1" + " else 2 end" * 20 + " from big",
    "group by": "select b, count(*), group_concat(b), sum(a), avg(d) from big group by b, a, d having count(*) > 0",
    "order by": f"select * from big order by concat(b, a), concat({LONG[:6]}('\u00e4', 99), a) desc, d",
    "distinct": "select distinct b, a, d from big union select b, a, d from big order by 1 desc",
    "unions": "select 1 " + "union select 1 " * 900,
    "unions of tables": "select * from big " + "union all select * from big " * 300,
    "like": "select count(*) from big where repeat(b, 40) like '" + "%a" * 30 + "%q'",
    "patterns": "select count(*) from big where b like concat(a, '" + "%a_" * 20 + "')",
    "patterns in a row": "select 'x' like '" + "%a" * 900 + "'",
    "regular expressions": "select count(*) from big where repeat(b, 200) regexp '(a+)+$' or b regexp 'z$'",
    "huge decimals": "select " + "*".join(["9" * 79 + ".5"] * 400),
    "tiny decimals": "select " + "*".join(["0." + "0" * 70 + "1"] * 400),
    "quotients": "select " + "/".join(["1.5"] * 100) + " from big",
    "huge floats": "select 1e308*10, -1e999, 1e999-1e999, '1e999'*1, exp(999), floor(1e300), 1e300 << 3, ~1e300",
    "huge places": "select round(1.5, 99999999999999999999), 1.5 limit 1e5",
    "escapes": "select '" + "\\n" * 500_000 + "'",
    "quotes": "select '" + "''" * 500_000 + "'",
    "strings in a row": "select " + "'" + "a" * 200 + "' '" * 1990 + "'",
    "names in a row": "select " + "a" * 900_000 + " from big",
    "a long number": "select " + "9" * 900_000 + ", " + "1" * 900_000 + "e5",
    "a long hex": "select 0x" + "41" * 500_000,
    "a long string": "select '" + "\u00e4" * 500_000 + "' = '" + "\u00e4" * 20 + "'",
    "long texts of parts": "select '" + "a" * 900_000 + "'" + "+1" * 1900,
    "tokens": "select " + ", " * 500_000,
    "comments": "/**/" * 250_000 + "select 1",
    "no end": "select '" + "a" * 900_000,
    "insert of rows": "insert into big values " + ",".join(f"({one}, 'x', 1)" for one in range(2000, 2600)),
    "insert of a table": "insert ignore into big select a+5000, b, d from big",
    "replace of a table": "replace into big select a, b, d from big",
    "double": "insert into shop.orders select a.a, b.b from big a, big b",
    "update": f"update big set a = a + 9000, b = concat(b, 'x'), d = d * 2 where b <> {LONG}",
    "update back": "update big set " + ", ".join(["b = concat(b, '!')"] * 900),
    "delete": "delete from big where b like '%q%' or concat(b, a) in (select concat(b, a) from big)",
    "as select": "create table z as select a.a, b.b from big a, big b where a.a < 3",
    "add columns": "alter table big "
    + ", ".join(f"add x{one} varchar(999) default '{'y' * 900}'" for one in range(60)),
    "an enum": "create table e (a enum(" + ",".join(f"'{one}'" for one in range(1900)) + "))",
    "information schema": "select * from information_schema.columns a, information_schema.columns b",
    "tables": "select * from information_schema.tables where table_name like '%a%a%a%a%'",
    "benchmark": "select benchmark(999999999, md5(1))",
    "variables": "set " + ", ".join(f"@a{one} = repeat('a', 200000)" for one in range(60)),
    "one value often": "select @a, @a, @a, b from big",
    "execute itself": "prepare p from '/**/execute p'",
    "execute": "execute p",
}


@pytest.fixture(scope="module")
def server() -> Visitor:
    return full(wide=True)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_statement_keeps_the_loop(server: Visitor, name: str) -> None:
    sql, best = ATTACKS[name], 1.0
    one = Visitor(server.catalogue, "root", "192.0.2.7", 31, "shop", variables={"a": "a" * 200_000})
    answer(one, "begin")
    for _ in range(3):
        longest = 0.0
        began = time.thread_time()
        parts = divided(sql, several=True)
        longest = max(longest, time.thread_time() - began)
        for part in parts:
            steps = answering(one, part)
            outcome = None
            while outcome is None:
                began = time.thread_time()
                try:
                    next(steps)
                except StopIteration as end:
                    outcome = end.value[0]
                longest = max(longest, time.thread_time() - began)
        best = min(best, longest)
        answer(one, "rollback")
        answer(one, "begin")
    assert best < LONGEST_SECONDS
    assert isinstance(outcome, Failed | Done | Found)
    if isinstance(outcome, Found):
        made = packets.rows(outcome.columns, outcome.rows, packets.PROTOCOL_41)
        assert sum(map(len, made)) < 4 << 20


def failure(one: Visitor, sql: str) -> int:
    outcome, _ = answer(one, sql)
    assert isinstance(outcome, Failed), outcome
    return outcome.code


def test_a_statement_that_is_ended_leaves_nothing_behind() -> None:
    one = visitor()
    say(one, "use shop", "create table t (a int primary key, b varchar(99))", "insert into t values (1, 'x'), (2, 'y')")
    room = one.catalogue.room
    costly = ",".join(f"({number}, md5(repeat('z', 200000)))" for number in range(3, 90))
    assert failure(one, f"insert into t values {costly}") == 1969
    assert failure(one, "insert into t values (7, 'q'), (1, 'r')") == 1062
    assert rows_of(one, "select a, b from t") == [("1", "x"), ("2", "y")]
    assert one.catalogue.room == room


def test_insert_of_very_many_rows_takes_as_many_turns_as_it_needs() -> None:
    one = visitor()
    say(one, "use shop", "create table t (a int primary key, b varchar(99))")
    many = ",".join(f"({number}, 'it''s (z), \\' {number}')" for number in range(1500))
    steps, longest, outcome = answering(one, f"insert into t (a, b) values {many};"), 0.0, None
    while outcome is None:
        began = time.thread_time()
        try:
            next(steps)
        except StopIteration as end:
            outcome = end.value[0]
        longest = max(longest, time.thread_time() - began)
    assert outcome == Done(1500, 0, 0, "Records: 1500  Duplicates: 0  Warnings: 0")
    assert longest < LONGEST_SECONDS
    assert rows_of(one, "select count(*), max(a) from t") == [("1500", "1499")]
    assert rows_of(one, "select b from t where a = 1499") == [("it's (z), ' 1499",)]
    assert failure(one, f"replace into t values {many}, (1") == 1064


def rows_of(one: Visitor, sql: str) -> list[tuple[str | bytes | None, ...]]:
    outcome, _ = answer(one, sql)
    assert isinstance(outcome, Found)
    return [tuple(row) for row in outcome.rows]


def test_views_of_views_end() -> None:
    one = visitor()
    say(one, "use shop", "create view v0 as select id from orders")
    for number in range(1, 6):
        say(one, f"create view v{number} as select id from v{number - 1}")
    assert len(rows_of(one, "select * from v5")) == 2
    say(one, "create or replace view v0 as select id from v5")
    assert failure(one, "select * from v5") in (1436, 1969)


def test_what_is_kept_is_written_in_little_time() -> None:
    one, best = full(wide=True), 1.0
    for _ in range(3):
        began = time.thread_time()
        data = one.catalogue.saved()
        best = min(best, time.thread_time() - began)
    assert len(data) > 30_000
    assert best < LONGEST_SECONDS / 2
