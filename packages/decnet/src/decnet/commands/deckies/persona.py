# SPDX-License-Identifier: MIT
"""`decnet persona`: what a decky can play."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.cli.options import Json, application
from decnet.deckies.catalogues.personas import known_personas, own_folder
from decnet.fleet.deployment import find_deployment
from decnet.show import documents
from decnet.show.columns import columns
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.catalog import PersonaFile, files
from decnet_decoys.personas.schema import Persona

app = application("Personas: the machines that deckies play, shipped ones and your own.")


class Listed(msgspec.Struct, frozen=True):
    """One persona in a list."""

    name: str
    os: str
    summary: str
    services: tuple[str, ...]
    shipped: bool
    file: str


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the personas."""
    listed = [_listed(file) for file in _known().values()]
    rows = [(one.name, "shipped" if one.shipped else "own", ", ".join(one.services), one.summary) for one in listed]
    typer.echo(documents.document(listed) if as_json else columns(("persona", "from", "services", "what it is"), rows))


@app.command()
def show(name: Annotated[str, typer.Argument(help="The persona's name.")], as_json: Json = False) -> None:
    """Print a persona as it is written: a TOML document to copy and change."""
    known = _known()
    if name not in known:
        raise NotFoundError(f"there is no persona {name!r}; decnet persona list shows them")
    text = known[name].path.read_text(encoding="utf-8").rstrip("\n")
    typer.echo(documents.document(known[name].document()) if as_json else text)


@app.command()
def check(
    file: Annotated[
        list[Path] | None, typer.Argument(help="TOML files; none: all of the folder [decoys] personas_dir.")
    ] = None,
) -> None:
    """Check your own personas; each error names the file and the key. Exit code 1 when one is wrong."""
    checked = _files(file) if file else [one for one in _known().values() if not one.shipped]
    errors = [error for one in checked if (error := _error(one))]
    for error in errors:
        typer.echo(error, err=True)
    if errors:
        raise typer.Exit(1)
    where = own_folder(find_deployment())
    empty = f"no persona of your own; put one into {where}" if where else "no [decoys] personas_dir is set"
    typer.echo(f"{len(checked)} personas can be played" if checked else empty)


def _known() -> dict[str, PersonaFile]:
    try:
        return known_personas(find_deployment())
    except DecoysError as error:
        raise OperatorError(str(error)) from error


def _listed(file: PersonaFile) -> Listed:
    try:
        who: Persona = file.persona()
    except DecoysError as error:
        raise OperatorError(str(error)) from error
    return Listed(who.name, who.os, who.summary or who.os, tuple(who.services), file.shipped, str(file.path))


def _files(given: list[Path]) -> list[PersonaFile]:
    return [PersonaFile(path.stem, path, shipped=False) for path in given]


def _error(file: PersonaFile) -> str | None:
    if file.name in files():
        return f"{file.path}: there is a shipped persona {file.name}; rename the file"
    try:
        file.persona()
    except DecoysError as error:
        return str(error)
    return None
