# SPDX-License-Identifier: MIT
"""`decnet deploy`: the whole fleet as one document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.cli.options import Json, application
from decnet.deckies import commit
from decnet.deckies.documents import document, export
from decnet.deckies.doing import Source, offered, tell
from decnet.deckies.wishes import Wishes
from decnet.fleet import arrival
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet_core.text import why_unreadable

app = application("Make the fleet what a document says: adds, changes and removes deckies in one transaction.")


@app.command(cls=RecordedCommand)
def deploy(
    file: Annotated[Path | None, typer.Argument(help="The document (TOML); - for standard input.")] = None,
    *,
    plan_only: Annotated[bool, typer.Option("--plan", help="Only show what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    wait: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Tell how far it is, until all is as desired, at most so long.", min=0),
    ] = None,
    export_only: Annotated[bool, typer.Option("--export", help="Print the desired fleet as a document.")] = False,
    as_json: Json = False,
) -> None:
    """Make the fleet what FILE says; deckies that it does not name are removed."""
    if export_only:
        typer.echo(_exported().rstrip("\n"))
        return
    if file is None:
        raise WrongUsageError("name a document, or use --export; see decnet deploy --help")
    _deploy(file, ask=not yes and not plan_only, do=not plan_only, as_json=as_json)
    if wait is not None and not plan_only:
        arrival.wait(wait)


def _deploy(file: Path, *, ask: bool, do: bool, as_json: bool) -> None:
    text = _text(file)
    try:
        wanted = document.read(text, str(file))
    except document.DocumentError as error:
        raise OperatorError(str(error)) from error
    offer = offered(Wishes(fleet=tuple(wanted)), Source(text, str(file)))
    tell(offer, as_json=as_json)
    if not do or offer.plan.is_empty:
        return
    if ask:
        _confirm()
    offer.take(f"deploy {file.name}")


def _exported() -> str:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.document(remote)
    with transaction(find_deployment()) as connection:
        return export.document(commit.current_deckies(connection).values())


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsageError(f"{file} cannot be read: {why_unreadable(error)}") from error


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise WrongUsageError("nothing was changed: nobody can be asked here; add --yes")
    typer.confirm("Do this?", abort=True)
