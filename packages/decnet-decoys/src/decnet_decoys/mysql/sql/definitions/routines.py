# SPDX-License-Identifier: MIT
"""CALL, and DROP of functions, procedures, triggers and events: but for functions of libraries there are none."""

from decnet_decoys.mysql.catalogue import Done, Outcome
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import no_database


def drop_function(parser: Parser, scope: Scope) -> Outcome:
    """DROP FUNCTION."""
    exists, database, name = _named(parser)
    if name.lower() in scope.visitor.catalogue.functions:
        scope.visitor.catalogue.functions.discard(name.lower())
        return Done()
    if exists:
        return Done(0, 0, 1)
    place = database or scope.visitor.database
    raise StatementError(1305, "42000", f"FUNCTION {f'{place}.' if place else '(UDF) '}{name} does not exist")


def drop_procedure(parser: Parser, scope: Scope) -> Outcome:
    """DROP PROCEDURE."""
    exists, database, name = _named(parser)
    missing = _no_procedure(scope, database, name)
    if exists:
        return Done(0, 0, 1)
    raise missing


def call(parser: Parser, scope: Scope) -> Outcome:
    """CALL. Raises StatementError."""
    parser.must("CALL")
    raise _no_procedure(scope, *parser.path())


def _no_procedure(scope: Scope, database: str, name: str) -> StatementError:
    return StatementError(1305, "42000", f"PROCEDURE {_place(scope, database)}.{name} does not exist")


def drop_trigger(parser: Parser, scope: Scope) -> Outcome:
    """DROP TRIGGER."""
    exists, database, _ = _named(parser)
    _place(scope, database)
    if exists:
        return Done(0, 0, 1)
    raise StatementError(1360, "HY000", "Trigger does not exist")


def drop_event(parser: Parser, scope: Scope) -> Outcome:
    """DROP EVENT."""
    exists, database, name = _named(parser)
    _place(scope, database)
    if exists:
        return Done(0, 0, 1)
    raise StatementError(1539, "HY000", f"Unknown event '{name}'")


def _named(parser: Parser) -> tuple[bool, str, str]:
    """Return whether it may be absent, its database and its name."""
    parser.at += 2
    exists = bool(parser.then("IF", "EXISTS"))
    database, name = parser.path()
    if not parser.ends():
        raise parser.fail()
    return exists, database, name


def _place(scope: Scope, database: str) -> str:
    place = database or scope.visitor.database
    if not place:
        raise no_database()
    return place
