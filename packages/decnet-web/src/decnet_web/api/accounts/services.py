# SPDX-License-Identifier: MIT
"""What the routes of accounts share: keys, the hasher of passwords, tickets."""

from __future__ import annotations

import hmac
from functools import cached_property
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Depends, Request

from decnet_web.api.accounts.factors.passwords import Hasher
from decnet_web.api.accounts.remembered import Remembered
from decnet_web.api.accounts.tickets import SealedError, Sealer, Tickets
from decnet_web.api.problems import Problem
from decnet_web.api.settings import ApiSettings

if TYPE_CHECKING:
    from decnet_web.api.accounts.oidc.provider import Provider


class Accounts:
    """Made once by the application, with the fleet's `api.key`."""

    def __init__(self, settings: ApiSettings, key: bytes) -> None:
        self.settings = settings
        self.key = key
        self.hasher = Hasher()
        self.remembered = Remembered()
        self.tickets = Tickets(key)
        self.recovery_key = hmac.digest(key, b"accounts: recovery codes", "sha256")
        self._secrets = Sealer(key, "totp")

    @cached_property
    def provider(self) -> Provider | None:
        """The OpenID Connect provider of the settings."""
        if not self.settings.oidc_issuer:
            return None
        from decnet_web.api.accounts.oidc.provider import Provider

        return Provider(self.settings)

    def seal_totp(self, account: UUID, secret: str) -> str:
        """Return the secret of an authenticator as the database has it, for that account only."""
        return self._secrets.seal(secret.encode(), str(account))

    def open_totp(self, account: UUID, sealed: str) -> str:
        """Return it again; raises Problem 409 when the key was replaced."""
        try:
            return self._secrets.open(sealed, str(account)).decode()
        except SealedError:
            detail = "the second factor cannot be read: keys/api.key is another one; decnet user reset NAME helps"
            raise Problem(409, detail=detail) from None


async def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


InAccounts = Annotated[Accounts, Depends(_accounts)]
