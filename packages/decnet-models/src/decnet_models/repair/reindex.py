# SPDX-License-Identifier: MIT
"""Makes damaged indexes anew, in one transaction that is committed only when SQLite finds the result sound.

An index with missing or wrong entries is rebuilt in its own pages (REINDEX). One with damaged pages cannot be: SQLite
would follow them to free them. So a new index is made beside it and takes its place in `sqlite_schema`; the old pages
then belong to nothing, until VACUUM frees them.
"""

import contextlib
import re
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

import msgspec

from decnet_models.repair.attempts import Attempts, RepairError, attempts, only_repair, remember, require_allowed
from decnet_models.repair.kept_copy import keep_copy, require_space

WAIT_SECONDS = 60.0
"""How long to wait for other writers."""

_INDEX_ONLY = re.compile(r"(?:missing from|entries in|entry in|differ from|of) index (\S+)$")
_NEVER_USED = re.compile(r"^Page \d+(?: is|:) never used$")
_HEADING = "*** in database main ***"
_NEW = "decnet_rebuilt"
_UNFINISHED = "the attempt did not come to its end"
_SALVAGE = "run `decnet-db check`, and save what can be read with `decnet-db salvage`, or restore a backup"
_OPERATIONS = 100_000


class Rebuilt(msgspec.Struct):
    """What was done."""

    indexes: list[str] = []
    """Empty: nothing was damaged."""
    copy: str = ""
    """The damaged database, as it was."""
    vacuumed: bool = True
    """Whether the pages of the damaged indexes are free again; else `decnet-db vacuum` frees them."""


def rebuild(database: Path, *, again: bool = False) -> Rebuilt:
    """Rebuild the damaged indexes; `again` although an attempt has failed.

    Raises RepairError (AnotherRepairError while another process does it); then nothing is changed.
    """
    with only_repair(database):
        known = attempts(database)
        if not again:
            require_allowed(known)
        remember(database, msgspec.structs.replace(known, failed=_UNFINISHED))
        try:
            done = _rebuild(database, known)
        except (RepairError, sqlite3.Error, OSError) as error:
            reason = str(error) if isinstance(error, RepairError) else f"{error}; {_SALVAGE}"
            remember(database, msgspec.structs.replace(known, failed=reason))
            raise RepairError(reason) from error
        except BaseException:  # asked to stop: the next one may try
            remember(database, known)
            raise
        return done


def _rebuild(database: Path, known: Attempts) -> Rebuilt:
    with contextlib.closing(_opened(database)) as connection:
        damaged = _damaged_tables(connection)  # in no transaction: one that has met damage cannot write any more
        if not damaged:
            remember(database, msgspec.structs.replace(known, failed=""))
            return Rebuilt()
        require_space(database)
        connection.execute("BEGIN IMMEDIATE")
        copy = keep_copy(database)
        try:
            indexes = [
                name for table, sentences in damaged.items() for name in _rebuild_of(connection, table, sentences)
            ]
            unused = _require_sound(connection)
            connection.execute("COMMIT")
        except BaseException:
            copy.unlink()  # the database itself is what it was
            raise
        remember(database, Attempts(known.inode, "", [*known.succeeded, time.time()]))
        return Rebuilt(indexes, str(copy), not unused or _vacuumed(connection))


def _opened(database: Path) -> sqlite3.Connection:
    place = f"file:{quote(str(database.absolute()))}?mode=rw"
    connection = sqlite3.connect(place, uri=True, isolation_level=None, timeout=WAIT_SECONDS, cached_statements=0)
    connection.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000)}")
    connection.execute("PRAGMA synchronous=FULL")
    directory = str(database.parent.absolute()).replace("'", "''")
    connection.execute(f"PRAGMA temp_store_directory = '{directory}'")  # a worker may write nowhere else
    connection.set_progress_handler(_may_continue, _OPERATIONS)
    return connection


def _may_continue() -> int:
    """Let Python handle a signal while SQLite works."""
    return 0


def _damaged_tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return what is wrong with each table or its indexes; raises sqlite3.DatabaseError when not even that is known."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0").fetchall()
    found = {name: _sentences(connection, name) for (name,) in tables}
    return {name: sentences for name, sentences in found.items() if sentences}


def _sentences(connection: sqlite3.Connection, table: str = "") -> list[str]:
    try:
        rows = connection.execute(f"PRAGMA integrity_check{f'({_quoted(table)})' if table else ''}").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return [str(error)]
    lines = [line for (row,) in rows for line in row.splitlines()]
    return [line for line in lines if line not in {"ok", _HEADING}]


def _rebuild_of(connection: sqlite3.Connection, table: str, sentences: list[str]) -> list[str]:
    """Rebuild the indexes that the sentences name, or else all of the table; return their names."""
    named = [found[1] if (found := _INDEX_ONLY.search(sentence)) else "" for sentence in sentences]
    statements = dict(
        connection.execute(
            "SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?", (table,)
        ).fetchall()
    )
    if all(name in statements for name in named):
        indexes = sorted(set(named))
        for name in indexes:
            connection.execute(f"REINDEX {_quoted(name)}")
        return indexes
    for name, statement in statements.items():
        _replace(connection, table, name, statement)
    return list(statements)


def _replace(connection: sqlite3.Connection, table: str, name: str, statement: str) -> None:
    """Put a new index in the place of one whose pages cannot be followed."""
    connection.execute(_made_anew(connection, table, name, statement))
    connection.execute("PRAGMA writable_schema=ON")
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (_NEW,)).fetchone()
    connection.execute("UPDATE sqlite_schema SET rootpage = ? WHERE type = 'index' AND name = ?", (root, name))
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'index' AND name = ?", (_NEW,))
    connection.execute("PRAGMA writable_schema=RESET")


def _made_anew(connection: sqlite3.Connection, table: str, name: str, statement: str) -> str:
    if statement:
        made, count = re.subn(
            rf'^(CREATE (?:UNIQUE )?INDEX )("?){re.escape(name)}\2 ',
            rf"\1{_NEW} ",
            statement,
            count=1,
            flags=re.IGNORECASE,
        )
        if not count:
            raise RepairError(f"the index {name} is declared in a way that is not known; {_SALVAGE}")
        return made
    listed = connection.execute(f"PRAGMA index_xinfo({_quoted(name)})").fetchall()  # UNIQUE or PRIMARY KEY of the table
    columns = ", ".join(
        f"{_quoted(column)} COLLATE {collation}{' DESC' if descends else ''}"
        for _, _, column, descends, collation, key in listed
        if key
    )
    return f"CREATE UNIQUE INDEX {_NEW} ON {_quoted(table)} ({columns})"


def _require_sound(connection: sqlite3.Connection) -> bool:
    """Raise RepairError unless all is well but for pages that belong to nothing; return whether there are such."""
    sentences = _sentences(connection)
    wrong = [sentence for sentence in sentences if not _NEVER_USED.match(sentence)]
    if wrong:
        raise RepairError(f"not only indexes are damaged ({wrong[0]}); {_SALVAGE}")
    return bool(sentences)


def _vacuumed(connection: sqlite3.Connection) -> bool:
    """Free the pages that belong to nothing; not if there is no room, or no time without writers."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError:
        return False
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
