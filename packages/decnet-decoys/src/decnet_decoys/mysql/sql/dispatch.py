# SPDX-License-Identifier: MIT
"""Which function answers a statement; SELECT, and statements that are prepared by text."""

import re
from collections.abc import Callable
from typing import Final

from decnet_decoys.mysql import account_statements, statements
from decnet_decoys.mysql.catalogue import Done, Failed, Found, Outcome, Visitor, Written
from decnet_decoys.mysql.sql import changing, session_statements, showing
from decnet_decoys.mysql.sql.budget import sized
from decnet_decoys.mysql.sql.changes import loading, transactions
from decnet_decoys.mysql.sql.definitions import altering, databases, maintenance, routines, tables
from decnet_decoys.mysql.sql.evaluation.scopes import Row, Scope, StatementError, remember
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.reading import plain
from decnet_decoys.mysql.sql.selects.selecting import run, selected
from decnet_decoys.mysql.sql.selects.syntax import parse_select
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError, Token, TooLongError, tokens
from decnet_decoys.mysql.sql.values import raw, shown, text

INTO: Final = re.compile(
    r"\binto\s+(?P<how>outfile|dumpfile)\s*(?P<path>'[^']{1,1024}'|\"[^\"]{1,1024}\")", re.IGNORECASE
)
_MOST_PREPARED: Final = 16
"""Statements that a session may prepare by text."""
UNPREPARED: Final = ("PREPARE", "EXECUTE", "DEALLOCATE")
CANNOT_BE_PREPARED: Final = Failed(
    1295, "HY000", "This command is not supported in the prepared statement protocol yet"
)


def near(visitor: Visitor, sql: str, at: int) -> Failed:
    """Return the error of a statement that cannot be parsed from a place on."""
    rest = plain(sql[at : at + 81])
    told = rest if len(rest) <= 80 else rest[:77] + "..."
    return statements.syntax_error(visitor, told, sql.count("\n", 0, at) + 1)


def carried_out(visitor: Visitor, sql: str, found: list[Token]) -> Outcome | None:
    """Return what comes of a statement; None for one that is not parsed here."""
    if not sql.strip():
        return Failed(1065, "42000", "Query was empty")
    into = INTO.search(sql[-2048:])
    if into is not None:
        return _written(visitor, sql, into)
    if found[0].kind == "end":
        return Done()
    parser, scope = Parser(sql, found), Scope(visitor, (), visitor.parameters)
    scope.run = run
    parser.select = parse_select
    for words, made in _STATEMENTS.items():
        if _begins(found, words):
            return made(parser, scope)
    if found[0].kind != "word" or found[0].text.upper() not in _ELSEWHERE:
        raise NotUnderstoodError(found[0].at)
    return None


def _begins(found: list[Token], words: tuple[str, ...]) -> bool:
    return len(found) > len(words) and all(
        one.text.upper() == word and one.kind in ("word", "operator") for one, word in zip(found, words, strict=False)
    )


def _select(parser: Parser, scope: Scope) -> Outcome:
    select = parse_select(parser)
    if not parser.ends():
        raise parser.fail()
    result = selected(select, scope)
    if select.into:
        if len(select.into) != len(result.columns):
            raise StatementError(1222, "21000", "The used SELECT statements have a different number of columns")
        for name, one in zip(select.into, result.rows[0] if result.rows else (), strict=False):
            remember(scope.visitor, name, one)
        return Done(len(result.rows[:1]))
    return Found(result.columns, [_shown(row) for row in result.rows], scope.warnings, result.status)


def _shown(row: Row) -> tuple[str | bytes | None, ...]:
    for one in row:
        sized(one)
    return tuple(map(shown, row))


def _written(visitor: Visitor, sql: str, into: re.Match[str]) -> Outcome | None:
    """Write what a SELECT finds into a file; None for one that stands for itself (`statements`)."""
    start = len(sql) - len(sql[-2048:]) + into.start()
    before = sql[:start].strip()
    path = into["path"][1:-1]
    dumps = into["how"].lower() == "dumpfile"
    if not re.search(r"\bfrom\b", before, re.IGNORECASE):
        return None
    found = tokens(before)
    parser, scope = Parser(before, found), Scope(visitor)
    parser.select = parse_select
    rows = selected(parse_select(parser), scope).rows
    for row in rows:
        _shown(row)
    if dumps:
        if len(rows) > 1:
            raise StatementError(1172, "42000", "Result consisted of more than one row")
        data = b"".join(b"" if one is None else raw(one) for row in rows for one in row)
    else:
        data = b"".join(b"\t".join(b"\\N" if one is None else raw(one) for one in row) + b"\n" for row in rows)
    return statements.write(visitor, Written(path, data, dumps))


def _describe(parser: Parser, scope: Scope) -> Outcome | None:
    parser.at += 1
    if parser.sees("SELECT", "UPDATE", "DELETE", "INSERT", "EXTENDED", "FORMAT"):
        return None
    database, name = parser.path()
    return showing.describe(parser, scope, database, name)


def _create(parser: Parser, scope: Scope, made: Callable[[Parser, Scope], Done]) -> Outcome:
    parser.at += 1
    scope.visitor.commit()
    return made(parser, scope)


def _prepare(parser: Parser, scope: Scope) -> Outcome:
    parser.must("PREPARE")
    name = parser.name().lower()
    parser.must("FROM")
    words = _given_text(parser, scope)
    prepared(scope.visitor, words)
    if name in scope.visitor.prepared or len(scope.visitor.prepared) < _MOST_PREPARED:
        scope.visitor.prepared[name] = words[:4096]
    return Done(info="Statement prepared")


def _given_text(parser: Parser, scope: Scope) -> str:
    token = parser.take("string", "variable")
    return token.text if token.kind == "string" else text(scope.visitor.variables.get(token.text) or "")


def prepared(visitor: Visitor, sql: str) -> list[Token]:
    """Return the tokens of a statement that is prepared; raises StatementError if it cannot be parsed."""
    try:
        found = tokens(sql.rstrip("; \t\r\n\0"))
    except (NotUnderstoodError, TooLongError) as error:
        raise StatementError(*near(visitor, sql, getattr(error, "at", 0))) from error
    if found[0].kind == "end":
        raise StatementError(1065, "42000", "Query was empty")
    if found[0].text.upper() not in _ELSEWHERE and not any(_begins(found, words) for words in _STATEMENTS):
        raise StatementError(*near(visitor, sql, found[0].at))
    return found


def parameters(found: list[Token]) -> int:
    """Return how many parameters a statement takes."""
    return sum(one.text == "?" and one.kind == "operator" for one in found)


def _execute(parser: Parser, scope: Scope) -> Outcome:
    parser.must("EXECUTE")
    at_once = parser.then("IMMEDIATE")
    name = "" if at_once else parser.name().lower()
    words = _given_text(parser, scope) if at_once else scope.visitor.prepared.get(name)
    given = parser.listed(lambda: parser.take("variable").text) if parser.then("USING") else []
    if words is None:
        raise StatementError(1243, "HY000", f"Unknown prepared statement handler ({name}) given to EXECUTE")
    found = prepared(scope.visitor, words)
    if len(given) != parameters(found):
        raise StatementError(1210, "HY000", "Incorrect arguments to EXECUTE")
    if found[0].text.upper() in UNPREPARED:
        raise StatementError(*CANNOT_BE_PREPARED)
    scope.visitor.parameters = [scope.visitor.variables.get(one) for one in given]
    try:
        outcome = carried_out(scope.visitor, words.rstrip("; \t\r\n\0"), found)
    except NotUnderstoodError as error:
        return near(scope.visitor, words, error.at)
    finally:
        scope.visitor.parameters = []
    return outcome if outcome is not None else statements.answer(scope.visitor, words)[0]


def _deallocate(parser: Parser, scope: Scope) -> Outcome:
    if not parser.then("DROP"):
        parser.must("DEALLOCATE")
    parser.must("PREPARE")
    name = parser.name().lower()
    if scope.visitor.prepared.pop(name, None) is None:
        raise StatementError(1243, "HY000", f"Unknown prepared statement handler ({name}) given to DEALLOCATE PREPARE")
    return Done()


_STATEMENTS: Final[dict[tuple[str, ...], Callable[[Parser, Scope], Outcome | None]]] = {
    ("SELECT",): _select,
    ("(",): _select,
    ("WITH",): _select,
    ("CHECK",): maintenance.maintain,
    ("ANALYZE",): maintenance.maintain,
    ("OPTIMIZE",): maintenance.maintain,
    ("REPAIR",): maintenance.maintain,
    ("CHECKSUM",): maintenance.checksum,
    ("INSERT",): changing.insert,
    ("REPLACE",): changing.insert,
    ("UPDATE",): changing.update,
    ("DELETE",): changing.delete,
    ("TRUNCATE",): changing.truncate,
    ("DESCRIBE",): _describe,
    ("DESC",): _describe,
    ("EXPLAIN",): _describe,
    ("SHOW", "GRANTS"): account_statements.show_grants,
    ("SHOW", "CREATE", "USER"): account_statements.show_create,
    ("SHOW",): showing.show,
    ("CREATE", "USER"): account_statements.create,
    ("ALTER", "USER"): account_statements.alter,
    ("DROP", "USER"): account_statements.drop,
    ("RENAME", "USER"): account_statements.rename,
    ("GRANT",): account_statements.grant,
    ("CREATE", "TABLE"): lambda parser, scope: _create(parser, scope, tables.create_table),
    ("CREATE", "TEMPORARY"): lambda parser, scope: _create(parser, scope, tables.create_table),
    ("CREATE", "VIEW"): lambda parser, scope: _create(parser, scope, tables.create_view),
    ("CREATE", "OR", "REPLACE", "VIEW"): lambda parser, scope: _create(parser, scope, tables.create_view),
    ("DROP", "TABLE"): lambda parser, scope: _create(parser, scope, tables.drop_table),
    ("DROP", "VIEW"): lambda parser, scope: _create(parser, scope, tables.drop_view),
    ("ALTER", "TABLE"): lambda parser, scope: _create(parser, scope, altering.alter_table),
    ("RENAME", "TABLE"): lambda parser, scope: _create(parser, scope, tables.rename_table),
    ("DROP", "DATABASE"): databases.drop_database,
    ("DROP", "SCHEMA"): databases.drop_database,
    ("BEGIN",): transactions.begin,
    ("START", "TRANSACTION"): transactions.begin,
    ("COMMIT",): transactions.commit,
    ("ROLLBACK",): transactions.roll_back,
    ("SAVEPOINT",): transactions.savepoint,
    ("RELEASE", "SAVEPOINT"): transactions.release,
    ("LOAD", "DATA"): loading.load,
    ("DO",): session_statements.do,
    ("SET", "PASSWORD"): account_statements.set_password,
    ("SET",): session_statements.set_variables,
    ("PREPARE",): _prepare,
    ("EXECUTE",): _execute,
    ("DEALLOCATE",): _deallocate,
    ("DROP", "PREPARE"): _deallocate,
    ("KILL",): session_statements.kill,
    ("CALL",): routines.call,
    ("LOCK",): session_statements.lock_tables,
    ("DROP", "FUNCTION"): routines.drop_function,
    ("DROP", "PROCEDURE"): routines.drop_procedure,
    ("DROP", "TRIGGER"): routines.drop_trigger,
    ("DROP", "EVENT"): routines.drop_event,
    ("HELP",): session_statements.show_help,
    ("GET",): session_statements.no_diagnostics,
}
_ELSEWHERE: Final = frozenset((
        "CREATE", "DROP", "ALTER", "USE", "GRANT", "REVOKE", "FLUSH", "LOCK", "UNLOCK", "LOAD", "RENAME",
        "RESET", "PURGE", "INSTALL", "UNINSTALL", "HANDLER", "HELP", "SIGNAL",
        "CHANGE", "STOP", "SHUTDOWN", "XA", "CACHE", "BINLOG", "VALUES",
        "START",
))  # fmt: skip
"""Words that a statement may begin with, beside those that are parsed here."""
