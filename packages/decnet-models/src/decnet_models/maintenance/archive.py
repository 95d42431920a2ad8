# SPDX-License-Identifier: MIT
"""A backup of a PostgreSQL database: a zip of the `COPY` output of each table, and a manifest.

The schema is not in it: the migrations create it, up to the revision in the manifest. So no `pg_dump` of the server's
version is needed, and the archive fits any version of PostgreSQL. All tables are read in one snapshot (REPEATABLE
READ), without a lock that would delay a writer. A zip's directory is at its end and each entry has a checksum, so
truncation and damage are detected.
"""

import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, inspect, text

from decnet_models.database.statements import driver_errors
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.access import Say, data_tables

FORMAT = 1
MANIFEST = "manifest.json"

_CHUNK = 1 << 18


class TableCopy(msgspec.Struct, frozen=True):
    """One table: its columns in the order of the data, its rows, and the state of its sequences (column: next)."""

    name: str
    columns: list[str]
    rows: int
    numbering: dict[str, int] = {}


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds."""

    revision: str
    tables: list[TableCopy]
    format: int = FORMAT


def write_archive(connection: Connection, file: BinaryIO, revision: str, say: Say) -> Manifest:
    """Write all data that the connection's snapshot shows."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        tables = [_write_table(connection, archive, table, say) for table in data_tables(connection)]
        manifest = Manifest(revision, tables)
        archive.writestr(MANIFEST, msgspec.json.encode(manifest))
    return manifest


def open_archive(file: Path) -> tuple[zipfile.ZipFile, Manifest]:
    """Open an archive; DatabaseError when it is truncated, damaged or not an archive."""
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise DatabaseError(f"{file} is no complete backup: {error}") from error
    try:
        return archive, _manifest(archive)
    except (KeyError, zipfile.BadZipFile, msgspec.DecodeError) as error:
        archive.close()
        raise DatabaseError(f"{file} is no backup of a DECNET database: {error}") from error


def load_archive(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest, say: Say) -> None:
    """Insert the archive's rows into the empty tables of the connection's transaction."""
    for table in manifest.tables:
        _load_table(connection, archive, table, say)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    if manifest.format != FORMAT:
        raise DatabaseError(f"the backup has format {manifest.format}, this version reads {FORMAT}")
    return manifest


def _write_table(connection: Connection, archive: zipfile.ZipFile, table: str, say: Say) -> TableCopy:
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    written, driver = 0, _driver(connection)
    with (
        driver_errors(connection),
        driver.cursor() as cursor,
        archive.open(_entry(table), "w", force_zip64=True) as entry,
    ):
        with cursor.copy(f"COPY {_named(table, columns)} TO STDOUT") as copy:
            for block in copy:
                written += entry.write(block)
                say(f"{table}: {written >> 20} MiB")
        rows = cursor.rowcount
    return TableCopy(table, columns, rows, _numbering(connection, table, columns))


def _load_table(connection: Connection, archive: zipfile.ZipFile, table: TableCopy, say: Say) -> None:
    read, driver = 0, _driver(connection)
    with driver_errors(connection), driver.cursor() as cursor, archive.open(_entry(table.name)) as entry:
        with cursor.copy(f"COPY {_named(table.name, table.columns)} FROM STDIN") as copy:
            while block := entry.read(_CHUNK):
                copy.write(block)
                read += len(block)
                say(f"{table.name}: {read >> 20} MiB")
        if cursor.rowcount != table.rows:
            raise DatabaseError(f"the backup's table {table.name} has {cursor.rowcount} rows instead of {table.rows}")
    for column, value in table.numbering.items():
        sequence = {"table": f'"{table.name}"', "column": column, "value": value}
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :value, false)"), sequence)


def _numbering(connection: Connection, table: str, columns: list[str]) -> dict[str, int]:
    """Return the state of a table's sequences: a number must never be reused."""
    numbering = {}
    for column in columns:
        names = {"table": f'"{table}"', "column": column}
        sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), names).scalar()
        if sequence is not None:
            last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
            numbering[column] = last + 1 if called else last
    return numbering


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _named(table: str, columns: list[str]) -> str:
    quoted = ", ".join(f'"{_safe(column)}"' for column in columns)
    return f'"{_safe(table)}" ({quoted})'


def _safe(name: str) -> str:
    """Reject invalid names: the manifest may have been tampered with."""
    if not name.replace("_", "").isalnum():
        raise DatabaseError(f"the backup names {name!r}, which is no table or column")
    return name


def _entry(table: str) -> str:
    return f"tables/{table}.copy"
