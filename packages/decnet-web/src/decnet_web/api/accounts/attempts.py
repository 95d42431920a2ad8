# SPDX-License-Identifier: MIT
"""Attempts to log in: counted before anything is verified, refused when there were too many, written to the audit.

The audit names the account that was tried, never what was typed as a name and is none: now and then that is a password.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from starlette.requests import Request

from decnet_models.accounts import audit, queries
from decnet_models.accounts.queries import Account
from decnet_web.api.accounts import throttle
from decnet_web.api.accounts.authentication import NOBODY, address_of
from decnet_web.api.accounts.transport import refuse_foreign, refuse_unprotected
from decnet_web.api.fleet import Fleet
from decnet_web.api.problems import Problem

WRONG = "name or password is wrong"


class Attempt:
    """One attempt from an address, for a name if there is one."""

    def __init__(self, request: Request, fleet: Fleet, means: str, *, from_elsewhere: bool = False) -> None:
        """Raise Problem 403 where nobody may log in; `from_elsewhere`: another site may have sent the browser."""
        refuse_unprotected(request)
        if not from_elsewhere:
            refuse_foreign(request)
        self._fleet = fleet
        self._means = means
        self._address = address_of(request)
        self._counted: dict[str, throttle.Limit] = {}

    async def begin(
        self, find: Callable[[Connection], Account | None] | None = None, *, name: str | None = None
    ) -> Account | None:
        """Count the attempt and return the account that `find` finds; raises Problem 429."""
        now = time.time_ns()
        found, until = await self._fleet.write(lambda connection: self._begun(connection, find, name, now))
        if until is not None:
            raise throttle.refusal(until, now)
        return found

    def _begun(
        self, connection: Connection, find: Callable[[Connection], Account | None] | None, name: str | None, now: int
    ) -> tuple[Account | None, int | None]:
        found = find(connection) if find else None
        counted_name = found.name if found else name
        self._counted = throttle.keys(self._address, counted_name)
        until = throttle.begin(connection, self._counted, now_ns=now)
        return (None, until) if until is not None else (found, None)

    async def failed(self, account: Account | None, why: str, detail: str = WRONG, *, status: int = 401) -> Problem:
        """Write the failure to the audit and return the answer to it."""
        await self._fleet.write(lambda connection: self._write(connection, account, why))
        return Problem(status, title="Log-in failed", detail=detail)

    def succeeded(self, connection: Connection) -> None:
        """Take the count back; belongs in the transaction that opens the session."""
        throttle.succeed(connection, self._counted)

    def _write(self, connection: Connection, account: Account | None, why: str) -> None:
        entry = audit.Entry(
            NOBODY,
            "none",
            "session.refuse",
            time.time_ns(),
            object=account.name if account else None,
            address=self._address,
            detail={"by": self._means, "why": why},
        )
        audit.record(connection, entry)


def by_name(name: str) -> Callable[[Connection], Account | None]:
    return lambda connection: queries.account_named(connection, name)


def by_id(account_id: UUID) -> Callable[[Connection], Account | None]:
    return lambda connection: queries.account_of(connection, account_id)


def entered(connection: Connection, account: Account, address: str | None, **detail: Any) -> None:
    """Write a log-in to the audit."""
    entry = audit.Entry(
        account.name, "session", "session.begin", time.time_ns(), object=account.name, address=address, detail=detail
    )
    audit.record(connection, entry)
