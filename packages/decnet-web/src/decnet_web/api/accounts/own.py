# SPDX-License-Identifier: MIT
"""What people may change of their own account: in a session only, and the important things with the password again.

A token of a program does not change how its owner logs in. A session that somebody left open is not enough for it
either: the password is asked for again, if there is one, and guesses at it count as failed log-ins.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from sqlalchemy import Connection

from decnet_models.accounts import queries
from decnet_models.accounts.queries import Account
from decnet_web.api.accounts.attempts import by_id
from decnet_web.api.accounts.entering import Door, InDoor
from decnet_web.api.dependencies import Viewer
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem


class Owner:
    """The owner of an account, in a session; a dependency of routes."""

    def __init__(self, viewer: Viewer, door: InDoor) -> None:
        if viewer.means != "session":
            raise Problem(
                409, title="Needs a session", detail="only its owner changes this, logged in at the dashboard"
            )
        self.principal: Principal = viewer
        self.door: Door = door

    @property
    def name(self) -> str:
        return self.principal.account.name

    async def account(self) -> Account:
        return await self.door.fleet.read(lambda connection: present(connection, self.principal))

    async def confirmed(self, password: str | None) -> Account:
        """Return the account once its password was given again; raises Problem 403, 429."""
        account = await self.account()
        if account.password is None:
            return account
        attempt = self.door.attempt("confirm")
        await attempt.begin(by_id(account.id))
        good = password is not None and await self.door.accounts.hasher.matches(
            self.door.fleet, account.password, password
        )
        if not good:
            raise await attempt.failed(account, "password", "the current password is wrong", status=403)
        await self.door.fleet.write(attempt.succeeded)
        return account


InOwner = Annotated[Owner, Depends(Owner)]


def present(connection: Connection, principal: Principal) -> Account:
    """Return the principal's account as it is; raises Problem 401."""
    account = queries.account_of(connection, principal.account.id)
    if account is None:
        raise Problem(401, detail="the account is no longer there")
    return account
