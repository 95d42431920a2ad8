# SPDX-License-Identifier: MIT
from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_models.accounts import audit, queries
from decnet_models.accounts.audit import Entry
from decnet_models.accounts.queries import Role, Token, WebSession
from decnet_models.database.engine import writing

ANA = UUID(int=1)
DIGEST = "a" * 64


def token(role: Role = "admin", expires_at: int | None = None) -> Token:
    return Token(DIGEST, "dt_abc", ANA, "the script", role, 10, expires_at)


def session(expires_at: int = 100, digest: str = DIGEST) -> WebSession:
    return WebSession(digest, ANA, "192.0.2.1", "Mozilla\0", 10, 10, expires_at)


def test_a_name_is_one_account_in_whatever_case(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "Ana", "analyst", "$argon2id$x", now_ns=5)
        found = queries.account_named(connection, "ANA")
        assert found is not None
        assert (found.id, found.name, found.role, found.password_at) == (ANA, "ana", "analyst", 5)
        assert queries.account_of(connection, ANA) == found
        assert queries.accounts(connection) == [found]
        assert queries.account_named(connection, "bo") is None
    with pytest.raises(IntegrityError), writing(engine) as connection:
        queries.add_account(connection, UUID(int=2), "aNA", "viewer", now_ns=6)


def test_a_token_authenticates_until_it_expires_or_is_revoked_with_the_lesser_role(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "analyst", now_ns=5)
        queries.add_token(connection, token(expires_at=100))
        entrant = queries.authenticate_token(connection, DIGEST, now_ns=50)
        assert entrant is not None
        assert (entrant.account.name, entrant.role) == ("ana", "analyst")
        assert queries.authenticate_token(connection, DIGEST, now_ns=100) is None
        assert queries.authenticate_token(connection, "b" * 64, now_ns=50) is None
        queries.touch_token(connection, DIGEST, now_ns=51)
        assert queries.revoke_token(connection, ANA, "dt_abc", now_ns=60)
        assert not queries.revoke_token(connection, ANA, "dt_abc", now_ns=61)
        assert queries.authenticate_token(connection, DIGEST, now_ns=62) is None
        (kept,) = queries.tokens_of(connection, ANA)
        assert (kept.used_at, kept.revoked_at) == (51, 60)


def test_a_new_role_applies_at_once_to_open_sessions(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        queries.add_token(connection, token("admin"))
        assert queries.set_role(connection, ANA, "viewer")
        entrant = queries.authenticate_token(connection, DIGEST, now_ns=50)
        assert entrant is not None
        assert entrant.role == "viewer"
        assert not queries.set_role(connection, UUID(int=2), "viewer")


def test_a_session_lasts_as_long_as_it_is_used(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        queries.open_session(connection, session())
        assert queries.authenticate_session(connection, DIGEST, now_ns=99) is not None
        queries.touch_session(connection, DIGEST, now_ns=99, expires_at=200)
        assert queries.authenticate_session(connection, DIGEST, now_ns=150) is not None
        assert queries.authenticate_session(connection, DIGEST, now_ns=200) is None
        assert queries.forget_sessions(connection, 201, 10) == 1
        assert not queries.close_session(connection, DIGEST)


@pytest.mark.parametrize("how", ["disabled", "password"])
def test_a_disabled_account_or_a_new_password_ends_all_sessions(engine: Engine, how: str) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        queries.open_session(connection, session())
        queries.add_token(connection, token())
        if how == "disabled":
            assert queries.disable(connection, ANA, now_ns=20)
            assert queries.authenticate_token(connection, DIGEST, now_ns=21) is None
            assert queries.enable(connection, ANA)
        else:
            assert queries.set_password(connection, ANA, "$argon2id$y", now_ns=20)
        assert queries.authenticate_session(connection, DIGEST, now_ns=21) is None
        assert queries.sessions_of(connection, ANA) == []
        assert queries.authenticate_token(connection, DIGEST, now_ns=21) is not None


def test_a_code_is_good_once(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        assert queries.set_totp(connection, ANA, "sealed")
        assert queries.use_totp_step(connection, ANA, 7)
        assert not queries.use_totp_step(connection, ANA, 7)
        assert not queries.use_totp_step(connection, ANA, 6)
        assert queries.use_totp_step(connection, ANA, 8)


def test_a_removed_account_leaves_its_audit_entries_only(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "admin", now_ns=5)
        queries.open_session(connection, session())
        queries.add_token(connection, token())
        audit.record(connection, Entry("ana", "session", "decky.write", 9, "web", detail={"version": 2}))
        assert queries.remove_account(connection, ANA)
        assert queries.tokens_of(connection, ANA) == []
        (entry,) = audit.entries(connection, actor="ana", object="web")
        assert (entry.action, entry.detail, entry.ts) == ("decky.write", {"version": 2}, 9)
        assert audit.entries(connection, before=entry.id) == []
        assert audit.entries(connection, actor="bo") == []


def test_failed_logins_are_counted_blocked_and_in_time_forgotten(engine: Engine) -> None:
    with writing(engine) as connection:
        assert [audit.record_failure(connection, "192.0.2.1", forget_before=0, now_ns=n) for n in (1, 2)] == [1, 2]
        assert audit.blocked_until(connection, ["192.0.2.1", "name:ana"], now_ns=3) is None
        audit.block(connection, "192.0.2.1", until=50)
        assert audit.blocked_until(connection, ["192.0.2.1", "name:ana"], now_ns=3) == 50
        assert audit.blocked_until(connection, ["192.0.2.1"], now_ns=50) is None
        assert audit.record_failure(connection, "192.0.2.1", forget_before=10, now_ns=60) == 1
        audit.clear(connection, "192.0.2.1")
        assert audit.record_failure(connection, "192.0.2.1", forget_before=0, now_ns=61) == 1
        assert audit.forget_failures(connection, 100, 10) == 1


def test_a_role_that_does_not_exist_is_refused(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        queries.add_account(connection, ANA, "ana", "owner", now_ns=5)  # type: ignore[arg-type]  # that is the point
