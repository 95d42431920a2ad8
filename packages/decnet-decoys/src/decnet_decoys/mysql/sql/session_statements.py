# SPDX-License-Identifier: MIT
"""Statements about the session: variables, locks, threads."""

import re
from collections.abc import Callable

from decnet_decoys.mysql import statements
from decnet_decoys.mysql.catalogue import Done, Failed, Outcome
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError, remember
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import table_of


def do(parser: Parser, scope: Scope) -> Outcome:
    """DO: its expressions are computed for what they cost and how they fail."""
    parser.must("DO")
    for node in parser.listed(parser.expression):
        value(node, scope)
    return Done()


def set_variables(parser: Parser, scope: Scope) -> Outcome | None:
    """Set variables of the session; the server's are set by `statements`."""
    commits = re.fullmatch(
        r"\s*set\s+(?:session\s+|@@(?:session\.)?)?autocommit\s*=\s*(0|1|on|off)\s*", parser.sql, re.IGNORECASE
    )
    if commits is not None:
        scope.visitor.commit()
        scope.visitor.autocommit = commits[1].lower() in ("1", "on")
        return Done()
    if not _begins_with_variable(parser):
        return None
    parser.must("SET")
    assignments = parser.listed(lambda: _assigned(parser, scope))
    if not parser.ends():
        raise parser.fail()
    for assign in assignments:
        assign()
    return Done()


def _begins_with_variable(parser: Parser) -> bool:
    start = parser.at
    parser.must("SET")
    found = parser.token.kind == "variable"
    parser.at = start
    return found


def _assigned(parser: Parser, scope: Scope) -> Callable[[], None]:
    """Return what sets a variable of the session, or one of the server's, once all of the statement is understood."""
    start = parser.token
    while not parser.sees("=", ":="):
        if parser.ends() or parser.sees(","):
            raise parser.fail()
        parser.at += 1
    parser.at += 1
    if start.kind == "variable":
        node = parser.expression()
        return lambda: remember(scope.visitor, start.text, value(node, scope))
    if parser.sees("ON", "DEFAULT"):
        parser.at += 1
    else:
        parser.expression()
    text = parser.sql[start.at : parser.token.at].rstrip("*/ ")
    return lambda: _set_of_server(scope, f"SET {text}")


def _set_of_server(scope: Scope, sql: str) -> None:
    outcome, _ = statements.answer(scope.visitor, sql)
    if isinstance(outcome, Failed):
        raise StatementError(*outcome)


def kill(parser: Parser, _scope: Scope) -> Outcome:
    """KILL: no thread has the number, since nobody else is shown."""
    parser.must("KILL")
    for word in ("HARD", "SOFT", "CONNECTION", "QUERY"):
        parser.then(word)
    raise StatementError(1094, "HY000", f"Unknown thread id: {parser.take('number').text[:20]}")


def lock_tables(parser: Parser, scope: Scope) -> Outcome:
    """LOCK TABLES, which must be there; nobody else could wait for them."""
    parser.must("LOCK")
    if not parser.then("TABLES"):
        parser.must("TABLE")
    for database, name in parser.listed(lambda: _locked(parser)):
        table_of(scope.visitor, database, name)
    return Done()


def _locked(parser: Parser) -> tuple[str, str]:
    path = parser.path()
    if parser.then("AS"):
        parser.name()
    while parser.sees("READ", "WRITE", "LOCAL", "LOW_PRIORITY"):
        parser.at += 1
    return path


def show_help(parser: Parser, _scope: Scope) -> Outcome | None:
    """HELP, which `statements` answers."""
    parser.must("HELP")
    parser.take("string", "word")
    return None


def no_diagnostics(parser: Parser, _scope: Scope) -> Outcome:
    """GET DIAGNOSTICS, which fails outside routines."""
    parser.at += 1
    raise parser.fail()
