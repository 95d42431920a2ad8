# SPDX-License-Identifier: MIT
"""Records and their order, beside what SQLite itself says of the same file; and what reading them costs."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.page_file import opened
from decnet_models.sqlite_pages.readable import Readable, read_all
from decnet_models.sqlite_pages.record import ascending, decode, decode_all, order
from decnet_models.sqlite_pages.survey import rows

VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([0, 1, -1, 127, -128, 2**15 - 1, 2**23 - 1, -(2**23), 2**31 - 1, 2**47 - 1, -(2**47)])
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
    | st.binary(max_size=300)
)
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=60)


def stored(file: Path, content: list[tuple[Any, Any]], page_size: int = 512) -> Readable:
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"PRAGMA page_size={page_size}; CREATE TABLE t (a, b); CREATE INDEX i ON t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", content)
        connection.commit()
    with opened(file) as pages:
        readable = read_all(pages, [], lambda _: None)
        for walked in readable.survey.walked.values():
            assert walked.whole
            walked.found = [values for *_, values in rows(readable.survey, walked)]  # type: ignore[attr-defined]
    return readable


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record") / "some.db"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(ROWS)
@example([(None, "ä"), (None, None), (1, b"\xff"), (1.5, "z"), ("\uffff", 2), ("\U00010000", 1), (b"", 0), ("", 0)])
def test_an_index_of_any_values_is_whole_and_in_the_order_of_sqlite(file: Path, content: list[tuple[Any, Any]]) -> None:
    readable = stored(file, content)
    with closing(sqlite3.connect(file)) as connection:
        expected = connection.execute("SELECT a, b, rowid FROM t ORDER BY a, b, rowid").fetchall()
        in_table = connection.execute("SELECT a, b FROM t ORDER BY rowid").fetchall()
    index: Any = readable.survey.walked["i"]
    table: Any = readable.survey.walked["t"]
    assert sorted(index.found, key=order) == expected
    assert table.found == in_table
    assert ascending(expected)
    assert not ascending(expected[::-1]) or len(expected) == 1


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_records_are_read_alike_alone_and_together(records: list[bytes]) -> None:
    def alone() -> list[tuple[Any, ...]]:
        return [decode(record) for record in records]

    try:
        expected = alone()
    except DamagedPageError:
        with pytest.raises(DamagedPageError):
            decode_all(records)
    else:
        assert decode_all(records) == expected


def test_records_of_one_head_and_other_lengths_are_damaged() -> None:
    sound = b"\x02\x02\x01\x02"
    assert decode_all([sound] * 2) == [(258,)] * 2
    with pytest.raises(DamagedPageError):
        decode_all([sound[:-1], sound + b"\0"])


def test_an_entry_of_an_index_costs_few_calls(tmp_path: Path) -> None:
    """A file of 100 GB has a billion entries; calls are counted because time depends on who else computes."""
    entries = 4000
    stored(tmp_path / "some.db", [(f"session {number % 977}", number) for number in range(entries)], 4096)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    with opened(tmp_path / "some.db") as pages:
        sys.setprofile(count)
        try:
            readable = read_all(pages, [], lambda _: None)
        finally:
            sys.setprofile(None)
    assert readable.survey.walked["i"].records == entries
    assert calls < 4 * entries
