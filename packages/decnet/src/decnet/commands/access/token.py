# SPDX-License-Identifier: MIT
"""`decnet token`: tokens with which programs use the API."""

import time
from typing import Annotated

import msgspec
import typer

from decnet.access import tokens, users
from decnet.access.auditing import record
from decnet.cli.commands import RecordedCommand
from decnet.cli.options import Csv, Json, application
from decnet.cli.time_window import time_ahead
from decnet.commands.access.user import Role
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_core.text import for_terminal
from decnet_models.accounts import queries
from decnet_models.accounts.queries import Token

app = application("Tokens of programs that use the API: add, list, revoke.")

HEADING = ("token", "user", "role", "scopes", "expires", "last used", "added", "for")
_NEVER = "never"


@app.command(cls=RecordedCommand)
def add(
    user: Annotated[str, typer.Argument(help="On whose behalf the program acts.")],
    name: Annotated[str, typer.Argument(help="What it is for, in your words.")],
    *,
    role: Annotated[Role | None, typer.Option(help="At most this role; otherwise the user's.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="Only for this: read, decide, deploy, manage; repeatable.")
    ] = None,
    expires: Annotated[str, typer.Option(metavar="TIME", help='When it expires: "90d" (from now) or "never".')] = "90d",
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    expires_at = None if expires == _NEVER else time_ahead("--expires", expires)
    wanted: queries.Role | None = None if role is None else role.value
    if (remote := master()) is not None:
        from decnet.remote import access as there

        made = there.mint(remote, user, name, role=wanted, scopes=scope or (), expires_at=expires_at)
    else:
        with transaction(find_deployment(), write=True) as connection:
            owner = users.find(connection, user)
            made = tokens.mint(connection, owner, name, role=wanted, scopes=scope or (), expires_at=expires_at)
            record(connection, "token.add", made.token.shown, user=owner.name, name=name, scopes=made.token.scopes)
    if as_json:
        typer.echo(documents.document({"secret": made.secret, **msgspec.structs.asdict(made.token)}))
    else:
        typer.echo(made.secret)


@app.command(name="list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that have expired or were revoked.")] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the tokens of all users, newest first."""
    now = time.time_ns()
    if (remote := master()) is not None:
        from decnet.remote import access as there

        listed = there.all_tokens(remote)
        names = {one.account: user for one, user in listed}
        known = [one for one, _ in listed]
    else:
        with transaction(find_deployment()) as connection:
            names = {one.id: one.name for one in queries.accounts(connection)}
            known = queries.all_tokens(connection)
    found = [one for one in known if every or tokens.valid(one, now)]
    print_table(
        found,
        HEADING,
        lambda one: (one.shown, names.get(one.account), *_row(one)),
        as_json=as_json,
        as_csv=as_csv,
        nothing="none; add one with decnet token add USER NAME",
    )


@app.command(cls=RecordedCommand)
def revoke(token: Annotated[str, typer.Argument(help="Its first characters as decnet token list shows them.")]) -> None:
    """Refuse a token from now on."""
    if (remote := master()) is not None:
        from decnet.remote import access as there

        revoked = there.revoke(remote, token)
    else:
        with transaction(find_deployment(), write=True) as connection:
            revoked = tokens.revoke(connection, token)
            record(connection, "token.revoke", revoked.shown, name=revoked.name)
    typer.echo(f"{revoked.shown} is revoked")


def _row(one: Token) -> tuple[object, ...]:
    ends = "revoked" if one.revoked_at is not None else _NEVER if one.expires_at is None else moment(one.expires_at)
    used = None if one.used_at is None else moment(one.used_at)
    scopes = ", ".join(one.scopes) or "all"
    return one.role, scopes, ends, used, moment(one.created_at), for_terminal(one.name, 100)
