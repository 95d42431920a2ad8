# SPDX-License-Identifier: MIT
"""Disables, enables, removes, exports and imports canary tokens."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from decnet.canary.exchange import exported, imported
from decnet.canary.token_argument import TokenName
from decnet.canary.token_names import known_token
from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import NotFoundError, OperatorError
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet_core.canary import canary_key
from decnet_models.canary import queries


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of `decnet canary`."""
    for command in (disable, enable, remove, export):
        app.command(cls=RecordedCommand)(command)
    app.command(name="import", cls=RecordedCommand)(import_)


def disable(token: TokenName) -> None:
    """Stop announcing a token's uses; they are recorded all the same."""
    _set_disabled(token, time.time_ns())


def enable(token: TokenName) -> None:
    """Announce a token's uses again."""
    _set_disabled(token, None)


def remove(token: TokenName) -> None:
    """Forget a token and its file. Where it is still planted, its use is announced as that of an unknown token."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        gone = there.change_canary(remote, token, "remove")
        typer.echo(f"removed {gone['token']} ({gone['kind']}, {gone['label']})")
        return
    with transaction(find_deployment(), write=True) as connection:
        found = known_token(connection, token)
        if not queries.remove_token(connection, found.token):
            raise NotFoundError(f"there is no token {token}")
    typer.echo(f"removed {found.token} ({found.kind}, {found.label})")


def export(
    file: Annotated[Path | None, typer.Argument(help="Where to; default: standard output.")] = None,
) -> None:
    """Write all tokens with their files as JSON: for a backup, or another fleet. It contains planted secrets."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        text = there.exported(remote)
    else:
        with transaction(find_deployment(), write=True) as connection:  # it holds secrets: the audit notes who had them
            text = exported(connection)
    if file is None:
        sys.stdout.buffer.write(text)
        return
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as written:
            written.write(text)
    except OSError as error:
        raise OperatorError(f"cannot write {file}: {error.strerror}") from error


def import_(file: Annotated[Path, typer.Argument(help="What `decnet canary export` wrote.")]) -> None:
    """Add the tokens of an export; those that are known already stay as they are."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from error
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        new, known = there.imported(remote, text)
    else:
        deployment = find_deployment()
        with transaction(deployment, write=True) as connection:
            new, known = imported(connection, text, canary_key(deployment.state.keys))
    typer.echo(f"{new} tokens added, {known} known already")


def _set_disabled(token: str, disabled_at: int | None) -> None:
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        shown = there.change_canary(remote, token, "disable" if disabled_at else "enable")
        name, kind, label = shown["token"], shown["kind"], shown["label"]
    else:
        with transaction(find_deployment(), write=True) as connection:
            found = known_token(connection, token)
            queries.set_disabled(connection, found.token, disabled_at)
        name, kind, label = found.token, found.kind, found.label
    typer.echo(f"{name} ({kind}, {label}): uses are {'not ' if disabled_at else ''}announced")
