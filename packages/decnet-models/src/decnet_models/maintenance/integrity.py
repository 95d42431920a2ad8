# SPDX-License-Identifier: MIT
"""Checks the database itself: pages, indexes and references; says where damage is and what can be saved of it.

SQLite's own check is complete and fast, but names neither table nor index of a damaged page. Only when it finds damage
are the pages read by `sqlite_pages` as well.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import reading, sqlite_file
from decnet_models.errors import DatabaseError, reason
from decnet_models.maintenance.access import Say, engine_at, file_at
from decnet_models.maintenance.damage import Damage, from_sentences, from_walk
from decnet_models.salvage.target import expected_tables
from decnet_models.sqlite_pages.page_file import opened
from decnet_models.sqlite_pages.readable import Readable, read_all

MOST = 100
"""Damages that are listed; one broken page can cause thousands."""

_OPERATIONS = 1_000_000

_INVALID = """
    SELECT 'index ' || c.relname || ' is not valid; rebuild it with REINDEX'
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT (i.indisvalid AND i.indisready) AND n.nspname = current_schema()
    UNION ALL
    SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' was never validated'
    FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
"""
_BTREES = """
    SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'btree' AND i.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""
_TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND to_regproc('verify_heapam') IS NOT NULL
"""
_ONLY_THAT = {"database disk image is malformed", "file is not a database"}
_NOT_READ = (
    "indexes and tables were not read: the server checks them with its extension amcheck (as superuser: CREATE "
    "EXTENSION amcheck)"
)
_CORRUPT = "XX"
"""The class of SQLSTATE for internal errors: XX001 is data_corrupted, XX002 index_corrupted."""


class Savable(msgspec.Struct, frozen=True):
    """A damaged table: rows that can be read, and about how many it had, if an undamaged index tells."""

    table: str
    readable: int
    had: int | None = None


class Examined(msgspec.Struct):
    """What a check found; `remarks` say what was not checked, and why."""

    damages: list[Damage] = []
    savable: list[Savable] = []
    remarks: list[str] = []

    @property
    def only_indexes(self) -> bool:
        """Whether all damage is in indexes, which can be made anew."""
        kinds = {damage.kind for damage in self.damages}
        return "index" in kinds and kinds <= {"index", "unused"}


def examine(url: str, say: Say) -> Examined:
    """Check the database at `url`.

    On SQLite all pages, indexes and references are read. PostgreSQL enforces references itself: indexes and constraints
    that it lists as not valid are reported, and with the extension amcheck every B-tree and table is read.
    """
    file = sqlite_file(url)
    return _of_postgresql(url, say) if file is None else _of_sqlite(file, say)


def damages(url: str, say: Say) -> list[str]:
    """Return what is broken, one sentence each; empty: nothing."""
    return [damage.words for damage in examine(url, say).damages]


def words(found: Examined) -> Iterator[str]:
    """Yield what was found, what can be saved and what to do, for people."""
    yield from (damage.words for damage in found.damages)
    for table in found.savable:
        had = f" of {table.had:,}" if table.had is not None else ""
        yield f"of table {table.table} {table.readable:,}{had} rows can be read"
    if found.only_indexes:
        yield "only indexes are damaged, no row is lost: workers rebuild them when they meet the damage, and so does "
        yield "`decnet-db reindex`"
    elif any(damage.kind in {"table", "schema", "file", "free list"} for damage in found.damages):
        yield "`decnet-db salvage NEW` saves what can be read into a new file; or restore a backup"
    elif any(damage.kind == "unused" for damage in found.damages):
        yield "no row is lost; `decnet-db vacuum` frees the pages"


def _of_sqlite(file: Path, say: Say) -> Examined:
    sentences, dangling = _sentences(file, say)
    if not sentences:
        return Examined(dangling)
    with tempfile.TemporaryDirectory(prefix="decnet-check-") as folder, opened(file) as pages:
        readable = read_all(pages, expected_tables(Path(folder)), say, thorough=False)
        walked = list(from_walk(readable))
        found = _distinct([*from_sentences(sentences, readable), *walked], beside_others=bool(walked))
        savable = [_savable(readable, table.tree.name) for table in readable.tables() if not table.whole]
    return Examined([*found, *dangling], savable)


def _sentences(file: Path, say: Say) -> tuple[list[str], list[Damage]]:
    """Return what SQLite says of its pages and indexes (nothing: all is well), and of its references."""
    began = time.monotonic()
    pages: list[str] = []
    lost: list[tuple[Any, ...]] = []
    try:
        with file_at(file, doing="check") as connection:
            connection.set_progress_handler(
                lambda: say(f"checking pages: {time.monotonic() - began:.0f} s"), _OPERATIONS
            )
            pages += (row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST})"))
            if pages == ["ok"]:
                lost = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST)
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError) and _is_damage(error.__cause__):
            return pages or [str(error.__cause__)], []
        raise
    return [] if pages == ["ok"] else pages, [_dangling(*row) for row in lost]


def _dangling(table: str, row: int | None, parent: str, _: int) -> Damage:
    message = f"{'a row' if row is None else f'row {row}'} of {table} refers to a {parent} that is not there"
    return Damage(message, "reference", table, table)


def _savable(readable: Readable, table: str) -> Savable:
    counts = [index.records for index in readable.indexes_of(table)]
    return Savable(table, readable.survey.walked[table].records, max(counts, default=None))


def _distinct(found: Iterable[Damage], *, beside_others: bool) -> list[Damage]:
    """Return each damaged page once for each thing it belongs to: SQLite's sentences come first, and say more.

    What says only that there is damage is left out `beside_others`, as are pages that are out of reach because of it.
    """
    kept: dict[object, Damage] = {}
    for damage in found:
        if beside_others and (damage.kind == "unused" or damage.message in _ONLY_THAT):
            continue
        key = (damage.kind, damage.name, damage.page) if damage.page else damage
        kept.setdefault(key, damage)
    return list(kept.values())[:MOST]


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _of_postgresql(url: str, say: Say) -> Examined:
    with engine_at(url, doing="check", read_only=True) as engine, reading(engine) as connection:
        found = Examined([Damage(sentence, "file") for sentence in connection.execute(text(_INVALID)).scalars()])
        if not connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")).first():
            found.remarks.append(_NOT_READ)
            return found
        for index in connection.execute(text(_BTREES)).scalars().all():
            say(f"checking index {index}")
            _read(connection, "SELECT bt_index_check(CAST(:name AS regclass))", "index", index, found)
        for table in connection.execute(text(_TABLES)).scalars().all():
            say(f"checking table {table}")
            statement = "SELECT blkno, msg FROM verify_heapam(CAST(:name AS regclass))"
            for block, message in _read(connection, statement, "table", table, found):
                found.damages.append(Damage(message, "table", table, table, block))
    return found


def _read(
    connection: Connection, statement: str, kind: str, name: str, found: Examined
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Let amcheck read an index or table and return its rows; damage that it raises as an error is added to `found`."""
    try:
        with connection.begin_nested():
            return connection.execute(text(statement), {"name": name}).fetchmany(MOST)
    except DBAPIError as error:
        if (getattr(error.orig, "sqlstate", None) or "").startswith(_CORRUPT):
            found.damages.append(Damage(reason(error), kind, name))
        else:
            found.remarks.append(f"{kind} {name} was not read: {reason(error)}")
        return ()
