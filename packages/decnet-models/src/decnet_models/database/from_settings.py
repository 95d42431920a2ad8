# SPDX-License-Identifier: MIT
"""Opens the database named by a worker's settings and checks it at start."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_models.database.engine import open_engine, reading
from decnet_models.database.ownership import guard
from decnet_models.database.schema import require_current
from decnet_models.database.settings import DatabaseSettings, database_url
from decnet_models.errors import DatabaseError, passes, reason


def engine_of(ctx: Context, *, read_only: bool = False) -> Engine:
    """Return the engine of the fleet's database, restricted to this worker's tables (law 4).

    Raises StartupError when there is no such database, when it cannot be read or when its schema has another version.
    A database that nobody can read now (an unreachable server, a locked file, a full disk) does not prevent starting:
    the worker's loop waits for it.
    """
    settings = ctx.settings.section("database", DatabaseSettings)
    url = database_url(ctx.settings, ctx.state)
    try:
        engine = open_engine(
            url,
            read_only=read_only,
            busy_seconds=settings.busy_seconds,
            statement_seconds=settings.statement_seconds,
        )
        _check(engine)
    except DatabaseError as error:
        raise StartupError(str(error)) from error
    guard(engine, ctx.worker)
    return engine


_LASTING = frozenset({8, 14})
"""READONLY and CANTOPEN of SQLite: an operator has to give the worker its file (sqlite.org/rescode.html)."""


def _check(engine: Engine) -> None:
    try:
        with reading(engine) as connection:
            require_current(connection)
    except DBAPIError as error:
        engine.dispose()
        if not passes(error) or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _LASTING:
            raise DatabaseError(f"the database cannot be read: {reason(error)}") from error
    except DatabaseError:
        engine.dispose()
        raise
