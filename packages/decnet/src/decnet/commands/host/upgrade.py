# SPDX-License-Identifier: MIT
"""`decnet upgrade`: what this host still needs after another version was installed."""

from importlib.metadata import version
from typing import Annotated

import typer

from decnet.cli.errors import FAILED
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment
from decnet.installation.upgrade import steps
from decnet.show import documents
from decnet_core.text import for_terminal

app = application("Upgrades.")


@app.command()
def upgrade(
    check: Annotated[bool, typer.Option("--check", help="End with 1 when something has to be done.")] = False,
    as_json: Json = False,
) -> None:
    """Say what has to be done after a version was installed, in order; nothing is changed (docs/upgrade.md)."""
    found = list(steps(find_deployment()))
    if as_json:
        typer.echo(documents.document({"version": version("decnet"), "steps": found}))
    elif not found:
        typer.echo(f"decnet {version('decnet')}: everything here is of this version")
    else:
        for number, step in enumerate(found, start=1):
            typer.echo(f"{number}. {for_terminal(step.what, 1024)}" + (f"\n   {step.command}" if step.command else ""))
    if check and found:
        raise typer.Exit(FAILED)
