# SPDX-License-Identifier: MIT
"""Reads a damaged file and writes the new one beside it, which gets its name only when it is complete and checked.

The old file is only read, in one state of it: where SQLite can still open it, a read transaction keeps that from being
overwritten.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from decnet_models.database.engine import sqlite_file
from decnet_models.database.schema import ADOPTED
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.access import OURS, Say, discard
from decnet_models.maintenance.backup import sync
from decnet_models.migrations.chain import newest_revision, revisions
from decnet_models.salvage.numbering import continue_numbering, place_lost_cursors
from decnet_models.salvage.references import resolve
from decnet_models.salvage.report import Report
from decnet_models.salvage.table_rows import TableCopier
from decnet_models.salvage.target import Target, expected_of, make_empty
from decnet_models.sqlite_pages.page_file import PageFile, opened
from decnet_models.sqlite_pages.readable import Readable, read_all
from decnet_models.sqlite_pages.survey import rows

_NOT_COPIED = (*OURS, "sqlite_sequence")
_CURSORS = "worker_cursor"
_READABLE_BY_OWNER = 0o600


def salvage(url: str, file: Path, say: Say) -> Report:
    """Save what can be read of the database at `url` into `file`, which must not exist.

    Raises DatabaseError when there is no SQLite file to read, `file` exists, or it cannot be written.
    """
    source = sqlite_file(url)
    if source is None:
        raise DatabaseError(
            "salvage reads the files of SQLite; of a damaged PostgreSQL, restore a backup, or see zero_damaged_pages "
            "and pg_resetwal in its manual"
        )
    if not source.exists():
        raise DatabaseError(f"there is no file {source}")
    if file.exists() or _aside_of(file).exists():
        raise DatabaseError(f"{file} already exists; name another file")
    partial = file.with_name(f"{file.name}.partial")
    try:
        return _salvage(source, file, partial, say)
    except OSError as error:
        raise DatabaseError(f"cannot salvage {source} into {file}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise DatabaseError(f"cannot write {file}: {error}") from error
    finally:
        discard(partial)
        _aside_of(partial).unlink(missing_ok=True)


def _salvage(source: Path, file: Path, partial: Path, say: Say) -> Report:
    with _held(source), opened(source) as pages:
        _make(partial, newest_revision())
        say("reading the schema")
        readable = read_all(pages, expected_of(partial), say)
        revision = _revision(readable)
        if revision != newest_revision():
            _make(partial, revision)
        with open(_aside_of(partial), "x", encoding="utf-8", opener=_private) as aside:
            target = Target(partial, aside)
            try:
                report = _fill(target, readable, Report(str(source), str(file), revision, [], readable.undecided), say)
            finally:
                target.connection.close()
        _require_unchanged(pages, source)
    say("checking the new file")
    _require_sound(partial)
    _publish(source, partial, file, report)
    return report


def _fill(target: Target, readable: Readable, report: Report, say: Say) -> Report:
    copier = TableCopier(readable, target, say)
    for table in readable.tables():
        if table.tree.name not in _NOT_COPIED:
            report.tables.append(copier.copy(table))
    by_name = {table.name: table for table in report.tables}
    for name, count in resolve(target).items():
        by_name[name].saved -= count
        by_name[name].set_aside += count
    report.moved_cursors = place_lost_cursors(
        target.connection, {str(row["worker"]) for row in copier.lost_rows.get(_CURSORS, []) if row.get("worker")}
    )
    continue_numbering(target.connection, _sequences(readable), report.tables)
    target.connection.execute("COMMIT")
    report.tables.sort(key=lambda table: table.name)
    return report


def _make(partial: Path, revision: str) -> None:
    discard(partial)
    _aside_of(partial).unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _READABLE_BY_OWNER))
    make_empty(partial, revision)


def _revision(readable: Readable) -> str:
    """Return the revision of the old file if that can be read and is known, else the newest."""
    table = readable.survey.walked.get("alembic_version")
    for *_, values in rows(readable.survey, table) if table else ():
        revision = str(values[0]) if values else ""
        if ADOPTED.get(revision, revision) in revisions():
            return ADOPTED.get(revision, revision)
    return newest_revision()


def _sequences(readable: Readable) -> dict[str, int]:
    table = readable.survey.walked.get("sqlite_sequence")
    found: dict[str, int] = {}
    for *_, values in rows(readable.survey, table) if table else ():
        match values:
            case (str(name), int(number)):
                found[name] = max(number, found.get(name, 0))
    return found


@contextmanager
def _held(source: Path) -> Iterator[None]:
    """Hold a read transaction of the old file, if it may be in use (there is a log) and SQLite can open it."""
    if not source.with_name(f"{source.name}-wal").exists():
        yield
        return
    with closing(sqlite3.connect(f"file:{quote(str(source.absolute()))}?mode=ro", uri=True)) as connection:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
        yield


def _require_unchanged(pages: PageFile, source: Path) -> None:
    if not pages.same_log():
        raise DatabaseError(f"{source} was written to meanwhile: stop the fleet, and try again")


def _require_sound(partial: Path) -> None:
    with closing(sqlite3.connect(partial)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    if found != ["ok"] or dangling:
        raise DatabaseError(f"the new file is not sound ({found[0]}); this is a defect of DECNET")


def _publish(source: Path, partial: Path, file: Path, report: Report) -> None:
    """Give the new file its name, and owner and permissions of the old one."""
    beside = _aside_of(partial)
    for written in (partial, beside):
        _like(source, written)
        sync(written)
    if beside.stat().st_size:
        os.link(beside, _aside_of(file))
        report.set_aside_file = str(_aside_of(file))
    os.link(partial, file)  # unlike a rename, never over another file
    sync(file.parent)


def _like(source: Path, written: Path) -> None:
    had = source.stat()
    with contextlib.suppress(PermissionError):
        os.chown(written, had.st_uid, had.st_gid)
    written.chmod(had.st_mode & 0o777)


def _aside_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.set-aside.jsonl")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _READABLE_BY_OWNER)
