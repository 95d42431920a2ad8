# SPDX-License-Identifier: MIT
"""The power is cut while one writes what is synced and another what is not: the log keeps the order of commits."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database
from tests.power_cut import MISSING, Disk, disk

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

WRITE = """
import itertools, sys
from sqlalchemy import text
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.sqlite.syncing import sync_log
url = f"sqlite:///{sys.argv[1]}/decnet.db"
derived, durable = open_engine(url), open_engine(url)
add = text("INSERT INTO dead_letter VALUES ('w', :seq, :error, 1)")
for number in itertools.count():
    with writing(derived, synced=False) as connection:
        connection.execute(add, {"seq": 2 * number, "error": "x" * 9000})
    if number % 3 == 2:
        sync_log(derived)
        print(2 * number, flush=True)
    with writing(durable, synced=number % 3 == 1) as connection:
        connection.execute(add, {"seq": 2 * number + 1, "error": "y"})
    if number % 3 == 1:
        print(2 * number + 1, flush=True)
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        migrated_database(made.place / "decnet.db")
        made.sync()
        yield made


@pytest.mark.parametrize("seed", range(6))
def test_what_was_synced_is_there_with_all_that_was_committed_before(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = [int(line) for line in struck.crash(WRITE, lines=chance.randrange(1, 60), chance=chance)]
    with contextlib.closing(sqlite3.connect(struck.place / "decnet.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = [seq for (seq,) in connection.execute("SELECT seq FROM dead_letter ORDER BY seq")]
    assert found == list(range(len(found)))
    assert len(found) > max(said)
