# SPDX-License-Identifier: MIT
"""That what is remembered of tokens and sessions outlives no commit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection
from tests.decnet_web.api.served import ON_SQLITE, Served, serving

from decnet.access.secrets import digest as digest_of
from decnet_models.accounts import queries
from decnet_models.accounts.queries import Principal, Token, WebSession
from decnet_web.api.accounts.remembered import Remembered, by_session, by_token

HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


class Asked:
    """A question that counts how often the database was asked."""

    def __init__(self, answer: Principal | None) -> None:
        self.answer, self.times = answer, 0

    def __call__(self, connection: Connection, digest: str) -> Principal | None:
        self.times += 1
        return self.answer


async def _status(served: Served, token: str) -> int:
    async with served.client(Authorization=f"Bearer {token}") as client:
        return (await client.get("/api/v1/events/language")).status_code


def _principal(expires_at: int | None) -> Principal:
    account = queries.Account(UUID(int=1), "viewer", "viewer", None, None, None, 1, None, None, None)
    return Principal(account, "viewer", token=Token("d", "d", account.id, "d", "viewer", 1, expires_at))


@ON_SQLITE
async def test_the_database_is_asked_once_until_something_is_committed(served: Served) -> None:
    fleet, remembered, asked = served.application.state.fleet, Remembered(), Asked(_principal(None))
    for _ in range(3):
        assert await remembered.find(fleet, asked, "digest") is asked.answer
    assert asked.times == 1
    await fleet.write(lambda connection: queries.add_account(connection, uuid4(), "somebody", "viewer", now_ns=1))
    assert await remembered.find(fleet, asked, "digest") is asked.answer
    assert asked.times == 2


async def test_what_expires_and_what_was_not_found_is_asked_again(served: Served) -> None:
    fleet, remembered = served.application.state.fleet, Remembered()
    for asked in (Asked(_principal(1)), Asked(None)):
        for _ in range(2):
            assert await remembered.find(fleet, asked, "digest") is asked.answer
        assert asked.times == 2


async def test_a_digest_of_a_token_is_none_of_a_session(served: Served) -> None:
    fleet, remembered = served.application.state.fleet, Remembered()
    secret = served.tokens["viewer"]
    digest = digest_of(secret)
    assert await remembered.find(fleet, by_token, digest) is not None
    assert await remembered.find(fleet, by_session, digest) is None


async def test_a_commit_while_the_database_is_asked_is_not_overlooked(served: Served) -> None:
    """The second request sees it, so what the first one was told before is not kept."""
    fleet, remembered = served.application.state.fleet, Remembered()
    inner = Asked(_principal(None))

    def slow(connection: Connection, digest: str) -> Principal | None:
        if inner.times == 0:
            inner(connection, digest)
            fleet.write_here(lambda other: queries.add_account(other, uuid4(), "late", "viewer", now_ns=1))
        return inner(connection, digest)

    await remembered.find(fleet, slow, "digest")
    await remembered.find(fleet, slow, "digest")
    assert inner.times == 3


async def test_a_token_that_another_process_revokes_is_refused_at_the_next_request(served: Served) -> None:
    token, digest = "decnet_test_other", digest_of("decnet_test_other")
    made = Token(digest, "decnet_test", UUID(int=1), "other", "viewer", 1)
    await served.application.state.fleet.write(lambda connection: queries.add_token(connection, made))
    assert [await _status(served, token) for _ in range(2)] == [200, 200]
    program = f"""
from decnet_models.accounts.queries import revoke
from decnet_models.database.engine import open_engine, writing
with writing(open_engine({served.deployment.database_url!r})) as connection:
    revoke(connection, {digest!r}, now_ns=1)
"""
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=True)
    assert await _status(served, token) == 401


async def test_a_session_ends_for_the_next_request_when_its_account_is_disabled(served: Served) -> None:
    fleet, secret, account = served.application.state.fleet, "s" * 43, uuid4()
    opened = WebSession(digest_of(secret), account, None, None, 1, 2**62, 2**62 + HOUR)

    def enter(connection: Connection) -> None:
        queries.add_account(connection, account, "ends", "viewer", now_ns=1)
        queries.open_session(connection, opened)

    await fleet.write(enter)
    async with served.client(Cookie=f"__Host-decnet={secret}") as client:
        assert [(await client.get("/api/v1/session")).status_code for _ in range(2)] == [200, 200]
        await fleet.write(lambda connection: queries.disable(connection, account, now_ns=3))
        assert (await client.get("/api/v1/session")).status_code == 401
