# SPDX-License-Identifier: MIT
"""`decnet user`, `decnet token` and `decnet audit` on a real database."""

from __future__ import annotations

import csv
import io
import time

import pytest
from tests.decnet.command_result import Run

from decnet.access import links
from decnet.access.secrets import digest
from decnet.fleet.deployment import Deployment, transaction
from decnet_models.accounts import entrances, queries


def test_a_user_is_added_with_a_link_listed_changed_and_removed(run: Run, deployment: Deployment) -> None:
    made = run("user", "add", "Ana", "--role", "admin")
    assert made.code == 0
    secret = made.out.splitlines()[0].partition("#link=")[2]
    with transaction(deployment, write=True) as connection:
        account = entrances.use_link(connection, digest(secret), now_ns=time.time_ns())
        found = queries.account_named(connection, "ana")
    assert found is not None
    assert account == found.id
    run("user", "add", "bo")
    assert run("user", "role", "bo", "analyst").code == 0
    listed = {one["name"]: one["role"] for one in run("user", "list", "--json").document}
    assert listed == {"ana": "admin", "bo": "analyst"}
    cells = list(csv.reader(io.StringIO(run("user", "list", "--csv").out)))
    assert [row[:3] for row in cells[1:]] == [["ana", "admin", "yes"], ["bo", "analyst", "yes"]]
    assert run("user", "disable", "bo").code == 0
    assert run("user", "link", "bo").code == 1
    assert run("user", "enable", "bo").code == 0
    assert run("user", "remove", "bo").code == 0
    assert run("user", "remove", "bo").code == 1


@pytest.mark.parametrize("words", [("role", "ana", "viewer"), ("disable", "ana"), ("remove", "ana")])
def test_the_last_administrator_stays(run: Run, deployment: Deployment, words: tuple[str, ...]) -> None:
    run("user", "add", "ana", "--role", "admin")
    refused = run("user", *words)
    assert (refused.code, "last administrator" in refused.err) == (1, True)
    with transaction(deployment) as connection:
        (ana,) = queries.accounts(connection)
    assert (ana.role, ana.disabled_at) == ("admin", None)


@pytest.mark.parametrize("name", ["\u0430na", "a na", "", "x" * 65, "a\u202eb"])
def test_a_name_that_could_pass_for_another_is_wrong_usage(run: Run, deployment: Deployment, name: str) -> None:
    assert run("user", "add", name).code == 2
    with transaction(deployment) as connection:
        assert queries.accounts(connection) == []


def test_a_reset_takes_away_all_that_a_user_logs_in_with(run: Run, deployment: Deployment) -> None:
    run("user", "add", "ana", "--role", "admin")
    with transaction(deployment, write=True) as connection:
        found = queries.account_named(connection, "ana")
        assert found is not None
        queries.set_password(connection, found.id, "$argon2id$x", now_ns=5)
        queries.set_totp(connection, found.id, "sealed")
    token = run("token", "add", "ana", "script").out.strip()
    made = run("user", "reset", "ana", "--json").document
    assert "#link=" in made["url"]
    with transaction(deployment) as connection:
        reset = queries.account_named(connection, "ana")
        assert reset is not None
        assert (reset.password, reset.totp) == (None, None)
        assert queries.authenticate_token(connection, digest(token), now_ns=time.time_ns()) is not None


def test_a_token_is_printed_once_and_revoked_by_its_first_characters(run: Run, deployment: Deployment) -> None:
    run("user", "add", "ana", "--role", "analyst")
    token = run("token", "add", "ana", "the \x1b[31mscript", "--scope", "read").err
    assert "visible characters only, not U+001B" in token
    secret = run("token", "add", "ana", "script", "--scope", "read", "--expires", "1h").out.strip()
    with transaction(deployment) as connection:
        known = queries.authenticate_token(connection, digest(secret), now_ns=time.time_ns())
    assert known is not None
    assert known.token is not None
    assert (known.role, known.token.scopes) == ("analyst", ("read",))
    listed = run("token", "list")
    assert secret[:13] in listed.out
    assert secret not in listed.out
    assert run("token", "revoke", secret[:13]).code == 0
    assert run("token", "revoke", secret[:13]).code == 1
    with transaction(deployment) as connection:
        assert queries.authenticate_token(connection, digest(secret), now_ns=time.time_ns()) is None
    assert run("token", "list").out.startswith("none")
    assert secret[:13] in run("token", "list", "--all").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nobody", "x"), 1),
        (("ana", "x", "--role", "admin"), 1),
        (("ana", "x", "--scope", "everything"), 2),
        (("ana", "x", "--expires", "yesterday"), 2),
        (("ana", ""), 2),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    run: Run, deployment: Deployment, words: tuple[str, ...], code: int
) -> None:
    run("user", "add", "ana", "--role", "analyst")
    assert run("token", "add", *words).code == code
    with transaction(deployment) as connection:
        assert queries.all_tokens(connection) == []


def test_what_commands_do_is_in_the_audit(run: Run, deployment: Deployment) -> None:
    del deployment
    run("user", "add", "ana", "--role", "admin")
    run("token", "add", "ana", "script")
    actions = [(one["action"], one["means"], one["object"]) for one in run("audit", "--json").document]
    assert [one[0] for one in actions] == ["token.add", "account.add"]
    assert actions[1] == ("account.add", "command", "ana")
    assert [one["action"] for one in run("audit", "--action", "account", "--json").document] == ["account.add"]
    assert "nothing" in run("audit", "--actor", "somebody-else").out


def test_without_a_name_the_link_is_for_the_first_administrator(run: Run, deployment: Deployment) -> None:
    del deployment
    assert run("user", "link", "--json").document["user"] == "admin"
    assert [one["name"] for one in run("user", "list", "--json").document] == ["admin"]


def test_the_first_link_is_for_admin_until_somebody_can_log_in(deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        first = links.first(connection, "http://127.0.0.1:8080/", "root")
        again = links.first(connection, "http://127.0.0.1:8080/", "root")
        assert first is not None
        assert again is not None
        assert first.url.startswith("http://127.0.0.1:8080/login#link=")
        assert (first.user, first.url != again.url) == ("admin", True)
        (admin,) = queries.accounts(connection)
        queries.set_password(connection, admin.id, "$argon2id$x", now_ns=5)
        assert links.first(connection, "http://127.0.0.1:8080/", "root") is None


def test_the_link_of_init_makes_the_first_administrator_once(deployment: Deployment) -> None:
    key = b"k" * 32
    secret = links.seal_first(key)
    with transaction(deployment, write=True) as connection:
        assert links.use_first(connection, b"o" * 32, secret) is None
        account = links.use_first(connection, key, secret)
        assert account is not None
        assert [(one.id, one.name, one.role) for one in queries.accounts(connection)] == [(account, "admin", "admin")]
        assert links.use_first(connection, key, secret) is None
        queries.set_password(connection, account, "$argon2id$x", now_ns=5)
        assert links.use_first(connection, key, links.seal_first(key)) is None
