# SPDX-License-Identifier: MIT
"""Every query function of every domain at two sizes of the database: none does more work because there is more of it.

SQLite counts the steps of its virtual machine, so this is the same on every machine, busy or not. The plans of
PostgreSQL are looked at in `test_query_plans`, its times in `benchmarks/store.py`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixture_rows import FEW, STAND, fill
from query_smoke import REFUSALS, Query, query_functions, variants
from sqlalchemy import Connection, text

from decnet_models.database.domains import all_tables, domains
from decnet_models.database.engine import open_engine

SIZES = (1200, 4800)
ROOM = 1.5
"""A tree of four times as many rows is a level deeper."""
EACH = 20
"""Steps between two looks."""

pytestmark = pytest.mark.scale  # that no query reads a whole table: `test_query_plans`

GROW = {
    "accounts.audit.entries": "of an action that few entries are of: asked by people",
    "accounts.entrances.forget_entrances": "deletes all that expired since it was last called",
    "accounts.kept_answers.claim": "deletes all that expired since it was last called",
    "artifacts.queries.holdings": "sums up the store",
    "attackers.queries.attackers": "by events: asked seldom, and an index would cost every batch",
    "attackers.queries.credential_uses": "of all attackers: `accepted` first has no index; pages ask for one attacker",
    "attackers.queries.hits_by_token": "sums up",
    "canary.queries.tokens": "of one kind: written by people",
    "incidents.keeping.told_between": "sums up quiet hours, for their digest",
    "incidents.keeping.worst_told_between": "of quiet hours, the worst for their digest",
    "incidents.silences.silences": "written by people",
    "incidents.queries.count_open": "sums up",
    "known.queries.added_since": "written by people",
    "known.queries.known_sources": "written by people",
    "known.queries.stamp": "written by people",
    "progress.queries.count_dead_letters": "counts what no worker could handle",
    "ttp.queries.first_recognised": "a look for each technique, of which ATT&CK has some hundreds",
    "ttp.queries.tags_between": "walks to the span of time, for an export",
    "ttp.queries.technique_uses": "of all attackers, for an export",
    "ttp.queries.techniques_in": "sums up",
}
"""Functions that do more work the more there is, because that is what they are for."""


@contextlib.contextmanager
def filled(url: str, rows: int) -> Iterator[Connection]:
    """Yield a connection to a database with so many rows, which need no parents and may hold anything."""
    engine = open_engine(url)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "ignore_check_constraints=ON"):
            driver.execute(f"PRAGMA {pragma}")
    with engine.begin() as connection:
        for table in all_tables():
            fill(connection, table, FEW if table.name in STAND else rows)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def steps(connection: Connection, function: Query, arguments: dict[str, Any]) -> int:
    """Return how many steps a call takes; what it writes is taken back."""
    driver: Any = connection.connection.driver_connection
    ticks = Counter[str]()
    with connection.begin() as transaction:
        driver.set_progress_handler(lambda: ticks.update(("tick",)), EACH)
        with contextlib.suppress(*REFUSALS):
            function(connection, **arguments)
        driver.set_progress_handler(None, 0)
        transaction.rollback()
    return ticks["tick"] * EACH


def all_steps(connection: Connection) -> dict[tuple[str, int], int]:
    """Return the steps of each function with each of its samples."""
    return {
        (f"{domain}.{function.__module__.rpartition('.')[2]}.{function.__name__}", number): steps(
            connection, function, arguments
        )
        for domain in domains()
        for function in query_functions(domain)
        for number, arguments in enumerate(variants(function))
    }


@pytest.fixture(scope="module")
def sizes(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Connection]]:
    """The databases of `SIZES`, for all tests: each takes back what it writes."""
    folder = tmp_path_factory.mktemp("sizes")
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(filled(copied(migrated_file, folder / f"{size}.db"), size)) for size in SIZES]


def copied(file: Path, other: Path) -> str:
    other.write_bytes(file.read_bytes())
    return f"sqlite:///{other}"


def test_no_query_takes_longer_the_more_there_is(sizes: list[Connection]) -> None:
    few, many = map(all_steps, sizes)
    assert few.keys() == many.keys()
    grown = {key: (few[key], took) for key, took in many.items() if took > few[key] * ROOM + 10 * EACH}
    assert {key: took for key, took in grown.items() if key[0] not in GROW} == {}
    assert GROW.keys() <= {name for name, _ in grown}, "these are no longer needed"


def test_a_walk_and_a_sort_are_found(sizes: list[Connection]) -> None:
    def walk(connection: Connection) -> None:
        connection.execute(text("SELECT seq FROM event WHERE +sensor = 'sample' ORDER BY seq DESC LIMIT 1")).all()

    def sort(connection: Connection) -> None:
        connection.execute(text("SELECT seq FROM event ORDER BY +seq DESC LIMIT 1")).all()

    def find(connection: Connection) -> None:
        connection.execute(text("SELECT seq FROM event WHERE src_ip = 'sample' ORDER BY seq DESC LIMIT 1")).all()

    found = [[steps(connection, query, {}) for query in (walk, sort, find)] for connection in sizes]
    assert found[1][0] > found[0][0] * 3
    assert found[1][1] > found[0][1] * 3
    assert found[1][2] <= found[0][2] * ROOM + 10 * EACH


def test_samples_find_rows_in_every_table(sizes: list[Connection]) -> None:
    """Else a query would find nothing, whatever the size, and seem to cost nothing."""
    for table in all_tables():
        for column in table.columns:
            if type(column.type).__name__ == "String" and column.primary_key:
                with sizes[0].begin():
                    found = sizes[0].execute(table.select().where(column == "sample")).first()
                assert found is not None or column.constraints, f"{table.name}.{column.name}"
