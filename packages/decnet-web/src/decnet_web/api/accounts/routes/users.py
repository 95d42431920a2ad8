# SPDX-License-Identifier: MIT
"""Users, for administrators: add, change, remove, give a link, reset. The last administrator stays."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.access import links, users
from decnet.access.links import Made
from decnet.access.users import User
from decnet_models.accounts.queries import Role
from decnet_web.api.accounts.transport import origin_of
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Admin, InFleet, InPaging, OrderDirection
from decnet_web.api.fleet import Fleet
from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem

router = APIRouter(prefix="/users", tags=["users"])

Name = Annotated[str, Path(min_length=1, max_length=64, description="The user's name.")]


class UserInfo(Answer):
    """A user."""

    id: str
    """The account's UUID."""
    name: str
    """The name."""
    role: Role
    """viewer: reads; analyst: also decides; admin: also deploys and manages users."""
    enabled: bool
    """Whether the user may log in."""
    password: bool
    """Whether there is a password."""
    totp: bool
    """Whether there is an authenticator as second factor."""
    passkeys: int
    """How many passkeys there are."""
    provider: bool
    """Whether a user of the OpenID Connect provider logs in to it."""
    sessions: int
    """Open sessions."""
    created_at: Moment
    """When it was added."""
    login_at: Moment | None
    """When the user last logged in."""


class LoginLinkInfo(Answer):
    """A link that logs in once."""

    user: str
    """Whom it logs in."""
    url: str
    """Where to open it; whoever has it logs in, so send it on a safe way."""
    expires_at: Moment
    """When it expires."""


class UserWithLink(Answer):
    """A user, and a link with which the user logs in once."""

    user: UserInfo
    """The user."""
    link: LoginLinkInfo | None
    """The link; null for a disabled user."""


class NewUser(Asked):
    """A user to be added."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Lower-case ASCII letters, digits and . _ - @ +."""
    role: Role = "viewer"
    """What the user may do."""


class UserChange(Asked):
    """What to change of a user; what is absent stays."""

    role: Role | None = None
    """Another role, at once; one with more rights ends the sessions."""
    enabled: bool | None = None
    """Whether the user may log in; false ends the sessions and refuses the tokens."""


@router.get("", response_model=Page[UserInfo])
async def list_users(fleet: InFleet, paging: InPaging, _admin: Admin, direction: OrderDirection = "asc") -> Response:
    """List users by name."""

    def fetch(connection: Connection, position: tuple[str] | None, limit: int) -> list[UserInfo]:
        found = users.users(connection, after=position[0] if position else None, limit=limit, direction=direction)
        return [UserInfo.model_validate(one) for one in found]

    return await paging.answer(fleet, fetch, lambda row: (row.name,))


@router.post("", status_code=201)
async def make_user(body: NewUser, request: Request, fleet: InFleet, admin: Admin) -> UserWithLink:
    """Add a user, and return a link that logs in once, within an hour, to set a password or a passkey."""

    def make(connection: Connection) -> UserWithLink:
        added = users.add(connection, body.name, body.role)
        record(connection, admin, "account.add", added.name, role=added.role)
        made = links.make(connection, _base(request, fleet, admin), added, admin.account.name)
        return _with_link(users.user_named(connection, added.name), made)

    return await fleet.write(make)


@router.get("/{name}")
async def show_user(name: Name, fleet: InFleet, _admin: Admin) -> UserInfo:
    """Show one user."""
    return UserInfo.model_validate(await fleet.read(lambda connection: users.user_named(connection, name)))


@router.patch("/{name}")
async def change_user(name: Name, body: UserChange, fleet: InFleet, admin: Admin) -> UserInfo:
    """Change the role of a user, or whether the user may log in."""
    if body.role is None and body.enabled is None:
        raise Problem(422, title="Bad input", detail="say what to change: role or enabled")

    def change(connection: Connection) -> User:
        if body.role is not None:
            record(connection, admin, "account.role", users.set_role(connection, name, body.role).name, role=body.role)
        if body.enabled is not None:
            switch, word = (users.enable, "enable") if body.enabled else (users.disable, "disable")
            record(connection, admin, f"account.{word}", switch(connection, name).name)
        return users.user_named(connection, name)

    return UserInfo.model_validate(await fleet.write(change))


@router.delete("/{name}", status_code=204)
async def remove_user(name: Name, fleet: InFleet, admin: Admin) -> None:
    """Remove a user with sessions, tokens and passkeys; what the user did stays in the audit."""
    await fleet.write(
        lambda connection: record(connection, admin, "account.remove", users.remove(connection, name).name)
    )


@router.post("/{name}/link")
async def make_login_link(name: Name, request: Request, fleet: InFleet, admin: Admin) -> LoginLinkInfo:
    """Make a link that logs a user in once, within an hour; links before it are void."""

    def make(connection: Connection) -> Made:
        owner = users.find(connection, name)
        record(connection, admin, "account.link", owner.name)
        return links.make(connection, _base(request, fleet, admin), owner, admin.account.name)

    return LoginLinkInfo.model_validate(await fleet.write(make))


@router.post("/{name}/reset")
async def reset_user(name: Name, request: Request, fleet: InFleet, admin: Admin) -> UserWithLink:
    """Take away all that a user logs in with, end the sessions, and return a link; tokens stay."""

    def reset(connection: Connection) -> UserWithLink:
        owner = users.reset(connection, name)
        record(connection, admin, "account.reset", owner.name)
        enabled = owner.disabled_at is None
        made = links.make(connection, _base(request, fleet, admin), owner, admin.account.name) if enabled else None
        return _with_link(users.user_named(connection, name), made)

    return await fleet.write(reset)


def _base(request: Request, fleet: Fleet, admin: Principal) -> str:
    """Return where a link leads: the page that asks is the dashboard's; a program may have come on another way."""
    return origin_of(request) if admin.means == "session" else links.dashboard(fleet.deployment.settings)


def _with_link(user: User, made: Made | None) -> UserWithLink:
    link = LoginLinkInfo.model_validate(made) if made else None
    return UserWithLink(user=UserInfo.model_validate(user), link=link)
