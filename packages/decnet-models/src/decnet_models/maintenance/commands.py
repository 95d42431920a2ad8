# SPDX-License-Identifier: MIT
"""`decnet-db backup`, `restore`, `salvage`, `reindex`, `vacuum`, with progress once a second."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet_models.database.engine import shown
from decnet_models.maintenance.console import Json, Progress, SettingsFile, Url, or_exit, say, url_of

MIB = 1 << 20


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; must not exist.")],
    url: Url = "",
    settings: SettingsFile = None,
    as_json: Json = False,
) -> None:
    """Copy the database to a file while the fleet runs; it is the state of one moment."""
    from decnet_models.maintenance.backup import backup as make

    place, progress = url_of(url, settings), Progress(silent=as_json)
    made = or_exit(lambda: make(place, file, progress))
    progress.end()
    say(
        msgspec.to_builtins(made),
        f"{shown(place)} at {made.revision}: {made.bytes / MIB:.1f} MiB in {file}, checksum beside it",
        as_json,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `decnet-db backup` wrote.")],
    url: Url = "",
    settings: SettingsFile = None,
    unverified: Annotated[bool, typer.Option("--unverified", help="Though the file's checksum is not there.")] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into a database that is empty or does not exist; anything else is rejected."""
    from decnet_models.maintenance.restore import restore as bring_back
    from decnet_models.migrations.chain import newest_revision

    place, progress = url_of(url, settings, create=True), Progress(silent=as_json)
    done = or_exit(lambda: bring_back(place, file, progress, verified=not unverified))
    progress.end()
    next_ = "" if done.revision == newest_revision() else "; run `decnet-db upgrade`"
    say(msgspec.to_builtins(done), f"{done.database} restored from {file}, at {done.revision}{next_}", as_json)


def salvage(
    file: Annotated[Path, typer.Argument(help="The new database; must not exist.")],
    url: Url = "",
    settings: SettingsFile = None,
    as_json: Json = False,
) -> None:
    """Save what can be read of a damaged SQLite database into a new one; the old one is not changed.

    Exit code 1 when rows are lost or were set aside. Stop the fleet first, and then put the new file in the old one's
    place.
    """
    from decnet_models.salvage.report import lines
    from decnet_models.salvage.salvage import salvage as save

    place, progress = url_of(url, settings), Progress(silent=as_json)
    report = or_exit(lambda: save(place, file, progress))
    progress.end()
    say(msgspec.to_builtins(report), "\n".join(lines(report)), as_json)
    if not report.complete:
        raise typer.Exit(1)


def reindex(url: Url = "", settings: SettingsFile = None, as_json: Json = False) -> None:
    """Rebuild damaged indexes of a SQLite database, after a copy; workers do so by themselves, once.

    On PostgreSQL, REINDEX is the server's own command.
    """
    from decnet_models.maintenance.reindex import reindex as renew

    place = url_of(url, settings)
    done = or_exit(lambda: renew(place))
    vacuum_next = "" if done.vacuumed else "; run `decnet-db vacuum`"
    words = f"rebuilt {', '.join(done.indexes)}; the damaged file is kept as {done.copy}{vacuum_next}"
    say(msgspec.to_builtins(done), words if done.indexes else f"{shown(place)}: no index is damaged", as_json)


def vacuum(
    url: Url = "",
    settings: SettingsFile = None,
    full: Annotated[
        bool, typer.Option("--full", help="PostgreSQL: return the space to the disk; locks each table meanwhile.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Free the space of deleted rows. On SQLite, writers wait until it is done."""
    from decnet_models.maintenance.vacuum import vacuum as clean

    place, progress = url_of(url, settings), Progress(silent=as_json)
    done = or_exit(lambda: clean(place, progress, full=full))
    progress.end()
    words = f"{shown(place)}: {done.before / MIB:.1f} MiB before, {done.after / MIB:.1f} MiB after"
    say({"database": shown(place), **msgspec.to_builtins(done)}, words, as_json)
