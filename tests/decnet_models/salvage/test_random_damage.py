# SPDX-License-Identifier: MIT
"""Whatever happens to pages: salvage ends, invents no row, and saves every row of the undamaged ones."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decnet_models.salvage.filled import PAGE, copy, fill, overwrite, rows_by_page, rows_of

from decnet_models.salvage.salvage import salvage

pytestmark = pytest.mark.fault

Rows = dict[str, list[tuple[frozenset[int], tuple[object, ...]]]]

NOT_COPIED = {"alembic_version", "schema_floor", "sqlite_sequence"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    file = tmp_path_factory.mktemp("whole") / "decnet.db"
    fill(file)
    return file, rows_by_page(file)


def test_the_reader_of_pages_and_sqlite_see_the_same_rows(whole: tuple[Path, Rows]) -> None:
    file, by_page = whole
    theirs = rows_of(file)
    del theirs["sqlite_sequence"]  # has no declared order of rows worth comparing
    for table, rows in theirs.items():
        assert Counter(row for _, row in by_page[table]) == Counter(rows)


def garbage(number: random.Random) -> bytes:
    return number.randbytes(PAGE)


def zeros(_: random.Random) -> bytes:
    return bytes(PAGE)


def torn(number: random.Random) -> bytes:
    return number.randbytes(number.randrange(1, 8) * 512)


DAMAGES: tuple[Callable[[random.Random], bytes], ...] = (garbage, zeros, torn)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from(DAMAGES))
def test_every_row_of_undamaged_pages_is_saved_and_none_is_invented(
    whole: tuple[Path, Rows], seed: int, pages: int, damage: Callable[[random.Random], bytes]
) -> None:
    file, by_page = whole
    number = random.Random(seed)
    damaged = {number.randrange(1, file.stat().st_size // PAGE + 1) for _ in range(pages)}
    with tempfile.TemporaryDirectory() as folder:
        victim, new = copy(file, Path(folder) / "decnet.db"), Path(folder) / "new.db"
        for page in damaged:
            overwrite(victim, page, damage(number))
        report = salvage(f"sqlite:///{victim}", new, lambda _: None)
        saved = rows_of(new)
    aside = {table.name: table.set_aside for table in report.tables}
    for table, rows in by_page.items():
        if table in NOT_COPIED:
            continue
        taken = Counter(
            row for row in saved[table] if not (table == "worker_cursor" and row[1] in report.moved_cursors)
        )
        assert not taken - Counter(row for _, row in rows), f"rows of {table} are invented"
        missing = Counter(row for pages, row in rows if not pages & damaged) - taken
        assert missing.total() <= aside.get(table, 0), (table, sorted(damaged), list(missing)[:3])
