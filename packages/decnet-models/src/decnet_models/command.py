# SPDX-License-Identifier: MIT
"""`decnet-db`: bring the database to this version, say where it is, check it against the classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.exc import DBAPIError

from decnet_core.settings import Settings, SettingsError
from decnet_core.state import State, StateError, StateSettings
from decnet_models.database import database_url
from decnet_models.engine import open_engine, reading, shown
from decnet_models.errors import DatabaseError, reason
from decnet_models.schema import current_revision, newest_revision

T = TypeVar("T")

Url = Annotated[
    str, typer.Option(help="Database URL; default: the settings' [database] url, else the state directory's.")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; default: /etc/decnet/decnet.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Be the console script."""
    app(prog_name="decnet-db")


def _version(wanted: bool) -> None:  # typer's callback
    if wanted:
        from importlib.metadata import version

        typer.echo(f"decnet-db {version('decnet-models')}")
        raise typer.Exit


@app.callback(help="The fleet's database: upgrade it, check it, say where it is.")
def _options(
    version: Annotated[  # handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command()
def upgrade(url: Url = "", settings: SettingsFile = None, as_json: Json = False) -> None:
    """Migrate the database to this version; makes a new one when there is none."""
    from decnet_models.migrations.upgrade import upgrade as migrate

    place = _url(url, settings, create=True)
    before, after = _or_exit(lambda: migrate(place))
    words = "is already at" if before == after else f"upgraded from {before or 'nothing'} to"
    _say({"database": shown(place), "before": before, "after": after}, f"{shown(place)} {words} {after}", as_json)


@app.command()
def current(url: Url = "", settings: SettingsFile = None, as_json: Json = False) -> None:
    """Say which migration the database is at; exit code 1 when it is not this version's."""
    place = _url(url, settings)
    has, needs = _or_exit(lambda: _current(place)), newest_revision()
    words = "current" if has == needs else f"this version needs {needs}; run `decnet-db upgrade`"
    _say(
        {"database": shown(place), "current": has, "newest": needs},
        f"{shown(place)} is at {has or 'nothing'}: {words}",
        as_json,
    )
    if has != needs:
        raise typer.Exit(1)


@app.command()
def check(url: Url = "", settings: SettingsFile = None, as_json: Json = False) -> None:
    """Compare the migrated schema with the classes; exit code 1 when they differ."""
    from decnet_models.migrations.check import check as compare

    place = _url(url, settings)
    found = _or_exit(lambda: compare(place))
    text = "\n".join(found) or f"{shown(place)}: schema and classes agree"
    _say({"database": shown(place), "differences": found}, text, as_json)
    if found:
        raise typer.Exit(1)


def _url(url: str, settings_file: Path | None, *, create: bool = False) -> str:
    if url:
        _or_exit(lambda: shown(url))
        return url
    settings = _or_exit(lambda: Settings.load(settings_file))
    state = State.of(_or_exit(lambda: settings.section("state", StateSettings)))
    if create:
        _or_exit(state.create)
    found = _or_exit(lambda: database_url(settings, state))
    _or_exit(lambda: shown(found))
    return found


def _current(url: str) -> str | None:
    engine = open_engine(url, read_only=True)
    try:
        with reading(engine) as connection:
            return current_revision(connection)
    finally:
        engine.dispose()


def _or_exit(work: Callable[[], T]) -> T:
    try:
        return work()
    except (DatabaseError, SettingsError, StateError) as error:
        typer.echo(f"decnet-db: {error}", err=True)
    except DBAPIError as error:
        typer.echo(f"decnet-db: the database cannot be read: {reason(error)}", err=True)
    raise typer.Exit(2)


def _say(values: dict[str, Any], text: str, as_json: bool) -> None:
    typer.echo(json.dumps(values) if as_json else text)
