# SPDX-License-Identifier: MIT
"""`decnet-db backup`, `restore`, `vacuum`, with progress once a second."""

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
    from decnet_models.database.schema import newest_revision
    from decnet_models.maintenance.restore import restore as bring_back

    place, progress = url_of(url, settings, create=True), Progress(silent=as_json)
    done = or_exit(lambda: bring_back(place, file, progress, verified=not unverified))
    progress.end()
    next_ = "" if done.revision == newest_revision() else "; run `decnet-db upgrade`"
    say(msgspec.to_builtins(done), f"{done.database} restored from {file}, at {done.revision}{next_}", as_json)


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
