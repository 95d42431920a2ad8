# SPDX-License-Identifier: MIT
"""`decnet deploy`: the whole fleet as one document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.cli.options import Json, application
from decnet.deckies import commit
from decnet.deckies.documents import document, export
from decnet.deckies.excluded import excluded
from decnet.deckies.operations import carry_out, planned
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.show import documents
from decnet.show.deckies import plan_text

app = application("Make the fleet what a document says: adds, changes and removes deckies in one transaction.")


@app.command()
def deploy(
    file: Annotated[Path | None, typer.Argument(help="The document (TOML); - for standard input.")] = None,
    *,
    plan_only: Annotated[bool, typer.Option("--plan", help="Only show what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    export_only: Annotated[bool, typer.Option("--export", help="Print the desired fleet as a document.")] = False,
    as_json: Json = False,
) -> None:
    """Make the fleet what FILE says; deckies that it does not name are removed."""
    deployment = find_deployment()
    if export_only:
        with transaction(deployment) as connection:
            typer.echo(export.document(commit.current_deckies(connection).values()).rstrip("\n"))
        return
    if file is None:
        raise WrongUsageError("name a document, or use --export; see decnet deploy --help")
    _deploy(deployment, file, ask=not yes and not plan_only, do=not plan_only, as_json=as_json)


def _deploy(deployment: Deployment, file: Path, *, ask: bool, do: bool, as_json: bool) -> None:
    try:
        wanted = document.read(_text(file), str(file))
    except document.DocumentError as error:
        raise OperatorError(str(error)) from error
    with transaction(deployment) as connection:
        made = planned(deployment, connection, wanted, whole=True)
    typer.echo(documents.document(made) if as_json else plan_text(made))
    if hint := excluded(deployment, made):
        typer.echo(hint, err=True)
    if not do or made.is_empty:
        return
    if ask:
        _confirm()
    carry_out(deployment, made, reason=f"deploy {file.name}")


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsageError(f"{file} cannot be read: {error}") from error


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise WrongUsageError("nothing was changed: nobody can be asked here; add --yes")
    typer.confirm("Do this?", abort=True)
