# SPDX-License-Identifier: MIT
"""A database with rows of every form, and ways to damage its file."""

import contextlib
import functools
import random
import shutil
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from tests.decnet_models.migrated import migrated_database

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.page_file import opened
from decnet_models.sqlite_pages.readable import Readable, read_all
from decnet_models.sqlite_pages.survey import rows

PAGE = 4096
EVENTS = 700


def fill(file: Path) -> None:
    """Make a migrated database with some thousand rows: long ones, without row numbers, with parents, deleted ones."""
    migrated_database(file)
    number = random.Random(7)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executemany(
            "INSERT INTO event VALUES (NULL, ?, ?, 'here', ?, ?, ?, ?, NULL, NULL, ?, 0, ?)",
            [
                (
                    uuid.UUID(int=number.getrandbits(128)).hex,
                    1_700_000_000_000_000_000 + n * 10**9,
                    None if n % 5 else f"decky-{n % 3}",
                    ("command.run", "login.attempt")[n % 2],
                    f"192.0.2.{n % 250}",
                    n % 65536,
                    f"session-{n // 10}",
                    '{"text":"' + "ä\x7f" * (20 + (9000 if n % 100 == 50 else n % 37)) + '"}',
                )
                for n in range(EVENTS)
            ],
        )
        attackers = [(f"192.0.2.{n}" if n < 250 else f"198.51.100.{n - 250}", n, n * 7) for n in range(300)]
        connection.executemany("INSERT INTO attacker (ip, first_seen, last_seen) VALUES (?, ?, ?)", attackers)
        for table in ("attacker_decky", "attacker_service"):
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)",
                [(ip, f"{table}-{m}", m, a, b) for ip, a, b in attackers for m in range(4)],
            )
        connection.executemany(
            "INSERT INTO notice VALUES (NULL, ?, 'attacker.observed', ?, ?, ?)",
            [(f"observed:{n}", n, '{"kind":"attacker.observed"}' * (n % 9), n) for n in range(600)],
        )
        connection.execute("DELETE FROM notice WHERE seq BETWEEN 200 AND 450")
        connection.executemany("INSERT INTO worker_cursor VALUES (?, ?, 1)", [("profiler", EVENTS), ("ttp", EVENTS)])
        connection.execute("INSERT INTO ingest_position VALUES ('decoys', 3, 4711, 1)")
        connection.execute(
            "INSERT INTO webhook (id, url, kinds, allow_private, generation, since_seq, created_at, enabled_at) "
            "VALUES ('w', 'http://[::1]/', '[]', 1, 1, 0, 1, 1)"
        )
        connection.execute("INSERT INTO webhook_state VALUES ('w', 0, NULL, NULL, NULL)")
        connection.executemany(
            "INSERT INTO event_volume VALUES (?, ?, ?, ?, ?)",
            [(n, f"kind-{m}", n * m, n + 1, n * 2) for n in range(150) for m in range(3)],
        )
    connection.close()


def rows_of(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables, those of numbered rows with their number in front."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
        found = {
            name: connection.execute(f'SELECT {"" if "WITHOUT ROWID" in sql else "rowid, "}* FROM "{name}"').fetchall()
            for name, sql in tables
        }
    connection.close()
    return found


def copy(file: Path, target: Path) -> Path:
    shutil.copy(file, target)
    return target


def overwrite(file: Path, page: int, content: bytes, at: int = 0) -> None:
    """Write `content` over a part of a page."""
    with file.open("r+b") as stream:
        stream.seek((page - 1) * PAGE + at)
        stream.write(content)


@functools.cache
def rows_by_page(file: Path) -> dict[str, list[tuple[frozenset[int], tuple[object, ...]]]]:
    """Return each table's rows as `rows_of` does, with the pages on which each is."""
    with opened(file) as pages:
        readable = read_all(pages, [], lambda _: None)
        found: dict[str, list[tuple[frozenset[int], tuple[object, ...]]]] = {}
        for table in readable.tables():
            shape = readable.shapes.tables[table.tree.name]
            declared = declared_columns(file, table.tree.name)
            found[table.tree.name] = [
                (
                    frozenset({page, *_chain(readable, page, place)}),
                    (() if shape.key else (rowid,))
                    + tuple(shape.named(rowid, values or ())[name] for name in declared),
                )
                for page, place, rowid, values in rows(readable.survey, table)
            ]
    return found


def declared_columns(file: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _chain(readable: Readable, page: int, place: int) -> list[int]:
    chain: list[int] = []
    for _ in readable.survey._parts(readable.survey.node(page).cells[place], chain):
        pass
    return chain


def pages_of(file: Path, tree: str, *, interior: bool = False) -> list[int]:
    """Return the pages of a b-tree that are leaves, or those that are not."""
    with opened(file) as pages:
        survey = read_all(pages, [], lambda _: None).survey
        mine = [
            number
            for number in range(1, pages.count + 1)
            if (owner := survey.owner(number)) is not None and owner.name == tree
        ]
        found = []
        for number in mine:
            with contextlib.suppress(DamagedPageError):  # an overflow page
                if survey.node(number).interior == interior:
                    found.append(number)
        return found
