# SPDX-License-Identifier: MIT
"""Answers statements: what is parsed here, from the tables of the catalogue; the rest by the shapes of `statements`."""

import itertools
import re
from collections.abc import Callable, Generator
from typing import Any, Final

from decnet_decoys.mysql import account_statements, statements
from decnet_decoys.mysql.bulk_inserts import Parts
from decnet_decoys.mysql.bulk_inserts import divided as divided_insert
from decnet_decoys.mysql.catalogue import Done, Failed, Found, Outcome, Visitor, Written
from decnet_decoys.mysql.packets import DATABASE_DROPPED
from decnet_decoys.mysql.sql import budget, changing, defining, loading, routines, showing, transactions
from decnet_decoys.mysql.sql.budget import OverspentError, sized
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Row, Scope, StatementError, remember
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.reading import TooDeepError, plain
from decnet_decoys.mysql.sql.schemas import INFORMATION, no_database, of_the_server, table_of
from decnet_decoys.mysql.sql.selecting import parse_select, run, selected
from decnet_decoys.mysql.sql.tables import Stored
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError, Token, TooLongError, tokens
from decnet_decoys.mysql.sql.values import raw, shown, text

MOST_STATEMENTS: Final = 32
"""Of one query."""
_TOO_DEEP: Final = (
    "Thread stack overrun:  283416 bytes used of a 299008 byte stack, and 16000 bytes needed. Consider increasing the "
    "thread_stack system variable."
)
_PREPARED: Final = 16
"""Statements that a session may prepare by text."""
_INTO: Final = re.compile(
    r"\binto\s+(?P<how>outfile|dumpfile)\s*(?P<path>'[^']{1,1024}'|\"[^\"]{1,1024}\")", re.IGNORECASE
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
        outcome, known = _carried_out(visitor, trimmed, found), True
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
        found = _prepared(visitor, sql)
    except StatementError as error:
        return error.failed, 0, False
    except OverspentError as error:
        return _failed(visitor, sql, error)[0] or Done(), 0, False
    if found[0].text.upper() in _UNPREPARED:
        return _CANNOT_BE_PREPARED, 0, False
    for one, following in itertools.pairwise(found):
        if one.text == ";" and one.kind == "operator":
            return near(visitor, sql, following.at), 0, False
    count = _parameters(found)
    if found[0].text.upper() not in _READS or _INTO.search(sql[-2048:]):
        return Done(), count, False
    yield
    variables = dict(visitor.variables)
    outcome, _ = yield from answering(visitor, sql)
    visitor.variables, visitor.commands, visitor.written, visitor.delay = variables, [], [], 0.0
    return outcome, count, True


def _parameters(found: list[Token]) -> int:
    """Return how many parameters a statement takes."""
    return sum(one.text == "?" and one.kind == "operator" for one in found)


_UNPREPARED: Final = ("PREPARE", "EXECUTE", "DEALLOCATE")
_CANNOT_BE_PREPARED: Final = Failed(
    1295, "HY000", "This command is not supported in the prepared statement protocol yet"
)
_CHANGES: Final = ("insert", "replac", "update", "delete")
"""How statements begin that cannot appear to be done when they are too long."""
_READS: Final = ("SELECT", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "(")
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


def near(visitor: Visitor, sql: str, at: int) -> Failed:
    """Return the error of a statement that cannot be parsed from a place on."""
    rest = plain(sql[at : at + 81])
    told = rest if len(rest) <= 80 else rest[:77] + "..."
    return statements.syntax_error(visitor, told, sql.count("\n", 0, at) + 1)


def _carried_out(visitor: Visitor, sql: str, found: list[Token]) -> Outcome | None:
    """Return what comes of a statement; None for one that is not parsed here."""
    if not sql.strip():
        return Failed(1065, "42000", "Query was empty")
    into = _INTO.search(sql[-2048:])
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


def _drop_database(parser: Parser, scope: Scope) -> Outcome:
    parser.at += 2
    exists = parser.then("IF", "EXISTS")
    name = parser.name()
    if not parser.ends():
        raise parser.fail()
    if name not in scope.visitor.catalogue.databases:
        if exists:
            return Done(0, 0, 1, "", DATABASE_DROPPED)
        raise StatementError(1008, "HY000", f"Can't drop database '{name}'; database doesn't exist")
    if name.lower() == INFORMATION:
        raise of_the_server(scope.visitor)
    return Done(defining.forget_database(scope.visitor, name), 0, 0, "", DATABASE_DROPPED)


def _do(parser: Parser, scope: Scope) -> Outcome:
    parser.must("DO")
    for node in parser.listed(parser.expression):
        value(node, scope)
    return Done()


def _set(parser: Parser, scope: Scope) -> Outcome | None:
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
    for name, node in parser.listed(lambda: _assigned(parser)):
        remember(scope.visitor, name, value(node, scope))
    if not parser.ends():
        raise parser.fail()
    return Done()


def _begins_with_variable(parser: Parser) -> bool:
    start = parser.at
    parser.must("SET")
    found = parser.token.kind == "variable"
    parser.at = start
    return found


def _assigned(parser: Parser) -> tuple[str, Any]:
    name = parser.take("variable").text
    if not parser.then(":="):
        parser.must("=")
    return name, parser.expression()


def _prepare(parser: Parser, scope: Scope) -> Outcome:
    parser.must("PREPARE")
    name = parser.name().lower()
    parser.must("FROM")
    token = parser.take("string", "variable")
    words = token.text if token.kind == "string" else text(scope.visitor.variables.get(token.text) or "")
    _prepared(scope.visitor, words)
    if name in scope.visitor.prepared or len(scope.visitor.prepared) < _PREPARED:
        scope.visitor.prepared[name] = words[:4096]
    return Done(info="Statement prepared")


def _prepared(visitor: Visitor, sql: str) -> list[Token]:
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


def _execute(parser: Parser, scope: Scope) -> Outcome:
    parser.must("EXECUTE")
    name = parser.name().lower()
    given = parser.listed(lambda: parser.take("variable").text) if parser.then("USING") else []
    words = scope.visitor.prepared.get(name)
    if words is None:
        raise StatementError(1243, "HY000", f"Unknown prepared statement handler ({name}) given to EXECUTE")
    found = _prepared(scope.visitor, words)
    if len(given) != _parameters(found):
        raise StatementError(1210, "HY000", "Incorrect arguments to EXECUTE")
    if found[0].text.upper() in _UNPREPARED:
        raise StatementError(*_CANNOT_BE_PREPARED)
    scope.visitor.parameters = [scope.visitor.variables.get(one) for one in given]
    try:
        outcome = _carried_out(scope.visitor, words.rstrip("; \t\r\n\0"), found)
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


def _kill(parser: Parser, _scope: Scope) -> Outcome:
    parser.must("KILL")
    for word in ("HARD", "SOFT", "CONNECTION", "QUERY"):
        parser.then(word)
    raise StatementError(1094, "HY000", f"Unknown thread id: {parser.take('number').text[:20]}")


def _lock(parser: Parser, scope: Scope) -> Outcome:
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


def _help(parser: Parser, _scope: Scope) -> Outcome | None:
    parser.must("HELP")
    parser.take("string", "word")
    return None


def _no_diagnostics(parser: Parser, _scope: Scope) -> Outcome:
    parser.at += 1
    raise parser.fail()


def _call(parser: Parser, scope: Scope) -> Outcome:
    parser.must("CALL")
    database, name = parser.path()
    if not (database or scope.visitor.database):
        raise no_database()
    raise StatementError(1305, "42000", f"PROCEDURE {database or scope.visitor.database}.{name} does not exist")


_STATEMENTS: Final[dict[tuple[str, ...], Callable[[Parser, Scope], Outcome | None]]] = {
    ("SELECT",): _select,
    ("(",): _select,
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
    ("CREATE", "TABLE"): lambda parser, scope: _create(parser, scope, defining.create_table),
    ("CREATE", "TEMPORARY"): lambda parser, scope: _create(parser, scope, defining.create_table),
    ("CREATE", "VIEW"): lambda parser, scope: _create(parser, scope, defining.create_view),
    ("CREATE", "OR", "REPLACE", "VIEW"): lambda parser, scope: _create(parser, scope, defining.create_view),
    ("DROP", "TABLE"): lambda parser, scope: _create(parser, scope, defining.drop_table),
    ("DROP", "VIEW"): lambda parser, scope: _create(parser, scope, defining.drop_view),
    ("ALTER", "TABLE"): lambda parser, scope: _create(parser, scope, defining.alter_table),
    ("RENAME", "TABLE"): lambda parser, scope: _create(parser, scope, defining.rename_table),
    ("DROP", "DATABASE"): _drop_database,
    ("DROP", "SCHEMA"): _drop_database,
    ("BEGIN",): transactions.begin,
    ("START", "TRANSACTION"): transactions.begin,
    ("COMMIT",): transactions.commit,
    ("ROLLBACK",): transactions.roll_back,
    ("SAVEPOINT",): transactions.savepoint,
    ("RELEASE", "SAVEPOINT"): transactions.release,
    ("DO",): _do,
    ("SET", "PASSWORD"): account_statements.set_password,
    ("SET",): _set,
    ("PREPARE",): _prepare,
    ("EXECUTE",): _execute,
    ("DEALLOCATE",): _deallocate,
    ("DROP", "PREPARE"): _deallocate,
    ("KILL",): _kill,
    ("CALL",): _call,
    ("LOCK",): _lock,
    ("DROP", "FUNCTION"): routines.drop_function,
    ("DROP", "PROCEDURE"): routines.drop_procedure,
    ("DROP", "TRIGGER"): routines.drop_trigger,
    ("DROP", "EVENT"): routines.drop_event,
    ("LOAD", "DATA"): loading.load,
    ("HELP",): _help,
    ("GET",): _no_diagnostics,
}
_ELSEWHERE: Final = frozenset(
    [
        "CREATE",
        "DROP",
        "ALTER",
        "USE",
        "GRANT",
        "REVOKE",
        "FLUSH",
        "LOCK",
        "UNLOCK",
        "LOAD",
        "RENAME",
        "RESET",
        "OPTIMIZE",
        "CHECK",
        "ANALYZE",
        "PURGE",
        "INSTALL",
        "UNINSTALL",
        "HANDLER",
        "HELP",
        "SIGNAL",
        "CHANGE",
        "STOP",
        "SHUTDOWN",
        "XA",
        "REPAIR",
        "CACHE",
        "BINLOG",
        "VALUES",
        "WITH",
        "START",
    ]
)
"""Words that a statement may begin with, beside those that are parsed here."""
