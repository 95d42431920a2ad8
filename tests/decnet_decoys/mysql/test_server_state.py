# SPDX-License-Identifier: MIT
"""What the server tells of itself: all variables and counters of MariaDB 10.11, InnoDB's status, the tables'."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor
from tests.decnet_decoys.mysql.test_statement_grammar import used

from decnet_decoys.mysql.catalogue import Catalogue, Failed, Found, Visitor
from decnet_decoys.mysql.sql.running import answer


def _rows(sql: str) -> list[tuple[str, ...]]:
    found = answer(visitor(), sql)[0]
    assert isinstance(found, Found), found
    return [tuple(map(str, row)) for row in found.rows]


@pytest.mark.usefixtures("unhurried")
def test_variables_are_as_many_as_the_real_server_s() -> None:
    shown = {name: value for name, value in _rows("show variables")}  # noqa: C416
    assert len(shown) > 640
    assert (shown["innodb_buffer_pool_size"], shown["hostname"], shown["skip_networking"]) == (
        "134217728",
        "db-01",
        "OFF",
    )
    assert list(shown) == sorted(shown)
    assert not [value for value in shown.values() if "decnet" in value]
    assert _rows("select @@skip_networking, @@innodb_buffer_pool_size") == [("0", "134217728")]


def test_each_machine_has_an_identifier_of_its_own() -> None:
    shown = []
    for host in ("db-01", "db-02", "db-01"):
        one = Visitor(Catalogue(visitor().catalogue.profile, host), "root", "192.0.2.7", 31)
        found = [answer(one, sql)[0] for sql in ("select @@server_uid", "show variables like 'server_uid'")]
        assert [len(str(each.rows[0][-1])) for each in found if isinstance(each, Found)] == [28, 28]
        shown.append(found)
    assert shown[0] == shown[2] != shown[1]


def test_all_variables_and_counters_are_within_a_statement_s_budget() -> None:
    for sql in ("show variables", "show global status", "show variables like '%a%e%'", "show engine innodb status"):
        assert not isinstance(answer(visitor(), sql)[0], Failed), sql


def test_counters_count_from_the_server_s_start() -> None:
    one = visitor()
    one.catalogue.up = 5 * 86400
    found = answer(one, "show global status like 'uptime'")[0]
    assert isinstance(found, Found)
    assert int(found.rows[0][1] or 0) >= 5 * 86400


def test_innodb_tells_its_status_and_other_engines_nothing() -> None:
    [(engine, _, words)] = _rows("show engine innodb status")
    assert engine == "InnoDB"
    assert "INNODB MONITOR OUTPUT" in words
    assert "{now}" not in words
    assert _rows("show engine aria status") == []
    assert answer(visitor(), "show engine foo status")[0] == Failed(1286, "42000", "Unknown storage engine 'foo'")


@pytest.mark.usefixtures("unhurried")
def test_tables_have_their_status() -> None:
    found = answer(used(), "show table status like 't'")[0]
    assert isinstance(found, Found)
    assert [list(row[:6]) for row in found.rows] == [["t", "InnoDB", "10", "Dynamic", "3", "5461"]]
    assert len(found.rows[0]) == len(found.columns)
