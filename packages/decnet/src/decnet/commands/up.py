# SPDX-License-Identifier: MIT
"""`decnet up`: the whole fleet in the foreground, until Ctrl-C.

In fork mode this process becomes the zygote of the workers and of their supervisor, which shows the fleet: all
share the pages of what is imported here, once. It is single-threaded and has no event loop, so that forking is safe.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from decnet.cli.errors import FAILED, WrongUsageError
from decnet.cli.options import Json, application
from decnet.command import guarded
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.up import own_address
from decnet.up.hosting import HELP, Hosting
from decnet.up.known_sections import refuse_unknown
from decnet.up.revival import course, reviving
from decnet.up.run import RunOptions, prepare, run, workers
from decnet.up.view import JsonView, PlainView, View
from decnet_core.runtime import worker_registry
from decnet_core.supervise.settings import SuperviseSettings

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
        int, typer.Option(min=0, max=60_000, help="Add this to its ports: without root those below 1024 are refused.")
    ] = 0,
    host: Annotated[Hosting, typer.Option(help=HELP)] = Hosting.FORK,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="Stop after this many seconds.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="File to write once every worker is ready.")] = None,
) -> None:
    """Bring up database, bus and every installed worker here; Ctrl-C stops them, a second one kills them."""
    if plain and as_json:
        raise WrongUsageError("--plain and --json exclude each other")
    own_address.choose(address, port_offset)
    deployment = find_deployment()
    refuse_unknown(deployment.settings)
    own_address.check(deployment.settings)
    supervision = deployment.settings.section("supervise", SuperviseSettings)
    watched = sys.stderr.isatty()
    if watched:
        typer.echo(f"starting the fleet in {deployment.state.root}", err=True)
    lock = prepare(deployment)
    page = not (plain or as_json) and sys.stdout.isatty()
    former = course(seconds)
    options = RunOptions(former.seconds_left, ready_file, os.getpid())

    def supervise(zygote: socket.socket | None) -> int:
        view = _view(deployment, page=page, as_json=as_json)
        try:
            whole = asyncio.run(run(deployment, view, options, host, zygote))
        finally:
            view.close()
        return 0 if whole else FAILED

    if host is Hosting.FORK and watched:
        typer.echo("loading the workers", err=True)
    try:
        code = (
            _fork(deployment, supervise, reviving(former, supervision, page=page))
            if host is Hosting.FORK
            else supervise(None)
        )
    finally:
        lock.release()
    raise typer.Exit(code)


def _fork(deployment: Deployment, supervise: Callable[[socket.socket], int], killed: Callable[[int], NoReturn]) -> int:
    """Run as the workers' zygote until the supervisor is done; return its exit code."""
    from decnet_core.supervise.fork import zygote

    os.environ["DECNET_STATE_DIR"] = str(deployment.state.root.absolute())

    def supervised(channel: socket.socket) -> int:
        # Ctrl-C reaches the parent, which passes it on: in the same process group we would get it twice. In a session
        # of its own this process has no controlling terminal, so it may write to that one and read its keys.
        os.setsid()
        try:
            return guarded(lambda: supervise(channel))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()

    return zygote.run_with_supervisor(worker_registry.first_zygotes(workers(deployment)), supervised, killed)


def _view(deployment: Deployment, *, page: bool, as_json: bool) -> View:
    if as_json:
        return JsonView()
    if not page:
        return PlainView()
    from decnet.up.live import LiveView

    return LiveView(str(deployment.state.root))
