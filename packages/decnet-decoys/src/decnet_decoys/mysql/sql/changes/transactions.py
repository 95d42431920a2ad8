# SPDX-License-Identifier: MIT
"""Transactions and their savepoints."""

from typing import Final

from decnet_decoys.mysql.catalogue import Done, Outcome
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser

MOST_SAVEPOINTS: Final = 8
MOST_ROWS: Final = 10_000
"""Of all tables at all savepoints of a session; they are shared with the tables, so that each takes a pointer."""


def begin(parser: Parser, scope: Scope) -> Outcome:
    """BEGIN and START TRANSACTION."""
    scope.visitor.commit()
    scope.visitor.in_transaction = True
    while not parser.ends():
        parser.take("word", "operator")
    return Done()


def commit(_parser: Parser, scope: Scope) -> Outcome:
    """COMMIT."""
    scope.visitor.commit()
    return Done()


def roll_back(parser: Parser, scope: Scope) -> Outcome:
    """ROLLBACK, also to a savepoint."""
    visitor = scope.visitor
    parser.must("ROLLBACK")
    parser.then("WORK")
    if not parser.then("TO"):
        visitor.roll_back()
        return Done()
    parser.then("SAVEPOINT")
    name = _known(parser, scope)
    saved = visitor.savepoints[name]
    found = [(table, saved.get(key, first)) for key, (table, first, _) in visitor.undone.items()]
    for table, rows in found:
        step(1 + (len(rows) + len(table.rows)) // 2)
    for table, rows in found:
        visitor.restore(table, rows)
    names = list(visitor.savepoints)
    for later in names[names.index(name) + 1 :]:
        del visitor.savepoints[later]
    return Done()


def savepoint(parser: Parser, scope: Scope) -> Outcome:
    """SAVEPOINT; outside of a transaction it does nothing."""
    visitor = scope.visitor
    parser.must("SAVEPOINT")
    name = parser.name().lower()
    if not parser.ends():
        raise parser.fail()
    if not visitor.in_transaction:
        return Done()
    visitor.savepoints.pop(name, None)
    kept = sum(len(rows) for saved in visitor.savepoints.values() for rows in saved.values())
    kept += sum(len(table.rows) for table, _, _ in visitor.undone.values())
    if len(visitor.savepoints) >= MOST_SAVEPOINTS or kept > MOST_ROWS:
        raise StatementError(1041, "HY000", "Out of memory.")
    step(1 + kept // 8)
    visitor.savepoints[name] = {key: table.rows[:] for key, (table, _, _) in visitor.undone.items()}
    return Done()


def release(parser: Parser, scope: Scope) -> Outcome:
    """RELEASE SAVEPOINT, with those that were made after it."""
    parser.must("RELEASE", "SAVEPOINT")
    name = _known(parser, scope)
    names = list(scope.visitor.savepoints)
    for later in names[names.index(name) :]:
        del scope.visitor.savepoints[later]
    return Done()


def _known(parser: Parser, scope: Scope) -> str:
    name = parser.name()
    if not parser.ends():
        raise parser.fail()
    if name.lower() not in scope.visitor.savepoints:
        raise StatementError(1305, "42000", f"SAVEPOINT {name} does not exist")
    return name.lower()
