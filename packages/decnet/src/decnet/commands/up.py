# SPDX-License-Identifier: MIT
"""`decnet up`: the whole fleet in the foreground, until Ctrl-C.

This describes the options, and answers mistakes. A command line without mistakes is read by `decnet.up.command_line`,
so that typer is not loaded into the process that all workers are forked from.
"""

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.options import Json, application
from decnet.up.command_line import MOST_PORT_OFFSET, Options
from decnet.up.hosting import HELP, Hosting
from decnet.up.launch import launch

app = application("The fleet, in the foreground.")


@app.command()
def up(
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines of text, even on a terminal.")] = False,
    as_json: Json = False,
    address: Annotated[
        str | None, typer.Option(help="Put the default decky on this address of this host, at ports 22 and 80.")
    ] = None,
    port_offset: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_PORT_OFFSET, help="Add this to its ports: without root those below 1024 are refused."
        ),
    ] = 0,
    host: Annotated[Hosting, typer.Option(help=HELP)] = Hosting.FORK,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="Stop after this many seconds.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="File to write once every worker is ready.")] = None,
) -> None:
    """Bring up database, bus and every installed worker here; Ctrl-C stops them, a second one kills them."""
    file = None if ready_file is None else str(ready_file)
    raise typer.Exit(launch(Options(plain, as_json, address, port_offset, host, seconds, file)))
