# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from decnet_models.database.commits import Commits
from decnet_models.database.engine import open_engine, reading, writing

INSERT = "INSERT INTO worker_cursor (worker, seq, updated_at) VALUES ('{}', 1, 1)"


def test_a_commit_of_another_process_changes_the_mark_of_sqlite_at_once(sqlite_url: str) -> None:
    commits = Commits(sqlite_url)
    before = commits.mark()
    file = sqlite_url.removeprefix("sqlite:///")
    program = f"import sqlite3; c = sqlite3.connect({file!r}); c.execute({INSERT.format('a')!r}); c.commit()"
    subprocess.run([sys.executable, "-c", program], check=True)
    after = commits.mark()
    assert after != before
    assert commits.mark() == after
    commits.close()


def test_reading_and_what_is_rolled_back_leave_the_mark_of_sqlite(sqlite_url: str) -> None:
    commits, engine = Commits(sqlite_url), open_engine(sqlite_url)
    before = commits.mark()
    with reading(engine) as connection:
        connection.execute(text("SELECT count(*) FROM event")).all()
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(INSERT.format("a")))
        transaction.rollback()
    assert commits.mark() == before
    with writing(engine) as connection:
        connection.execute(text(INSERT.format("a")))
    assert commits.mark() != before
    commits.close()
    engine.dispose()


def test_asking_holds_no_snapshot(sqlite_url: str) -> None:
    """Or the database could never begin its log anew."""
    commits, engine = Commits(sqlite_url), open_engine(sqlite_url)
    commits.mark()
    with writing(engine) as connection:
        connection.execute(text(INSERT.format("a")))
    commits.mark()
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    commits.close()
    engine.dispose()


def test_a_database_that_is_away_has_no_mark_twice(tmp_path: Path) -> None:
    commits = Commits(f"sqlite:///{tmp_path / 'none.db'}")
    assert commits.mark() != commits.mark()


def test_postgresql_cannot_say_that_nothing_was_committed() -> None:
    commits = Commits("postgresql+psycopg://nobody@/none")
    assert commits.mark() != commits.mark()
