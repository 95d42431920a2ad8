# SPDX-License-Identifier: MIT
"""Errors of the database, and which of them are transient."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

_SQLITE_PASSING = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
"""BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL (sqlite.org/rescode.html)."""

_POSTGRES_PASSING = ("08", "25006", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, read-only standby, rollback, resources, not available, intervention, system."""


class ModelsError(Exception):
    """decnet-models could not do something; the root of all its errors."""


class DatabaseError(ModelsError):
    """The database cannot be used as it is; the message says what to do next."""


class NotMigratedError(DatabaseError):
    """The database does not have the tables of this version."""


class CursorMovedError(ModelsError):
    """Another instance of the worker has moved the cursor."""


class LeaseLostError(CursorMovedError):
    """The lease has expired, or another instance has taken it."""


def passes(error: BaseException) -> bool:
    """Return whether the statement may succeed later unchanged: a lock, a full disk, a lost connection."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_PASSING
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the server was never reached
        return hasattr(error.orig, "sqlstate") and isinstance(error, OperationalError)
    return bool(state.startswith(_POSTGRES_PASSING))


def reason(error: BaseException) -> str:
    """Return the driver's message on one line, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(cause).split()) or type(cause).__name__
