# SPDX-License-Identifier: MIT
"""Answers statements: what is parsed here, from the tables of the catalogue; the rest by the shapes of `statements`."""

import itertools
import re
from collections.abc import Generator
from typing import Any, Final

from decnet_decoys.mysql import statements
from decnet_decoys.mysql.bulk_inserts import Parts
from decnet_decoys.mysql.bulk_inserts import divided as divided_insert
from decnet_decoys.mysql.catalogue import Done, Failed, Outcome, Visitor, Written
from decnet_decoys.mysql.sql import budget
from decnet_decoys.mysql.sql.budget import OverspentError
from decnet_decoys.mysql.sql.dispatch import (
    CANNOT_BE_PREPARED,
    INTO,
    UNPREPARED,
    carried_out,
    near,
    parameters,
    prepared,
)
from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.reading import TooDeepError
from decnet_decoys.mysql.sql.tables import Stored
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError, TooLongError, tokens

MOST_STATEMENTS: Final = 32
"""Of one query."""
_TOO_DEEP: Final = (
    "Thread stack overrun:  283416 bytes used of a 299008 byte stack, and 16000 bytes needed. Consider increasing the "
    "thread_stack system variable."
)


def divided(sql: str, *, several: bool) -> list[str]:
    """Return the statements of a query, if the client may send several."""
    if ";" not in sql:
        return [sql]
    budget.begin()
    try:
        found = tokens(sql)
    except (NotUnderstoodError, TooLongError, OverspentError):
        return [sql]
    ends = [one.at for one in found if one.text == ";" and one.kind == "operator"]
    parts, start = [], 0
    for end in ends[: MOST_STATEMENTS - 1]:
        if not sql[end:].strip("; \t\r\n\0"):
            break
        parts.append(sql[start:end])
        start = end + 1
    parts.append(sql[start:])
    return parts if several or len(parts) == 1 else [sql]


def answer(visitor: Visitor, sql: str) -> tuple[Outcome, bool]:
    """Return what comes of a statement, and whether it was understood."""
    steps = answering(visitor, sql)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: tuple[Outcome, bool] = end.value
            return made


def answering(visitor: Visitor, sql: str, following: str = "") -> Generator[None, None, tuple[Outcome, bool]]:
    """Answer in two turns, as `answer` does: read a statement, and carry it out.

    Errors tell what is `following` it, too. Of a statement that fails, nothing is kept.
    """
    parts = yield from divided_insert(sql)
    if parts is not None:
        return (yield from _of_parts(visitor, parts, following))
    return (yield from _of_one(visitor, sql, following))


def _of_one(visitor: Visitor, sql: str, following: str) -> Generator[None, None, tuple[Outcome, bool]]:
    """Answer a statement that is not divided."""
    visitor.written, visitor.commands, visitor.delay = [], [], 0.0
    visitor.begin()
    trimmed = sql.rstrip("; \t\r\n\0")
    try:
        budget.begin()
        found = tokens(trimmed)
        yield
        budget.begin()
        visitor.begin()
        outcome, known = carried_out(visitor, trimmed, found), True
    except _ERRORS as error:
        outcome, known = _failed(visitor, sql + following, error)
    if outcome is None:
        return statements.answer(visitor, sql)
    if isinstance(outcome, Failed):
        visitor.undo()
    elif isinstance(outcome, Done):
        visitor.row_count = outcome.affected
    else:
        visitor.row_count = -1
    return outcome, known


def _of_parts(visitor: Visitor, parts: Parts, following: str) -> Generator[None, None, tuple[Outcome, bool]]:
    """Insert part after part, until one fails: then none of their rows stay."""
    affected = records = duplicates = warnings = insert_id = 0
    given, written, commands, delay = visitor.parameters, list[Written](), list[str](), 0.0
    before: dict[int, tuple[Stored, list[Any]]] = {}
    outcome: Outcome
    for part, visitor.parameters in zip(parts.statements(), parts.shares(given), strict=True):
        outcome, known = yield from _of_one(visitor, part, following)
        for table, _, rows, _ in visitor.before:
            before.setdefault(id(table), (table, rows))
        written += visitor.written
        commands += visitor.commands
        delay += visitor.delay
        if not isinstance(outcome, Done):
            for table, rows in before.values():
                visitor.restore(table, rows)
            break
        counts = [int(one) for one in re.findall(r"\d+", outcome.info)] or [outcome.affected, 0, 0]
        affected, warnings = affected + outcome.affected, warnings + outcome.warnings
        records, duplicates = records + counts[0], duplicates + counts[1]
        insert_id = insert_id or outcome.insert_id
        yield
    else:
        visitor.row_count, visitor.insert_id = affected, insert_id or visitor.insert_id
        told = f"Records: {records}  Duplicates: {duplicates}  Warnings: {warnings}"
        outcome, known = Done(affected, insert_id, warnings, told), True
    visitor.parameters, visitor.written, visitor.commands, visitor.delay = given, written, commands, delay
    return outcome, known


def preparing(visitor: Visitor, sql: str) -> Generator[None, None, tuple[Outcome, int, bool]]:
    """Prepare a statement in two turns; return how its result looks, its parameters, and whether it only reads.

    One that only reads is carried out with NULL for each parameter, and nothing is kept of what it would change.
    """
    budget.begin()
    try:
        found = prepared(visitor, sql)
    except StatementError as error:
        return error.failed, 0, False
    except OverspentError as error:
        return _failed(visitor, sql, error)[0] or Done(), 0, False
    if found[0].text.upper() in UNPREPARED:
        return CANNOT_BE_PREPARED, 0, False
    for one, following in itertools.pairwise(found):
        if one.text == ";" and one.kind == "operator":
            return near(visitor, sql, following.at), 0, False
    count = parameters(found)
    if found[0].text.upper() not in _READS or INTO.search(sql[-2048:]):
        return Done(), count, False
    yield
    variables = dict(visitor.variables)
    outcome, _ = yield from answering(visitor, sql)
    visitor.variables, visitor.commands, visitor.written, visitor.delay = variables, [], [], 0.0
    return outcome, count, True


_CHANGES: Final = ("insert", "replac", "update", "delete")
"""How statements begin that cannot appear to be done when they are too long."""
_READS: Final = ("SELECT", "WITH", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "CHECK", "CHECKSUM", "(")
_ERRORS: Final = (
    OverspentError, TooDeepError, RecursionError, ArithmeticError, NotUnderstoodError, StatementError, TooLongError,
)  # fmt: skip


def _failed(visitor: Visitor, sql: str, error: Exception) -> tuple[Outcome | None, bool]:
    """Return what a client is told of an error, and whether the statement was understood; None: it is too long."""
    if isinstance(error, TooLongError) and sql.lstrip()[:6].lower() not in _CHANGES:
        return None, True
    if isinstance(error, NotUnderstoodError):
        return near(visitor, sql.rstrip("; \t\r\n\0"), error.at), False
    if isinstance(error, StatementError):
        return error.failed, error.failed.code != 1064
    if isinstance(error, OverspentError | TooLongError):
        return Failed(1969, "70100", "Query execution was interrupted (max_statement_time exceeded)"), True
    if isinstance(error, ArithmeticError):
        return Failed(1690, "22003", "DOUBLE value is out of range"), True
    return Failed(1436, "HY000", _TOO_DEEP), True
