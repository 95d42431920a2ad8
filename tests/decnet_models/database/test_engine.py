# SPDX-License-Identifier: MIT
from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from decnet_models.database.engine import open_engine, reading, shown, sqlite_file, writing
from decnet_models.errors import DatabaseError, passes, reason


def pragma(engine: Engine, name: str) -> object:
    with reading(engine) as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def test_sqlite_syncs_every_commit_and_does_not_map_files(sqlite_engine: Engine) -> None:
    assert pragma(sqlite_engine, "journal_mode") == "wal"
    assert pragma(sqlite_engine, "synchronous") == 2
    assert pragma(sqlite_engine, "foreign_keys") == 1
    assert not pragma(sqlite_engine, "mmap_size")


def test_a_connection_that_a_thread_uses_when_its_engine_is_disposed_is_closed_by_it(engine: Engine) -> None:
    reads, disposed, used = threading.Event(), threading.Event(), list[Any]()

    def read() -> None:
        with reading(engine) as connection:
            used.append(connection.connection.driver_connection)
            reads.set()
            disposed.wait(100)
            assert connection.execute(text("SELECT 1")).scalar() == 1

    thread = threading.Thread(target=read)
    thread.start()
    assert reads.wait(100)
    engine.dispose()
    disposed.set()
    thread.join(30)
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        used[0].execute("SELECT 1")
    with reading(engine) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_what_the_body_of_writing_raises_rolls_back(engine: Engine) -> None:
    def write() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 0


def test_a_reader_does_not_wait_for_a_writer(sqlite_url: str) -> None:
    writer, reader = open_engine(sqlite_url), open_engine(sqlite_url, busy_seconds=0.1)
    with writing(writer) as connection:
        connection.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
        with reading(reader) as other:
            assert other.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 0
    writer.dispose()
    reader.dispose()


def test_readers_of_one_engine_read_beside_each_other_with_as_few_connections_as_they_can(url: str) -> None:
    engine, opened, one = open_engine(url, connections=2), list[object](), text("SELECT 1")
    event.listen(engine, "connect", lambda connection, _: opened.append(connection))
    for _ in range(3):
        with reading(engine) as connection:
            assert connection.execute(one).scalar() == 1
    assert len(opened) == 1
    with reading(engine) as connection, reading(engine) as other:
        assert (connection.execute(one).scalar(), other.execute(one).scalar()) == (1, 1)
    assert len(opened) == 2
    engine.dispose()


def test_all_that_is_read_at_once_is_of_one_moment(url: str) -> None:
    writer, reader = open_engine(url), open_engine(url)
    count = text("SELECT count(*) FROM worker_cursor")
    with reading(reader) as connection:
        assert connection.execute(count).scalar() == 0
        with writing(writer) as other:
            other.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
        assert connection.execute(count).scalar() == 0
    with reading(reader) as connection:
        assert connection.execute(count).scalar() == 1
    with writing(reader) as connection:
        connection.execute(text("UPDATE worker_cursor SET seq = 2"))  # the next transaction is an ordinary one
        if connection.dialect.name == "postgresql":
            assert connection.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
    writer.dispose()
    reader.dispose()


def test_a_second_writer_waits_for_the_first(sqlite_url: str) -> None:
    first, second = open_engine(sqlite_url), open_engine(sqlite_url)
    order: list[str] = []

    def write() -> None:
        with writing(second) as connection:
            order.append("second")
            connection.execute(text("INSERT INTO worker_cursor VALUES ('b', 1, 1)"))

    thread = threading.Thread(target=write)
    with writing(first) as connection:
        thread.start()
        time.sleep(0.05)  # gives a second writer that does not wait the time to be wrong
        order.append("first")
        connection.execute(text("INSERT INTO worker_cursor VALUES ('a', 1, 1)"))
    thread.join(10)
    assert order == ["first", "second"]
    first.dispose()
    second.dispose()


def test_a_writer_looks_often_whether_the_lock_is_free(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, writer, waited = open_engine(sqlite_url), open_engine(sqlite_url), list[float]()
    with holder.connect() as connection, connection.begin() as holding:

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 20:
                holding.rollback()

        monkeypatch.setattr("decnet_models.database.engine.time.sleep", sleep)
        with writing(writer) as other:
            other.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
    assert len(waited) == 20
    assert max(waited) <= 0.002
    assert pragma(writer, "busy_timeout") == 10_000
    holder.dispose()
    writer.dispose()


def test_a_writer_that_waited_in_vain_may_try_again(sqlite_url: str) -> None:
    holder, waiter = open_engine(sqlite_url), open_engine(sqlite_url, busy_seconds=0.05)
    with writing(holder), pytest.raises(OperationalError) as caught, writing(waiter):
        pass
    assert passes(caught.value)
    assert reason(caught.value) == "database is locked"
    with writing(waiter) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    holder.dispose()
    waiter.dispose()


def test_a_read_only_engine_refuses_to_write(url: str) -> None:
    engine = open_engine(url, read_only=True)
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), writing(engine) as connection:
        connection.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
    engine.dispose()


def test_a_database_that_does_not_exist_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="decnet-db upgrade"):
        open_engine(f"sqlite:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["with space", "per%cent", "question?mark", "hash#", "ümlaut"])
def test_a_path_of_any_characters_is_the_file_it_names(tmp_path: Path, name: str) -> None:
    from sqlalchemy.engine import URL

    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    engine = open_engine(url, create=True)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    engine.dispose()
    assert sqlite_file(url) == tmp_path / name
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_not_a_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(DatabaseError, match="sqlite:////PATH"):
        open_engine(url)


def test_messages_do_not_show_the_password() -> None:
    assert "secret" not in shown("postgresql+psycopg://user:secret@host/name")


def test_a_full_disk_passes(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(DBAPIError) as caught, writing(sqlite_engine) as connection:
        connection.execute(text("INSERT INTO worker_cursor VALUES (:big, 1, 1)"), {"big": "x" * 10_000_000})
    assert "full" in str(caught.value.orig)
    assert passes(caught.value)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO worker_cursor VALUES (NULL, 1, 1)", "SELECT * FROM nothing", "SELECT nonsense nonsense"]
)
def test_what_is_wrong_with_the_statement_does_not_pass(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught, writing(engine) as connection:
        connection.execute(text(statement))
    assert not passes(caught.value)


def test_an_unreachable_server_passes(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://nobody@/name?host={tmp_path}")
    with pytest.raises(OperationalError) as caught, reading(engine):
        pass
    assert passes(caught.value)
    engine.dispose()


def test_a_server_that_ended_the_connection_passes(postgres_url: str, postgres_admin: Engine) -> None:
    engine = open_engine(postgres_url)

    def be_cut_off() -> None:
        with writing(engine) as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with postgres_admin.connect() as admin:
                admin.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            connection.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as caught:
        be_cut_off()
    assert passes(caught.value)
    with reading(engine) as connection:  # the pool notices and connects anew
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_other_errors_do_not_pass() -> None:
    assert not passes(ValueError())
    assert not passes(sqlite3.OperationalError("not wrapped by SQLAlchemy"))


def test_a_reason_is_one_line() -> None:
    assert reason(ValueError("a\nb")) == "a b"
    assert reason(ValueError()) == "ValueError"


def test_a_database_that_cannot_be_opened_is_told_with_what_its_directory_needs(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "missing" / "decnet.db")
    assert "writable" in reason(caught.value)
