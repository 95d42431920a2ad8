# SPDX-License-Identifier: MIT
"""Engines for SQLite (default) and PostgreSQL, and the two kinds of transaction: `reading` and `writing`.

**SQLite syncs at every commit** (`synchronous=FULL`). With NORMAL a power cut may undo the last commits of a WAL; the
database stays consistent, but by then ingest has let the spool delete its lines, and a webhook may have been sent from
a notice that no longer exists. Work is committed in batches, so a sync costs little per event. What can be computed
again need not wait for the disk with the lock in hand (`sqlite.syncing`).

**A writer takes the write lock when it begins** (BEGIN IMMEDIATE). A transaction that reads first and then writes can
find that another wrote in between; SQLite fails it at once, without waiting. Reading never waits in WAL mode.

One connection per engine: a worker does all its database work in one thread. The page cache is small, and larger
only while a transaction writes (`sqlite.page_cache`); files are not mapped: what many processes read is in the kernel's
page cache once. Measured with 40,000 events of 20,000 attackers, inserted and then profiled: mmap, temporary tables in
files, a larger checkpoint and synchronous=NORMAL all were within 10 to 25 % of this, mmap at more memory.

Temporary tables stay in memory, because a worker's unit may write only to its state directory. A writer waits at most
10 s: a batch holds the lock for some hundredths.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from decnet_models.database.rows.driver_rows import driver_rows, sqlite_driver
from decnet_models.database.settings import BUSY_SECONDS
from decnet_models.database.sqlite.page_cache import MANY_ROWS, OTHERWISE_KIB, cache_for
from decnet_models.database.sqlite.syncing import unsynced
from decnet_models.database.sqlite.write_ahead_log import LOG_BYTES, SQLITES_OWN_PAGES, shorten_log
from decnet_models.database.statements import driver_errors
from decnet_models.errors import DatabaseError

LOOK_SECONDS = 0.0005, 0.002
"""How long a writer waits between two looks for the write lock: an eighth of the time it has waited, within these
limits. SQLite itself waits up to 0.1 s, in which the lock may be free and nobody works. A look takes some 10 µs."""

CONNECT_SECONDS: Final = 10

KEPT_STATEMENTS = 32
"""Prepared statements cached by a connection, more than a worker has. The default of 128 fills with lists of values,
each length a statement of its own that is rarely repeated: 0.7 MiB per worker."""

READING = "decnet_reads"
"""The option of connections whose transactions only read."""
_BEGIN = "BEGIN IMMEDIATE"
_not_waiting: ContextVar[bool] = ContextVar("decnet_not_waiting", default=False)


class _ConnectionSource:
    """The source of an engine's connections; it can be redirected to another file while none is open."""

    def __init__(self) -> None:
        self.connect: Callable[[], sqlite3.Connection] = self._closed

    def __call__(self) -> sqlite3.Connection:
        return self.connect()

    @staticmethod
    def _closed() -> sqlite3.Connection:
        raise DatabaseError("no database was opened")


class _Pool(QueuePool):
    """Closes a connection that is given back after `dispose`: a thread was using it, and the garbage had it, open."""

    _disposed = False

    def dispose(self) -> None:
        self._disposed = True  # an engine goes on with another pool
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self._disposed:
            record.close()
        else:
            super()._do_return_conn(record)


logging.getLogger(f"{_Pool.__module__}.{_Pool.__qualname__}").setLevel(logging.WARNING)
"""SQLAlchemy names a pool's logger after its class, and so it does not inherit the level of SQLAlchemy's others."""

_warmed: list[tuple[Engine, _ConnectionSource]] = []
"""An engine used by a zygote: its compiled statements serve the first database opened after a fork."""


@contextmanager
def warm_up_engine() -> Iterator[Engine]:
    """Lend the engine of a database in memory; what it compiles is reused by `open_engine` in forked children."""
    engine, door = _warmed.pop() if _warmed else _sqlite_engine()
    door.connect = lambda: sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        yield engine
    finally:
        engine.dispose()
        _warmed.append((engine, door))


def open_engine(
    url: str,
    *,
    read_only: bool = False,
    create: bool = False,
    busy_seconds: float = BUSY_SECONDS,
    statement_seconds: float = 0,
    connect_seconds: int = CONNECT_SECONDS,
    connections: int = 1,
) -> Engine:
    """Return an engine for `url`; it connects on first use, at most `connections` times, and uses as few as it can.

    On PostgreSQL a statement that takes longer than `statement_seconds` is cancelled (0: none is), and a server may
    take `connect_seconds` (at least 2) to answer.
    A missing SQLite file is created only with `create`. Raises DatabaseError for a URL that is neither SQLite's nor
    PostgreSQL's, for a missing file, and for a missing driver.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, read_only=read_only, create=create, busy_seconds=busy_seconds, connections=connections)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(
            parsed,
            read_only=read_only,
            busy_seconds=busy_seconds,
            statement_seconds=statement_seconds,
            connect_seconds=connect_seconds,
            connections=connections,
        )
    raise DatabaseError(f"{shown(url)}: write sqlite:////PATH or postgresql+psycopg://USER@HOST/NAME")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A snapshot to read from; takes no lock."""
    options: dict[str, Any] = {READING: True}
    if engine.dialect.name == "postgresql":  # which else would show each statement what was committed before it
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect() as connection:
        reader = connection.execution_options(**options)
        with reader.begin():
            yield reader


@contextmanager
def without_waiting() -> Iterator[None]:
    """Have SQLite connections that are opened in the body wait for no lock, then and for as long as they are open."""
    token = _not_waiting.set(True)
    try:
        yield
    finally:
        _not_waiting.reset(token)


@contextmanager
def writing(engine: Engine, *, synced: bool = True, rows: int = MANY_ROWS) -> Iterator[Connection]:
    """A transaction: committed at the end, rolled back when the body raises.

    What is committed is durable; without `synced` only on PostgreSQL (`sqlite.syncing` says who may do without).
    Whoever writes often says for about how many `rows`, so that few take little memory (`sqlite.page_cache`).
    """
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        with cache_for(connection, rows), nullcontext() if synced else unsynced(connection), connection.begin():
            yield connection
        shorten_log(connection)


def end_snapshot(connection: Connection) -> None:
    """Let go of the snapshot of `reading`, on SQLite: each later query sees what is committed when it is asked.

    While a snapshot lasts, what is committed after it stays in the write-ahead log. Does nothing in `writing`.
    """
    if connection.dialect.name == "sqlite" and connection.get_execution_options().get(READING):
        driver = sqlite_driver(connection)
        if driver.in_transaction:
            driver_rows(connection, "COMMIT")


def shown(url: str) -> str:
    """Return `url` without its password, for messages."""
    return _parsed(url).render_as_string(hide_password=True)


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for another database; raises DatabaseError for a URL that is neither."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError("workers cannot share a database in memory; write sqlite:////PATH")
    return Path(parsed.database)


_LIBPQ: Final = {
    "application_name": "decnet",
    "client_encoding": "UTF8",
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 3,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
"""A server that vanished without a word (no FIN, no RST) is noticed after 10 s, s and ms (libpq, 32.1.2)."""


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise DatabaseError(f"the database URL is not one; write sqlite:////PATH ({error})") from error


def _sqlite(url: URL, *, read_only: bool, create: bool, busy_seconds: float, connections: int) -> Engine:
    file = sqlite_file(url.render_as_string())
    assert file is not None
    if not create and not file.exists():
        raise DatabaseError(f"there is no database {file}; make it with `decnet-db upgrade`")
    mode = "rwc" if create else "rw"
    place = f"file:{quote(str(file.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        seconds = 0.0 if _not_waiting.get() else busy_seconds
        connection = sqlite3.connect(
            place,
            uri=True,
            timeout=seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=KEPT_STATEMENTS,
        )
        try:
            _prepare(connection, read_only=read_only, deadline=time.monotonic() + seconds)
        except BaseException:
            connection.close()
            raise
        return connection

    engine, door = _warmed.pop() if _warmed and connections == 1 else _sqlite_engine(connections)
    door.connect = connect
    return engine


def _sqlite_engine(connections: int = 1) -> tuple[Engine, _ConnectionSource]:
    door = _ConnectionSource()
    engine = create_engine(
        "sqlite://", creator=door, poolclass=_Pool, pool_size=connections, max_overflow=0, pool_use_lifo=True
    )
    event.listen(engine, "begin", _begin)
    return engine, door


def _prepare(connection: sqlite3.Connection, *, read_only: bool, deadline: float) -> None:
    if not read_only:
        _while_locked(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchone(), deadline)
    for pragma in (
        f"journal_size_limit={LOG_BYTES}",
        f"wal_autocheckpoint={SQLITES_OWN_PAGES}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "mmap_size=0",
        "temp_store=MEMORY",
        f"query_only={'ON' if read_only else 'OFF'}",
        *(() if read_only else (f"cache_size=-{OTHERWISE_KIB}",)),
    ):
        connection.execute(f"PRAGMA {pragma}").fetchone()


def _while_locked(change: Callable[[], Any], deadline: float) -> None:
    """Retry while locked: SQLite does not wait for the change to WAL mode."""
    while True:
        try:
            change()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(READING):
        driver_rows(connection, "BEGIN")
    else:
        _begin_immediately(connection)


def _begin_immediately(connection: Connection) -> None:
    """Take the write lock as soon as it is free. Raises DBAPIError when it was not for as long as the connection waits.

    Who waits for a checkpoint, or for somebody who opens the database, still does as SQLite has it.
    """
    driver = sqlite_driver(connection)
    ((milliseconds,),) = driver.execute("PRAGMA busy_timeout").fetchall()
    began, (least, most) = time.monotonic(), LOOK_SECONDS
    with driver_errors(connection, _BEGIN):
        driver.execute("PRAGMA busy_timeout=0").fetchall()
        try:
            while not _begun(driver, began + milliseconds / 1000):
                time.sleep(min(most, max(least, (time.monotonic() - began) / 8)))
        finally:
            driver.execute(f"PRAGMA busy_timeout={milliseconds}").fetchall()


def _begun(driver: sqlite3.Connection, deadline: float) -> bool:
    try:
        driver.execute(_BEGIN)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
            raise
        return False
    return True


def _postgresql(
    url: URL,
    *,
    read_only: bool,
    busy_seconds: float,
    statement_seconds: float,
    connect_seconds: int,
    connections: int,
) -> Engine:
    options = f"-c lock_timeout={int(busy_seconds * 1000)} -c statement_timeout={int(statement_seconds * 1000)}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=_Pool,
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,
            pool_pre_ping=True,
            connect_args={"options": options, **_LIBPQ, "connect_timeout": connect_seconds},
        )
    except ModuleNotFoundError as error:
        raise DatabaseError("PostgreSQL needs its driver: install decnet-models[postgresql]") from error
