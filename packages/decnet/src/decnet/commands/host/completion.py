# SPDX-License-Identifier: MIT
"""`decnet completion`: scripts with which shells complete the programs of DECNET."""

from typing import Annotated

import typer

from decnet.cli.options import application
from decnet.manual.completion import Shell, script
from decnet.manual.programs import programs

app = application("Completion for your shell.")


@app.command()
def completion(shell: Annotated[Shell, typer.Argument(help="The shell that reads it.")]) -> None:
    """Print the completion script of a shell; where it goes is in docs/install.md."""
    typer.echo(script(shell, list(programs())), nl=False)
