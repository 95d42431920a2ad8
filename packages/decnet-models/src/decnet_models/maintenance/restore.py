# SPDX-License-Identifier: MIT
"""Restores a backup: checked first, only into an empty database, completely or not at all."""

import os
import zlib
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import reading, shown, sqlite_file, writing
from decnet_models.database.schema import current_revision
from decnet_models.errors import DatabaseError, reason
from decnet_models.maintenance.access import (
    Say,
    data_tables,
    discard,
    engine_at,
    file_at,
    require_empty,
    require_known,
    revision_at,
)
from decnet_models.maintenance.archive import load_archive, open_archive
from decnet_models.maintenance.backup import PAGES, sync
from decnet_models.maintenance.checksum import verify
from decnet_models.maintenance.integrity import damages
from decnet_models.migrations.upgrade import exclusive, migrate_to, set_floor

_SQLITE = b"SQLite format 3\0"
_ZIP = b"PK\x03\x04"


class Restored(msgspec.Struct, frozen=True):
    """The result of a restore, with its revision; an older version's needs `decnet-db upgrade`."""

    database: str
    revision: str


def restore(url: str, file: Path, say: Say, *, verified: bool = True) -> Restored:
    """Restore the backup `file` into the database at `url`, which must be empty or not exist.

    Unless `verified`, the file's checksum is not looked for.
    Raises DatabaseError, and changes nothing, when the file is damaged, from a newer version or from the other kind of
    database, and when there are rows already.
    """
    target, made_of = sqlite_file(url), _made_of(file)
    if made_of != ("PostgreSQL" if target is None else "SQLite"):
        raise DatabaseError(f"{file} is the backup of a {made_of} database; {shown(url)} is another kind")
    if verified:
        verify(file)
    revision = _restore_postgresql(url, file, say) if target is None else _restore_sqlite(target, file, say)
    return Restored(shown(url), revision)


def _made_of(file: Path) -> Literal["SQLite", "PostgreSQL"]:
    try:
        with file.open("rb") as stream:
            magic = stream.read(len(_SQLITE))
    except OSError as error:
        raise DatabaseError(f"cannot read {file}: {error.strerror}") from error
    if magic == _SQLITE:
        return "SQLite"
    if magic.startswith(_ZIP):
        return "PostgreSQL"
    raise DatabaseError(f"{file} is no backup made by `decnet-db backup`")


def _restore_sqlite(target: Path, file: Path, say: Say) -> str:
    url = f"sqlite:///{file}"
    say(f"checking {file}")
    problems = damages(url, say)
    if problems:
        raise DatabaseError(f"{file} is damaged: {problems[0]}")
    with engine_at(url, doing="read", read_only=True) as engine:
        revision = require_known(revision_at(engine))
    if target.exists():
        with engine_at(f"sqlite:///{target}", doing="restore into") as engine, reading(engine) as connection:
            require_empty(connection)
        _copy(file, target, say)
    else:
        _make(file, target, say)
    return revision


def _make(file: Path, target: Path, say: Say) -> None:
    partial = target.with_name(f"{target.name}.restoring")
    try:
        discard(partial)
        _copy(file, partial, say)
        sync(partial)
        os.link(partial, target)  # unlike a rename, never over another file
        sync(target.parent)
    except OSError as error:
        raise DatabaseError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        discard(partial)


def _copy(file: Path, target: Path, say: Say) -> None:
    """Copy in one transaction of the target: other connections see nothing of it, or all."""
    with file_at(file, doing="read") as origin, file_at(target, doing="write", mode="rwc") as copy:
        origin.backup(
            copy, pages=PAGES, progress=lambda _, left, pages: say(f"{(pages - left) * 100 // max(pages, 1)} %")
        )


def _restore_postgresql(url: str, file: Path, say: Say) -> str:
    archive, manifest = open_archive(file)
    revision = require_known(manifest.revision)
    with archive, engine_at(url, doing="restore into") as engine:
        try:
            with writing(engine) as connection:
                exclusive(connection)
                _prepare(connection, revision)
                load_archive(connection, archive, manifest, say)
        except (BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise DatabaseError(f"{file} is damaged: {error}") from error
        except DBAPIError as error:
            raise DatabaseError(f"cannot restore {file} into {shown(url)}: {reason(error)}") from error
    return revision


def _prepare(connection: Connection, revision: str) -> None:
    """Create the tables of the backup's revision, empty."""
    has = current_revision(connection)
    if data_tables(connection):
        require_empty(connection)
    if has not in (None, revision):
        raise DatabaseError(f"the backup is at {revision}, the empty database at {has}; make a new database")
    if has is None:
        migrate_to(connection, revision)
        set_floor(connection, revision)
    names = ", ".join(f'"{name}"' for name in data_tables(connection))
    connection.execute(text(f"TRUNCATE {names}"))  # what migrations wrote comes again with the backup
