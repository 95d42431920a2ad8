# SPDX-License-Identifier: MIT
from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_models.accounts import audit, entrances, factors, queries
from decnet_models.accounts.audit import Entry
from decnet_models.accounts.entrances import Link, WaysIn
from decnet_models.accounts.factors import Passkey
from decnet_models.accounts.queries import Token, WebSession
from decnet_models.database.engine import writing

ANA, BO = UUID(int=1), UUID(int=2)
D, E = "d" * 64, "e" * 64


@pytest.fixture(autouse=True)
def _accounts(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        queries.add_account(connection, BO, "bo", "viewer", now_ns=5)


def test_a_recovery_code_is_good_once_and_for_its_account_only(engine: Engine) -> None:
    with writing(engine) as connection:
        factors.set_recovery_codes(connection, ANA, [D, E], now_ns=6)
        assert not factors.use_recovery_code(connection, BO, D, now_ns=7)
        assert factors.use_recovery_code(connection, ANA, D, now_ns=7)
        assert not factors.use_recovery_code(connection, ANA, D, now_ns=8)
        assert entrances.ways_in(connection, ANA) == WaysIn("ana", False, False, 0, 0, recovery_codes=1)
        factors.set_recovery_codes(connection, ANA, [], now_ns=9)
        assert not factors.use_recovery_code(connection, ANA, E, now_ns=10)


def test_a_passkey_is_used_with_a_growing_counter_renamed_and_removed_by_its_owner(engine: Engine) -> None:
    key = Passkey(D, ANA, "Y3JlZA", "a2V5", 3, "laptop", ("internal", "hybrid"), True, 6)
    with writing(engine) as connection:
        factors.add_passkey(connection, key)
        assert factors.passkeys_of(connection, ANA) == [key]
        assert entrances.ways_in(connection, ANA) == WaysIn(
            "ana", False, False, passkeys=1, subjects=0, recovery_codes=0
        )
        assert entrances.ways_in(connection, BO) == WaysIn("bo", False, False, 0, 0, 0)
        assert entrances.ways_in(connection, UUID(int=99)) is None
        assert factors.use_passkey(connection, D, before=3, after=4, backed_up=False, now_ns=7)
        assert not factors.use_passkey(connection, D, before=3, after=5, backed_up=False, now_ns=8)
        assert not factors.rename_passkey(connection, BO, D, "mine")
        assert factors.rename_passkey(connection, ANA, D, "phone")
        found = factors.passkey_at(connection, D)
        assert found is not None
        assert (found.name, found.sign_count, found.backed_up, found.used_at) == ("phone", 4, False, 7)
        assert not factors.remove_passkey(connection, BO, D)
        assert factors.remove_passkey(connection, ANA, D)
        assert factors.passkey_at(connection, D) is None
        factors.add_passkey(connection, key)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        factors.add_passkey(connection, key)


def test_a_link_logs_in_once_before_it_expires_and_not_to_a_disabled_account(engine: Engine) -> None:
    with writing(engine) as connection:
        for digest, account, expires in ((D, ANA, 100), (E, ANA, 50), ("f" * 64, BO, 100)):
            entrances.add_link(connection, Link(digest, account, "root", 6, expires))
        assert entrances.use_link(connection, E, now_ns=50) is None
        assert entrances.use_link(connection, D, now_ns=50) == ANA
        assert entrances.use_link(connection, D, now_ns=50) is None
        queries.disable(connection, BO, now_ns=20)
        assert entrances.use_link(connection, "f" * 64, now_ns=50) is None
        entrances.add_link(connection, Link(D, ANA, "root", 6, 100))
        assert entrances.remove_links(connection, ANA) == 1


def test_somebody_can_log_in_as_admin_once_there_is_something_to_log_in_with(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.set_password(connection, BO, "$argon2id$x", now_ns=6)
        assert entrances.ways_in(connection, BO) == WaysIn("bo", True, False, 0, 0, 0)
        assert not entrances.admin_can_log_in(connection)
        entrances.add_subject(connection, "https://id.example", "ana@1", ANA, now_ns=7)
        assert entrances.admin_can_log_in(connection)
        queries.disable(connection, ANA, now_ns=8)
        assert not entrances.admin_can_log_in(connection)
        queries.enable(connection, ANA)
        assert entrances.remove_subjects(connection, ANA) == 1
        assert not entrances.admin_can_log_in(connection)


def test_a_user_of_a_provider_logs_in_to_one_account(engine: Engine) -> None:
    with writing(engine) as connection:
        entrances.add_subject(connection, "https://id.example", "1", ANA, now_ns=7)
        entrances.touch_subject(connection, "https://id.example", "1", now_ns=9)
        assert entrances.account_of_subject(connection, "https://id.example", "1") == ANA
        assert entrances.account_of_subject(connection, "https://other.example", "1") is None
        assert entrances.ways_in(connection, ANA) == WaysIn("ana", False, False, 0, subjects=1, recovery_codes=0)
        queries.remove_account(connection, ANA)
        assert entrances.account_of_subject(connection, "https://id.example", "1") is None


def test_a_ticket_is_used_once_and_forgotten_when_it_is_worthless(engine: Engine) -> None:
    with writing(engine) as connection:
        assert entrances.use_ticket(connection, D, expires_at=50)
        assert not entrances.use_ticket(connection, D, expires_at=50)
        assert entrances.forget_entrances(connection, 50) == 0
        assert entrances.forget_entrances(connection, 51) == 1


def test_a_token_keeps_its_scopes_and_is_revoked_alone(engine: Engine) -> None:
    with writing(engine) as connection:
        for digest in (D, E):
            queries.add_token(connection, Token(digest, "decnet_abc", ANA, "script", "admin", 10, scopes=("read",)))
        entrant = queries.authenticate_token(connection, D, now_ns=50)
        assert entrant is not None
        assert entrant.token is not None
        assert entrant.token.scopes == ("read",)
        assert queries.revoke(connection, D, now_ns=60)
        assert not queries.revoke(connection, D, now_ns=61)
        assert queries.authenticate_token(connection, D, now_ns=62) is None
        assert queries.authenticate_token(connection, E, now_ns=62) is not None
        assert [one.digest for one in queries.all_tokens(connection)] == [D, E]


def test_all_sessions_but_one_are_ended(engine: Engine) -> None:
    with writing(engine) as connection:
        for digest in (D, E):
            queries.open_session(connection, WebSession(digest, ANA, None, None, 10, 10, 100, "passkey"))
        assert queries.end_sessions(connection, ANA, besides=E) == 1
        entrant = queries.authenticate_session(connection, E, now_ns=50)
        assert entrant is not None
        assert entrant.session is not None
        assert (entrant.session.means, entrant.account.name) == ("passkey", "ana")
        assert queries.end_sessions(connection, ANA) == 1


def test_a_hash_is_upgraded_unless_the_password_has_changed(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.set_password(connection, ANA, "old", now_ns=6)
        assert queries.upgrade_hash(connection, ANA, "old", "new")
        assert not queries.upgrade_hash(connection, ANA, "old", "newer")
        found = queries.account_of(connection, ANA)
        assert found is not None
        assert (found.password, found.password_at) == ("new", 6)


def test_audit_entries_are_found_by_action_and_time(engine: Engine) -> None:
    with writing(engine) as connection:
        for ts, action in ((1, "account.add"), (2, "account"), (3, "accounts.look"), (4, "account.disable")):
            audit.record(connection, Entry("ana", "session", action, ts))
        assert [one.ts for one in audit.entries(connection, action="account")] == [4, 2, 1]
        assert [one.ts for one in audit.entries(connection, action="account.add")] == [1]
        assert [one.ts for one in audit.entries(connection, since=2, until=4)] == [3, 2]
