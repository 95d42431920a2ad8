# SPDX-License-Identifier: MIT
"""`decnet persona`: what a decky can play."""

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.errors import NotFoundError
from decnet.cli.options import Csv, Json, application
from decnet.deckies.catalogues.personas import listed, own_folder, problem_of, readable_personas
from decnet.fleet.deployment import find_deployment
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet_decoys.personas.catalog import PersonaFile

app = application("Personas: the machines that deckies play, shipped ones and your own.")


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the personas."""
    if (remote := master()) is not None:
        from decnet.remote import catalogues as there

        found = there.personas(remote)
    else:
        found = [listed(file) for file in readable_personas(find_deployment()).values()]
    print_table(
        found,
        ("persona", "from", "services", "what it is"),
        lambda one: (one.name, "shipped" if one.shipped else "own", ", ".join(one.services), one.summary),
        as_json=as_json,
        as_csv=as_csv,
        nothing="none",
    )


@app.command()
def show(name: Annotated[str, typer.Argument(help="The persona's name.")], as_json: Json = False) -> None:
    """Print a persona as it is written: a TOML document to copy and change."""
    if (remote := master()) is not None:
        from decnet.remote import catalogues as there

        text, document = there.persona(remote, name)
    else:
        known = readable_personas(find_deployment())
        if name not in known:
            raise NotFoundError(f"there is no persona {name!r}; decnet persona list shows them")
        text, document = known[name].path.read_text(encoding="utf-8"), known[name].document()
    typer.echo(documents.document(document) if as_json else text.rstrip("\n"))


@app.command()
def check(
    file: Annotated[
        list[Path] | None, typer.Argument(help="TOML files; none: all of the folder [decoys] personas_dir.")
    ] = None,
) -> None:
    """Check your own personas; each error names the file and the key. Exit code 1 when one is wrong."""
    number, errors = _checked(file or [])
    for error in errors:
        typer.echo(error, err=True)
    if errors:
        raise typer.Exit(1)
    typer.echo(f"{number} personas can be played" if number else _none())


def _checked(given: list[Path]) -> tuple[int, list[str]]:
    """Return how many were checked, and what is wrong with them."""
    if (remote := master()) is not None:
        from decnet.remote import catalogues as there

        if not given:
            return there.problems_of_own(remote)
        return len(given), [error for path in given if (error := there.problem_of(remote, path))]
    checked = [PersonaFile(path.stem, path, shipped=False) for path in given] or [
        one for one in readable_personas(find_deployment()).values() if not one.shipped
    ]
    return len(checked), [error for one in checked if (error := problem_of(one))]


def _none() -> str:
    if master() is not None:
        return "the master has no persona of its own"
    where = own_folder(find_deployment())
    return f"no persona of your own; put one into {where}" if where else "no [decoys] personas_dir is set"
