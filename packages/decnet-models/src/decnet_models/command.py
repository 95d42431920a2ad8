# SPDX-License-Identifier: MIT
"""`decnet-db`: upgrade the database, show its revision, check and maintain it."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet_models.database.engine import open_engine, reading, shown
from decnet_models.database.schema import current_revision, serves
from decnet_models.maintenance import commands as maintenance
from decnet_models.maintenance.console import Json, Progress, SettingsFile, Url, or_exit, say, url_of
from decnet_models.migrations.chain import newest_revision

Phases = Annotated[
    str,
    typer.Option(
        help="While hosts are upgraded one by one: `before` the first of them only adds to the schema, `after` the "
        "last takes away what the old version used. `all`, for a fleet that stands, is both."
    ),
]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # which takes "[database]" for markup, and shows nothing of it
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command()(maintenance.backup)
app.command()(maintenance.restore)
app.command()(maintenance.salvage)
app.command()(maintenance.reindex)
app.command()(maintenance.vacuum)


def main() -> None:
    """Be the console script."""
    app(prog_name="decnet-db")


def _show_version(wanted: bool) -> None:  # typer's callback
    if wanted:
        from importlib.metadata import version

        typer.echo(f"decnet-db {version('decnet-models')}")
        raise typer.Exit


@app.callback(help="The fleet's database: upgrade, check, backup.")
def _options(
    settings: SettingsFile = None,
    state: Annotated[Path | None, typer.Option(help="The fleet's state directory.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    for variable, path in (("DECNET_SETTINGS", settings), ("DECNET_STATE_DIR", state)):
        if path is not None:
            os.environ[variable] = str(path.absolute())


@app.command()
def upgrade(
    url: Url = "",
    settings: SettingsFile = None,
    phase: Phases = "all",
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another upgrade.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Migrate the database to this version; creates it when there is none."""
    from decnet_models.migrations.upgrade import Phase
    from decnet_models.migrations.upgrade import upgrade as migrate

    if phase not in list(Phase):
        raise typer.BadParameter(f"is one of {', '.join(Phase)}", param_hint="--phase")
    place = url_of(url, settings, create=True)
    before, after = or_exit(lambda: migrate(place, Phase(phase), wait_seconds=wait))
    words = "is already at" if before == after else f"upgraded from {before or 'nothing'} to"
    say({"database": shown(place), "before": before, "after": after}, f"{shown(place)} {words} {after}", as_json)


@app.command()
def current(url: Url = "", settings: SettingsFile = None, as_json: Json = False) -> None:
    """Show the database's revision; exit code 1 when this version cannot work with it."""
    place = url_of(url, settings)
    (has, usable), needs = or_exit(lambda: _current(place)), newest_revision()
    if has == needs:
        words = "current"
    elif has is not None and has > needs and not usable:
        words = f"newer than this version's {needs}; install the newer version, or restore a backup of this one's"
    elif usable:
        words = f"this version's is {needs}; both work while the fleet is being upgraded"
    else:
        words = f"this version needs {needs}; run `decnet-db upgrade`"
    say(
        {"database": shown(place), "current": has, "newest": needs, "usable": usable},
        f"{shown(place)} is at {has or 'nothing'}: {words}",
        as_json,
    )
    if not usable:
        raise typer.Exit(1)


@app.command()
def check(
    url: Url = "",
    settings: SettingsFile = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare the schema only; do not read all data.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the schema with the classes; name the table or index and the page of each damage, and what can be saved.

    Exit code 1 when there is any damage, broken reference or difference.
    """
    from decnet_models.maintenance.integrity import Examined, examine, words
    from decnet_models.migrations.check import check as compare

    place, progress = url_of(url, settings), Progress(silent=as_json)
    found = Examined() if quick else or_exit(lambda: examine(place, progress))
    progress.end()
    differences = [] if found.damages else or_exit(lambda: compare(place))
    sound = f"{shown(place)}: schema and classes agree" + ("" if quick else ", nothing is damaged")
    answer = {"database": shown(place), "differences": differences, **msgspec.to_builtins(found)}
    text = [*words(found), *differences]
    say(answer, "\n".join([*(text or [sound]), *found.remarks]), as_json)
    if found.damages or differences:
        raise typer.Exit(1)


@app.command()
def grants(
    url: Url = "",
    settings: SettingsFile = None,
    apply: Annotated[bool, typer.Option("--apply", help="Run it, as the database's owner.")] = False,
    as_json: Json = False,
) -> None:
    """Print the SQL that gives each worker a PostgreSQL role which may write its own tables only."""
    from decnet_core.runtime import worker_registry
    from decnet_models.database import grants as roles
    from decnet_models.database.domains import all_tables

    statements = roles.grants(all_tables(), worker_registry.names())
    place = url_of(url, settings) if apply else ""
    if apply:
        or_exit(lambda: roles.apply(place, statements))
        text = f"{shown(place)}: {len(statements)} statements; now give the roles passwords or map users to them"
    else:
        text = ";\n".join(statements) + ";"
    say({"applied": apply, "statements": statements}, text, as_json)


def _current(url: str) -> tuple[str | None, bool]:
    engine = open_engine(url, read_only=True)
    try:
        with reading(engine) as connection:
            has = current_revision(connection)
            return has, has is not None and serves(connection, has)
    finally:
        engine.dispose()
