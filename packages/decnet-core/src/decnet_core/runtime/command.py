# SPDX-License-Identifier: MIT
"""The command line of a worker's console script; loaded only when there are arguments, for it costs typer."""

import importlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from decnet_core.exits import Exit, StartupError
from decnet_core.runtime.hosted import Hosted
from decnet_core.settings import Settings, SettingsError


def build(worker: type[Hosted[Any]]) -> typer.Typer:
    """Return the worker's command line: run it, `--version`, `--check-settings`, and its own commands."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # which takes "[address]" for markup, and shows nothing of it
        help=worker.__doc__,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    distribution = worker.__module__.partition(".")[0].replace("_", "-")

    def show_version(wanted: bool) -> None:  # typer's callback signature
        if wanted:
            typer.echo(f"decnet-{worker.name} {version(distribution)}")
            raise typer.Exit

    @app.callback(invoke_without_command=True)
    def run(
        context: typer.Context,
        settings: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
        state: Annotated[Path | None, typer.Option(help="The fleet's state directory.")] = None,
        check_settings: Annotated[bool, typer.Option(help="Check the settings and exit.")] = False,
        _version: Annotated[
            bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        for variable, path in (("DECNET_SETTINGS", settings), ("DECNET_STATE_DIR", state)):
            if path is not None:
                os.environ[variable] = str(path.absolute())
        if context.invoked_subcommand is not None:
            return
        if check_settings:
            raise typer.Exit(_check(worker, settings))
        from decnet_core.runtime.process import run as run_process

        raise typer.Exit(run_process(worker, settings))

    run.__doc__ = worker.__doc__
    if worker.commands:
        importlib.import_module(worker.commands).register(app)
    return app


def _check(worker: type[Hosted[Any]], file: Path | None) -> int:
    try:
        worker.check(Settings.load(file).section(worker.name, worker.Settings))
    except (SettingsError, StartupError) as error:
        typer.echo(str(error), err=True)
        return Exit.STARTUP_FAILED
    typer.echo(f"settings of {worker.name}: good")
    return Exit.STOPPED


def main(worker: type[Hosted[Any]]) -> int:
    """Run the command line; return the exit code."""
    code = build(worker)(standalone_mode=True)
    return int(code or 0)
