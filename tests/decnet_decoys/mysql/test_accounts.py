# SPDX-License-Identifier: MIT
"""Accounts and variables that visitors set, and lists that the server shows of itself, as MariaDB 10.11 answers."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Catalogue, Done, Failed, Found, Visitor
from decnet_decoys.mysql.sql.running import answer

HASH = "*6BBF6912FB7250A03E90C59187E9A167E7A04135"


def _one() -> Visitor:
    return visitor(accounts={"root": ("root",)})


def _said(one: Visitor, *statements: str) -> object:
    """Return what comes of the last statement: its rows, its error's number, or True."""
    for statement in statements:
        outcome, _ = answer(one, statement)
    if isinstance(outcome, Found):
        return outcome.rows
    return outcome.code if isinstance(outcome, Failed) else True


def test_account_is_there_until_it_is_dropped() -> None:
    one = _one()
    assert _said(one, "create user 'sys'@'%' identified by 'P@ss'")
    assert _said(one, "create user 'sys'@'%' identified by 'x'") == 1396
    assert answer(one, "create user if not exists 'sys'@'%' identified by 'x'")[0] == Done(warnings=1)
    shown = f"CREATE USER `sys`@`%` IDENTIFIED BY PASSWORD '{HASH}'"
    assert _said(one, "show create user 'sys'@'%'") == [[shown]]
    assert one.catalogue.accounts.passwords("sys") == ("P@ss",)
    assert _said(one, "select user from mysql.user") == [("root",), ("sys",)]
    assert _said(one, "drop user 'sys'@'%'") is True
    assert _said(one, "drop user 'sys'@'%'") == 1396
    assert one.catalogue.accounts.passwords("sys") == ()


def test_grants_are_shown_as_they_were_given() -> None:
    one = _one()
    _said(one, "create user u@localhost identified by 'P@ss'")
    assert _said(one, "show grants for u") == [
        [f"GRANT USAGE ON *.* TO `u`@`localhost` IDENTIFIED BY PASSWORD '{HASH}'"]
    ]
    assert _said(one, "grant all on *.* to u@localhost with grant option") is True
    everything = f"GRANT ALL PRIVILEGES ON *.* TO `u`@`localhost` IDENTIFIED BY PASSWORD '{HASH}' WITH GRANT OPTION"
    assert _said(one, "show grants for u@localhost") == [[everything]]
    assert _said(one, "grant all on *.* to nobody") == 1133
    assert _said(one, "grant all on *.* to 'new'@'%' identified by 'x'") is True
    assert one.catalogue.accounts.passwords("new") == ("x",)
    assert _said(one, "show grants for nobody") == 1141


def test_password_that_is_set_is_one_more_of_the_persona_s_account() -> None:
    one = _one()
    for statement in ("set password = password('mine')", "alter user root identified by 'mine'"):
        assert _said(one, statement) is True
        assert one.catalogue.accounts.passwords("root") == ("root", "mine")
    assert _said(one, "set password for nobody = password('x')") == 1133
    assert _said(one, "drop user root") is True
    assert one.catalogue.accounts.passwords("root") == ("root", "mine")


def test_every_password_that_an_account_had_from_the_start_stays() -> None:
    one = visitor(accounts={"root": ("root", "123456"), "web": ("web", "x")})
    _said(one, "set password = password('mine')", "set password = password('other')")
    assert one.catalogue.accounts.passwords("root") == ("root", "123456", "other")
    assert list(one.catalogue.accounts.saved()) == ["root"]


def test_accounts_are_there_after_a_restart() -> None:
    one = _one()
    _said(one, "create user 'sys' identified by 'P@ss'", "set password = password('mine')", "create database later")
    again = Catalogue(one.catalogue.profile, "db-01")
    again.load(one.catalogue.saved())
    assert again.accounts.passwords("sys") == ("P@ss",)
    assert again.accounts.passwords("root") == ("root", "mine")
    assert "later" in again.databases


@pytest.mark.parametrize(
    ("identified", "password"),
    [
        ("with mysql_native_password by 'P@ss'", "P@ss"),
        ("via mysql_native_password using password('P@ss')", "P@ss"),
        (f"via ed25519 using 'x' or mysql_native_password using '{HASH}'", "x"),
        (f"with mysql_native_password as '{HASH}' require ssl", HASH),
        (f"by password '{HASH}'", HASH),
        ("via unix_socket", ""),
    ],
)
def test_password_of_an_account_with_a_plug_in_is_kept(identified: str, password: str) -> None:
    one = _one()
    assert _said(one, f"create user u identified {identified}, v identified by 'w'") is True
    assert one.catalogue.accounts.passwords("u") == (password,)
    assert one.catalogue.accounts.passwords("v") == ("w",)


def test_alter_user_changes_every_account_that_there_is() -> None:
    one = _one()
    _said(one, "create user u identified by 'a', v identified by 'b'")
    assert _said(one, "alter user u identified by 'c', v identified by 'd'") is True
    assert [one.catalogue.accounts.passwords(name) for name in ("u", "v")] == [("c",), ("d",)]
    outcome, _ = answer(one, "alter user x@localhost identified by 'e', u identified by 'f', y identified by 'g'")
    assert outcome == Failed(1396, "HY000", "Operation ALTER USER failed for 'x'@'localhost','y'@'%'")
    assert one.catalogue.accounts.passwords("u") == ("f",)
    assert answer(one, "alter user if exists x identified by 'e'")[0] == Done(warnings=1)
    outcome, _ = answer(one, "drop user x, u, v")
    assert outcome == Failed(1396, "HY000", "Operation DROP USER failed for 'x'@'%'")
    assert _said(one, "select user from mysql.user") == [("root",)]


def test_what_is_no_hash_is_no_password() -> None:
    one = _one()
    _said(one, "create user u identified by 'a'")
    for statement in (
        "set password for u = 'x'", "set password = '*6BBF'", "create user v identified by password 'x'",
    ):  # fmt: skip
        assert _said(one, statement) == 1372
    assert _said(one, "alter user u identified by password 'x'") == 1396
    assert one.catalogue.accounts.passwords("u") == ("a",)
    assert _said(one, f"set password for u = '{HASH}'") is True
    assert _said(one, "show grants for u") == [[f"GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '{HASH}'"]]


def test_number_of_accounts_is_bounded() -> None:
    one = _one()
    for number in range(40):
        _said(one, "create user " + ", ".join(f"u{number}x{each} identified by 'x'" for each in range(60)))
    assert len(one.catalogue.accounts.listed()) == 100


def test_variable_of_a_session_is_its_own_and_one_for_all_is_everybody_s() -> None:
    one = _one()
    other = Visitor(one.catalogue, "root", "192.0.2.8", 32)
    _said(one, "set session sql_mode = ''", "set global max_connections = 500", "set global general_log = 'ON'")
    assert _said(one, "select @@sql_mode, @@max_connections") == [("", "500")]
    assert _said(other, "select @@sql_mode <> '', @@max_connections") == [("1", "500")]
    assert _said(other, "show variables like 'general_log'") == [["general_log", "ON"]]
    assert _said(one, "set global version = 'x'", "select @@version = 'x'") == [("0",)]


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("engines", "CSV"), ("plugins", "binlog"), ("privileges", "Alter"), ("charset like 'utf8mb4'", "utf8mb4"),
        ("master status", None), ("slave status", None), ("profiles", None), ("triggers from mysql", None),
        ("events from mysql", None), ("open tables", None), ("procedure status", None),
    ],
)  # fmt: skip
def test_lists_of_the_server_are_shown(statement: str, first: str | None) -> None:
    outcome, _ = answer(_one(), f"show {statement}")
    assert isinstance(outcome, Found)
    assert (outcome.rows[0][0] if outcome.rows else None) == first
    assert all(len(row) == len(outcome.columns) for row in outcome.rows)


def test_binary_log_is_not_kept_and_triggers_are_of_a_database() -> None:
    assert _said(_one(), "show binary logs") == 1381
    assert _said(_one(), "show triggers") == 1046
