# SPDX-License-Identifier: MIT
"""`decnet user`: who may use the dashboard and the API, and the ways back in for those who cannot log in."""

import enum
from typing import Annotated

import msgspec
import typer
from sqlalchemy import Connection

from decnet.access import links, users
from decnet.access.auditing import record
from decnet.access.links import Made
from decnet.access.users import User
from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import WrongUsageError
from decnet.cli.operator_name import operator
from decnet.cli.options import Csv, Json, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_models.accounts.queries import Account

app = application("Users of the dashboard and the API: add, list, link, role, disable, enable, reset, remove.")

HEADING = ("user", "role", "enabled", "logs in with", "sessions", "added", "last log-in")

Name = Annotated[str, typer.Argument(help="The user's name.")]


class Role(enum.StrEnum):
    """What a user may do."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


@app.command(cls=RecordedCommand)
def add(
    name: Name,
    *,
    role: Annotated[
        Role, typer.Option(help="viewer reads; analyst also decides; admin also deploys and manages users.")
    ] = Role.VIEWER,
    as_json: Json = False,
) -> None:
    """Add a user and print a link that logs in once, within an hour, to set a password or a passkey."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        _print_link(there.add(remote, name, role.value), as_json=as_json)
        return
    deployment = find_deployment()
    base = links.dashboard(deployment.settings)
    with transaction(deployment, write=True) as connection:
        added = users.add(connection, name, role.value)
        record(connection, "account.add", added.name, role=added.role)
        made = links.make(connection, base, added, operator())
    _print_link(made, as_json=as_json)


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List users."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        found = there.users(remote)
    else:
        with transaction(find_deployment()) as connection:
            found = users.users(connection)
    print_table(found, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing="none; add one with decnet user add NAME")


@app.command(cls=RecordedCommand)
def link(
    name: Annotated[
        str | None, typer.Argument(help="The user's name; without one the first administrator, if nobody can log in.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print a link that logs the user in once, within an hour; a second factor is still asked for."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        if name is None:
            raise WrongUsageError("name the user; the link of the first administrator is made on the master")
        _print_link(there.link(remote, name), as_json=as_json)
        return
    deployment = find_deployment()
    base = links.dashboard(deployment.settings)
    with transaction(deployment, write=True) as connection:
        made = _linked(connection, base, name)
        record(connection, "account.link", made.user)
    _print_link(made, as_json=as_json)


@app.command(cls=RecordedCommand)
def role(name: Name, new: Annotated[Role, typer.Argument(metavar="ROLE", help="viewer, analyst or admin.")]) -> None:
    """Give a user another role, at once; one with more rights has to log in again."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        changed: Account | User = there.change(remote, name, role=new.value)
    else:
        with transaction(find_deployment(), write=True) as connection:
            changed = users.set_role(connection, name, new.value)
            record(connection, "account.role", changed.name, role=changed.role)
    typer.echo(f"{changed.name} is {changed.role}")


@app.command(cls=RecordedCommand)
def disable(name: Name) -> None:
    """End the user's sessions and refuse the user's tokens and log-ins, until enabled again."""
    typer.echo(f"{_switched(name, enabled=False)} is disabled")


@app.command(cls=RecordedCommand)
def enable(name: Name) -> None:
    """Let a disabled user in again, and the user's tokens."""
    typer.echo(f"{_switched(name, enabled=True)} is enabled")


@app.command(cls=RecordedCommand)
def reset(name: Name, as_json: Json = False) -> None:
    """Take away password, second factor and passkeys, end the sessions, and print a link; tokens stay."""
    owner, made = _reset(name)
    if made is None:
        typer.echo(f"{owner} is reset, and disabled as before")
    else:
        _print_link(made, as_json=as_json)


@app.command(cls=RecordedCommand)
def remove(name: Name) -> None:
    """Remove a user with sessions, tokens and passkeys; what the user did stays in the audit."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        removed = there.remove(remote, name)
    else:
        with transaction(find_deployment(), write=True) as connection:
            removed = users.remove(connection, name).name
            record(connection, "account.remove", removed)
    typer.echo(f"{removed} is removed")


def _switched(name: str, *, enabled: bool) -> str:
    """Enable or disable a user; return the name."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        return there.change(remote, name, enabled=enabled).name
    switch, word = (users.enable, "enable") if enabled else (users.disable, "disable")
    with transaction(find_deployment(), write=True) as connection:
        changed = switch(connection, name)
        record(connection, f"account.{word}", changed.name)
    return changed.name


def _reset(name: str) -> tuple[str, Made | None]:
    """Take away all that a user logs in with; return the name and a link, None for a disabled user."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        return there.reset(remote, name)
    deployment = find_deployment()
    base = links.dashboard(deployment.settings)
    with transaction(deployment, write=True) as connection:
        owner = users.reset(connection, name)
        record(connection, "account.reset", owner.name)
        made = None if owner.disabled_at is not None else links.make(connection, base, owner, operator())
    return owner.name, made


def _linked(connection: Connection, base: str, name: str | None) -> Made:
    if name is not None:
        return links.make(connection, base, users.find(connection, name), operator())
    made = links.first(connection, base, operator())
    if made is None:
        raise WrongUsageError("an administrator can log in already: name the user; decnet user list shows them")
    return made


def _print_link(made: Made, *, as_json: bool) -> None:
    if as_json:
        typer.echo(documents.document(msgspec.structs.asdict(made)))
    else:
        typer.echo(f"{made.url}\nlogs in {made.user} once, until {moment(made.expires_at)}")


def _row(one: User) -> tuple[object, ...]:
    means = (
        ("password", one.password),
        ("TOTP", one.totp),
        (f"{one.passkeys} passkeys", one.passkeys > 0),
        ("provider", one.provider),
    )
    logs_in = ", ".join(word for word, has in means if has) or None
    last = None if one.login_at is None else moment(one.login_at)
    return one.name, one.role, "yes" if one.enabled else "no", logs_in, one.sessions, moment(one.created_at), last
