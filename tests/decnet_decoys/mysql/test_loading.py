# SPDX-License-Identifier: MIT
"""LOAD DATA INFILE: rows out of files of the machine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.mysql.test_statement_grammar import used

from decnet_decoys.mysql.catalogue import Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql.changes.loading import MOST_LINES
from decnet_decoys.mysql.sql.running import answer


class _Files:
    """The machine's files, as this service reads them."""

    def __init__(self, **content: bytes) -> None:
        self._content = {f"/etc/{name}": data for name, data in content.items()}

    def directory_refused(self, path: str) -> str:
        return "" if path in ("/etc", "/") else "No such file or directory"

    def is_absent(self, path: str) -> bool:
        return path not in self._content

    def read(self, path: str, most: int, *, account: str) -> bytes | None:
        data = self._content[path]
        return data if account == "mysql" and len(data) <= most and path != "/etc/shadow" else None


def _visitor(**content: bytes) -> Visitor:
    one = used()
    files: Any = _Files(**content)
    one.files = files
    answer(one, "create table l (a text, b text)")
    return one


@pytest.mark.usefixtures("unhurried")
def test_lines_of_a_file_are_rows() -> None:
    one = _visitor(passwd=b"root:x:0\nmysql:x:1\n")
    done = answer(one, "load data infile '/etc/passwd' into table l fields terminated by ':' ignore 1 lines (a, b)")[0]
    assert done == Done(1, 0, 0, "Records: 1  Deleted: 0  Skipped: 0  Warnings: 0")
    found = answer(one, "select * from l")[0]
    assert isinstance(found, Found)
    assert found.rows == [("mysql", "x")]


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("load data infile '/etc/passwd' into table nope", 1146),
        ("load data infile '/nonexistent/x' into table l", 1290),
        ("load data infile '/nope' into table l", 13),
        ("load data infile '/etc/shadow' into table l", 29),
        ("load data", 1064),
        ("load data infile '/etc/passwd' into table l ignore 1.5 lines", 1064),
    ],
)
def test_what_cannot_be_loaded_is_an_error_of_the_server(sql: str, code: int) -> None:
    failed = answer(_visitor(passwd=b"a\n", shadow=b"b\n"), sql)[0]
    assert isinstance(failed, Failed)
    assert failed.code == code


def test_a_file_of_many_lines_ends_by_its_budget() -> None:
    outcome = answer(_visitor(big=b"\n" * 60_000), "load data infile '/etc/big' into table l")[0]
    assert isinstance(outcome, Failed) or outcome.affected <= MOST_LINES  # type: ignore[union-attr]


@pytest.mark.usefixtures("unhurried")
@given(st.binary(max_size=60), st.text(max_size=3), st.text(max_size=2), st.booleans())
def test_whatever_a_file_holds_is_loaded_or_refused(data: bytes, fields: str, lines: str, lax: bool) -> None:
    told = [one.replace("\\", "").replace("'", "") for one in (fields, lines)]
    how = f"fields terminated by '{told[0]}' enclosed by '\"' lines terminated by '{told[1]}'"
    sql = f"load data infile '/etc/x' {'ignore' if lax else ''} into table l {how}"
    assert isinstance(answer(_visitor(x=data), sql)[0], Done | Failed)
