# SPDX-License-Identifier: MIT
"""What log-in asks and answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from decnet_models.accounts.queries import LogIn, Role
from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment

Secret = Annotated[str, Field(min_length=1, max_length=1024, json_schema_extra={"writeOnly": True})]
Ticket = Annotated[str, Field(min_length=1, max_length=4096)]


class AccountRef(Answer):
    """An account."""

    id: UUID
    """Its UUID."""
    name: str
    """Its name."""


class SessionInfo(Answer):
    """Who is logged in, and how."""

    account: AccountRef
    """The account."""
    role: Role
    """What it may do in this request."""
    means: Literal["session", "token"]
    """How this request was authenticated."""
    scopes: list[str]
    """What the token is limited to; empty: to nothing, or there is none."""
    log_in: LogIn | None
    """How the session began; null: there is none."""
    csrf: str | None
    """What to send as X-CSRF-Token with every request that changes something; null: a token needs none."""
    expires_at: Moment | None
    """When the session ends unless it is used before; null: there is none."""
    has_password: bool
    """Whether the account has a password."""
    totp: bool
    """Whether it has an authenticator as second factor."""
    recovery_codes_left: int
    """Recovery codes that were not used."""
    passkeys: int
    """How many passkeys it has."""
    must_set_up: bool
    """Whether it has nothing to log in with the next time."""


class LoginOutcome(Answer):
    """What comes next in a log-in."""

    next: Literal["done", "second_factor"]
    """done: the cookie is set; second_factor: send `ticket` with a code."""
    ticket: str | None = None
    """What the second step needs."""
    session: SessionInfo | None = None
    """The session that was opened."""


class PasswordLogin(Asked):
    """A log-in with a password."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """The user's name."""
    password: Secret
    """The password."""


class SecondFactor(Asked):
    """The second step of a log-in."""

    ticket: Ticket
    """That of the first step."""
    code: Annotated[str, Field(min_length=1, max_length=64)]
    """The six digits of the authenticator, or a recovery code."""


class LinkLogin(Asked):
    """A log-in with a one-time link."""

    secret: Secret
    """What follows `#link=` in the link."""


class CeremonyOptions(Answer):
    """What a browser needs to use or make a passkey."""

    ticket: str
    """To send back with the credential."""
    options: dict[str, Any]
    """For PublicKeyCredential.parseRequestOptionsFromJSON or parseCreationOptionsFromJSON (WebAuthn, level 3)."""


class PasskeyLogin(Asked):
    """A log-in with a passkey."""

    ticket: Ticket
    """That of the options."""
    credential: dict[str, Any]
    """What `toJSON()` of the credential returns."""
