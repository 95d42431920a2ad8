# SPDX-License-Identifier: MIT
"""Statements prepared by the binary protocol: each kind of parameter, rows in binary, bounds, any bytes."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.binary_protocol import prepared
from decnet_decoys.mysql.binary_protocol.prepared import Prepared, PreparedStatements, bound, fetched
from decnet_decoys.mysql.binary_protocol.values import WrongArgumentsError, kinds_of, parameters, row
from decnet_decoys.mysql.catalogue import Failed, Found
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.sql.running import preparing

UNSIGNED = 0x8000


def last(steps: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (1, b"\xff", -1),
        (1 | UNSIGNED, b"\xff", 255),
        (3, struct.pack("<i", -7), -7),
        (8, struct.pack("<q", 1 << 40), 1 << 40),
        (5, struct.pack("<d", 2.5), 2.5),
        (0xFD, b"\x03abc", "abc"),
        (0xFC, b"\x03a\xffc", b"a\xffc"),
        (0xFE, b"\xfc\x00\x01" + b"x" * 256, "x" * 256),
        (10, b"\x04" + struct.pack("<HBB", 2024, 2, 29), "2024-02-29"),
        (12, b"\x0b" + struct.pack("<HBBBBBI", 2024, 2, 29, 1, 2, 3, 4), "2024-02-29 01:02:03.000004"),
        (12, b"\0", "0000-00-00 00:00:00"),
        (11, b"\x08" + struct.pack("<BIBBB", 1, 1, 2, 3, 4), "-26:03:04"),
    ],
)
def test_parameter_has_the_value_that_was_sent(kind: int, data: bytes, value: object) -> None:
    assert parameters(data, b"\0", (kind,), {}) == [value]


def test_parameter_that_is_null_takes_no_bytes() -> None:
    assert parameters(b"\x05", b"\1", (1, 1), {}) == [None, 5]


@pytest.mark.parametrize(
    ("kind", "value", "data"),
    [
        (1, "-1", b"\xff"),
        (3, "7", b"\x07\0\0\0"),
        (8, b"18446744073709551615", b"\xff" * 8),
        (5, "2.5", struct.pack("<d", 2.5)),
        (4, "1e300", struct.pack("<f", 0.0)),
        (10, "2024-02-29", b"\x04" + struct.pack("<HBB", 2024, 2, 29)),
        (12, "2024-02-29 00:00:00", b"\x04" + struct.pack("<HBB", 2024, 2, 29)),
        (11, "-26:03:04", b"\x08" + struct.pack("<BIBBB", 1, 1, 2, 3, 4)),
        (0xFD, "abc", b"\x03abc"),
        (246, "1.50", b"\x041.50"),
    ],
)
def test_row_has_values_in_binary(kind: int, value: str | bytes, data: bytes) -> None:
    assert row([Column("a", kind)], [value]) == b"\0\0" + data


def test_row_marks_nulls_from_the_third_bit_on() -> None:
    assert row([Column("a", 1)] * 7, [None, *["1"] * 5, None]) == b"\0\x04\x01" + b"\1" * 5


@given(st.binary(max_size=64), st.integers(0, 12))
def test_arguments_of_any_bytes_are_values_or_wrong(data: bytes, count: int) -> None:
    statement = Prepared(1, "select ?", count, reads=True)
    try:
        values = bound(statement, data)
    except WrongArgumentsError:
        return
    assert len(values) == count


@given(st.sampled_from([7, 10, 11, 12]), st.binary(max_size=40))
def test_times_and_dates_of_any_bytes_are_text(kind: int, data: bytes) -> None:
    (value,) = parameters(bytes((len(data),)) + data, b"\0", [kind], {})
    assert isinstance(value, str)


@given(st.binary(max_size=40), st.integers(1, 8))
def test_kinds_of_any_bytes_are_kinds_or_wrong(data: bytes, count: int) -> None:
    with contextlib.suppress(WrongArgumentsError):
        assert len(kinds_of(data, count)) == count


@given(st.integers(0, 255), st.one_of(st.text(max_size=40), st.binary(max_size=40)))
def test_any_value_of_any_kind_is_encoded(kind: int, value: str | bytes) -> None:
    assert row([Column("a", kind)], [value])[:2] == b"\0\0"


def test_statements_of_a_connection_are_bounded_in_number_and_bytes() -> None:
    held = PreparedStatements()
    kept = [held.keep(Prepared(held.numbered(), "select 1", 0, reads=True)) for _ in range(200)]
    assert sum(kept) == prepared.MOST_STATEMENTS
    held.clear()
    assert not held.keep(Prepared(held.numbered(), "x" * prepared.MOST_BYTES, 0, reads=True))
    assert held.held == 0


def test_long_data_is_bounded() -> None:
    held = PreparedStatements()
    statement = Prepared(held.numbered(), "select ?", 1, reads=True)
    assert held.keep(statement)
    for _ in range(100):
        held.add_long(struct.pack("<IH", 1, 0) + b"x" * 8192)
    assert held.held <= prepared.MOST_BYTES
    held.add_long(struct.pack("<IH", 1, 1) + b"of no parameter")
    held.add_long(b"\1")
    assert set(statement.long) == {0}


def test_cursor_gives_its_rows_and_then_its_end() -> None:
    statement = Prepared(1, "select 1", 0, reads=True)
    assert PreparedStatements().keep_cursor(statement, [b"a", b"b", b"c"], 2)
    assert list(fetched(statement, 2)) == [b"a", b"b", b"\xfe\0\0\x42\0"]
    assert list(fetched(statement, 2)) == [b"c", b"\xfe\0\0\x82\0"]
    assert statement.waiting is None


def test_statement_that_changes_something_changes_nothing_when_it_is_prepared() -> None:
    one = visitor()
    assert last(preparing(one, "create database made_by_prepare"))[1:] == (0, False)
    assert "made_by_prepare" not in one.catalogue.databases
    outcome, count, reads = last(preparing(one, "select @a := ?, sleep(9)"))
    assert isinstance(outcome, Found)
    assert (count, reads, one.delay, "a" in one.variables) == (1, True, 0.0, False)


@pytest.mark.parametrize(
    "sql", ["with a as (select 1 n) select n from a", "check table mysql.user", "checksum table mysql.user"]
)
def test_what_reads_has_its_columns_when_it_is_prepared(sql: str) -> None:
    outcome, _, reads = last(preparing(visitor(), sql))
    assert isinstance(outcome, Found)
    assert reads


@pytest.mark.parametrize(
    ("sql", "code"), [("foo", 1064), ("", 1065), ("select 1; select 2", 1064), ("execute s", 1295)]
)
def test_statement_that_cannot_be_prepared_is_refused(sql: str, code: int) -> None:
    outcome = last(preparing(visitor(), sql))[0]
    assert isinstance(outcome, Failed)
    assert outcome.code == code
