# SPDX-License-Identifier: MIT
"""Errors of the database: which are transient, which an event's values cause, which stop a worker."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from decnet_models.root_error import ModelsError

_SQLITE_PASSING = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
"""BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL (sqlite.org/rescode.html)."""

_POSTGRES_PASSING = ("08", "25006", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, read-only standby, rollback, resources, not available, intervention, system."""

_SQLITE_CORRUPT, _SQLITE_CANTOPEN = 11, 14

_SQLITE_VALUES = frozenset({18, 19, 20, 25})
"""TOOBIG, CONSTRAINT, MISMATCH, RANGE."""

_POSTGRES_VALUES = ("22", "23", "54")
"""SQLSTATE classes: data exception, integrity constraint, program limit."""


class DatabaseError(ModelsError):
    """The database cannot be used as it is; the message says what to do next."""


class NotMigratedError(DatabaseError):
    """The database does not have the tables of this version."""


class CursorMovedError(ModelsError):
    """Another instance of the worker has moved the cursor."""


class LeaseLostError(CursorMovedError):
    """The lease has expired, or another instance has taken it."""


class UnreadyError(ModelsError):
    """What handles events lacks something that it needs, whatever the event; the worker is started again."""


class EveryEventFailsError(ModelsError):
    """Many events in a row failed: what handles them is at fault, not they."""


class EveryEventRefusedError(EveryEventFailsError):
    """The database refused the values of many events in a row: it is at fault, not they."""


def refuses_values(error: BaseException) -> bool:
    """Return whether the database, or its driver, refuses what a statement's values say.

    Only then is an event at fault. Everything else (a damaged page, a table or a grant that is missing, a lock, a full
    disk) is a fault of the database, and the same event may be stored once that is mended.
    """
    if isinstance(error, OverflowError | UnicodeError):
        return True
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_VALUES
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver refused to send them
        return isinstance(error, DataError | IntegrityError)
    return bool(state.startswith(_POSTGRES_VALUES))


def stops(error: BaseException) -> bool:
    """Return whether nothing is to be done but wait, with all positions as they are, until the database is mended."""
    if isinstance(error, EveryEventRefusedError):
        return True
    if not isinstance(error, DBAPIError) or refuses_values(error):
        return False
    answered = getattr(error.orig, "sqlite_errorcode", None) is not None or getattr(error.orig, "sqlstate", None)
    return bool(answered) or passes(error)  # else it is the driver that complains, of how we use it


def blames_no_item(error: BaseException) -> bool:
    """Return whether an error would come whatever event, or other item, is handled: to pass over one helps nobody."""
    return stops(error) or isinstance(error, MemoryError | CursorMovedError | UnreadyError)


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite says that pages of the file are not what they should be (SQLITE_CORRUPT)."""
    code = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, DBAPIError) else None
    return code is not None and code & 0xFF == _SQLITE_CORRUPT


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
    said = " ".join(str(cause).split()) or type(cause).__name__
    if (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF == _SQLITE_CANTOPEN:
        return f"{said}; its directory has to be there and writable, for SQLite writes into it even to read"
    return said
