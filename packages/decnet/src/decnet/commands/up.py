# SPDX-License-Identifier: MIT
"""`decnet up`: the whole fleet in the foreground, until Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from decnet.errors import OperatorError
from decnet.options import Json, application
from decnet.place import Place, find_place
from decnet.up.known_sections import refuse_unknown
from decnet.up.run import Mode, Wishes, prepare, run
from decnet.up.view import JsonView, PlainView, View

app = application("The fleet, in the foreground.")


@app.command()
def up(
    plain: Annotated[bool, typer.Option("--plain", help="Lines of text, also at a terminal.")] = False,
    as_json: Json = False,
    mode: Annotated[
        Mode, typer.Option(help="fork: the workers share their code in memory; units: each has its own.")
    ] = Mode.FORK,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="Stop by itself after so many seconds.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="File to write once every worker is ready.")] = None,
) -> None:
    """Bring up database, bus and every installed worker here; Ctrl-C stops them, a second one kills them."""
    if plain and as_json:
        raise OperatorError("--plain and --json exclude each other")
    place = find_place()
    refuse_unknown(place.settings)
    lock = prepare(place)
    try:
        view = _view(place, plain=plain, as_json=as_json)
        try:
            asyncio.run(run(place, view, Wishes(mode, seconds, ready_file)))
        finally:
            view.close()
    finally:
        lock.release()


def _view(place: Place, *, plain: bool, as_json: bool) -> View:
    if as_json:
        return JsonView()
    if plain or not sys.stdout.isatty():
        return PlainView()
    from decnet.up.live import LiveView

    logging.disable(logging.WARNING)  # it would draw over the page; the workers' logs are in files
    return LiveView(f"DECNET  {place.state.root}")
