# SPDX-License-Identifier: MIT
"""SELECT: parsed, and answered from the tables of the catalogue, joined one row with another."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any, NamedTuple

from decnet_decoys.mysql.packets import NO_INDEX_USED, Column
from decnet_decoys.mysql.sql import describing
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.aggregates import is_aggregate
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Row, Scope, StatementError, clause
from decnet_decoys.mysql.sql.parsing import Node, Parser
from decnet_decoys.mysql.sql.schemas import table_of
from decnet_decoys.mysql.sql.tables import ColumnDefinition, loaded
from decnet_decoys.mysql.sql.tokens import tokens
from decnet_decoys.mysql.sql.values import Value, compared, raw, truth


class Source(NamedTuple):
    """A table of FROM."""

    database: str
    name: str
    alias: str
    inner: Any = None
    join: str = ""
    on: Node | None = None
    using: tuple[str, ...] = ()


class Select(NamedTuple):
    items: list[tuple[Node, str]]
    sources: list[Source]
    where: Node | None = None
    group: Sequence[Node] = ()
    having: Node | None = None
    order: Sequence[tuple[Node, bool]] = ()
    limit: tuple[int, int] | None = None
    """How many rows are left out, and how many follow at most."""
    distinct: bool = False
    into: tuple[str, ...] = ()
    others: Sequence[tuple[Any, bool]] = ()
    """Of UNION, each with whether all rows count."""


_MODIFIERS = (
    "DISTINCT",
    "DISTINCTROW",
    "ALL",
    "SQL_NO_CACHE",
    "SQL_CACHE",
    "SQL_CALC_FOUND_ROWS",
    "HIGH_PRIORITY",
    "STRAIGHT_JOIN",
)
_JOINS = ("INNER", "CROSS", "LEFT", "RIGHT", "NATURAL", "JOIN")


def parse_select(parser: Parser) -> Select:
    """Return a SELECT; raises NotUnderstoodError, TooDeepError."""
    select = parser.nested(lambda: _simple(parser))
    others: list[tuple[Any, bool]] = []
    while parser.then("UNION"):
        every = parser.then("ALL")
        if not every:
            parser.then("DISTINCT")
        others.append((_simple(parser), every))
    if not others:
        return select
    last = others[-1][0]
    others[-1] = (last._replace(order=(), limit=None), others[-1][1])
    return select._replace(others=others, order=last.order, limit=last.limit)


def _simple(parser: Parser) -> Select:
    if parser.then("("):
        inner = parse_select(parser)
        parser.must(")")
        return inner
    parser.must("SELECT")
    distinct = False
    while parser.sees(*_MODIFIERS):
        distinct = parser.token.text.upper() in ("DISTINCT", "DISTINCTROW") or distinct
        parser.at += 1
    items = parser.listed(lambda: _item(parser))
    into = _into(parser)
    sources = _from(parser) if parser.then("FROM") else []
    where = parser.expression() if parser.then("WHERE") else None
    group = [one for one, _ in parser.listed(lambda: _ordered(parser))] if parser.then("GROUP", "BY") else []
    having = parser.expression() if parser.then("HAVING") else None
    order = parser.listed(lambda: _ordered(parser)) if parser.then("ORDER", "BY") else []
    limit = parse_limit(parser)
    into = _into(parser) or into
    if not parser.then("FOR", "UPDATE"):
        parser.then("LOCK", "IN", "SHARE", "MODE")
    return Select(items, sources, where, group, having, order, limit, distinct, into)


def _item(parser: Parser) -> tuple[Node, str]:
    if parser.then("*"):
        return Node("star"), ""
    node = parser.expression()
    if parser.then("AS"):
        return node, parser.take("word", "name", "string").text
    token = parser.token
    if token.kind in ("name", "string"):
        parser.at += 1
        return node, token.text
    if (
        token.kind == "word"
        and not token.text[:1].isdecimal()
        and token.text.upper()
        not in ("UNION", "INTO", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "FOR", "LOCK")
    ):
        return node, parser.name()
    return node, ""


def _into(parser: Parser) -> tuple[str, ...]:
    if not parser.then("INTO"):
        return ()
    if parser.then("OUTFILE") or parser.then("DUMPFILE"):  # a statement that names a file does not come here
        parser.take("string")
        raise parser.fail()
    return tuple(parser.listed(lambda: parser.take("variable").text))


def _ordered(parser: Parser) -> tuple[Node, bool]:
    node = parser.expression()
    down = parser.then("DESC")
    if not down:
        parser.then("ASC")
    return node, down


def parse_limit(parser: Parser) -> tuple[int, int] | None:
    """Return LIMIT, if it follows."""
    if not parser.then("LIMIT"):
        return None
    first = parser.whole()
    if parser.then(","):
        return first, parser.whole()
    if parser.then("OFFSET"):
        return parser.whole(), first
    return 0, first


def _from(parser: Parser) -> list[Source]:
    sources = [_source(parser, "")]
    while len(sources) < 8:
        if parser.then(","):
            sources.append(_source(parser, "cross"))
        elif parser.sees(*_JOINS):
            kind = "inner"
            if parser.sees("LEFT", "RIGHT"):
                kind = parser.token.text.lower()
                parser.at += 1
                parser.then("OUTER")
            elif not parser.then("INNER"):
                parser.then("CROSS")
            parser.must("JOIN")
            source = _source(parser, kind)
            if parser.then("ON"):
                source = source._replace(on=parser.expression())
            elif parser.then("USING"):
                source = source._replace(using=tuple(parser.bracketed(parser.name)))
            sources.append(source)
        else:
            break
    return sources


def _source(parser: Parser, join: str) -> Source:
    if parser.then("("):
        inner = parse_select(parser)
        parser.must(")")
        parser.then("AS")
        return Source("", "", parser.name(), inner, join)
    database, name = parser.path()
    alias = name
    if (
        parser.then("AS")
        or parser.token.kind == "name"
        or (
            parser.token.kind == "word"
            and parser.token.text.upper()
            not in (
                *_JOINS,
                "ON",
                "WHERE",
                "GROUP",
                "HAVING",
                "ORDER",
                "LIMIT",
                "UNION",
                "INTO",
                "FOR",
                "LOCK",
                "SET",
                "USING",
                "PROCEDURE",
            )
        )
    ):
        alias = parser.name()
    return Source(database, name, alias, None, join)


class Result(NamedTuple):
    columns: list[Column]
    rows: list[Row]
    status: int = 0


def run(select: Select, scope: Scope) -> tuple[Sequence[Any], list[Row]]:
    """Return the columns and rows of a SELECT; raises StatementError."""
    step()
    inner = Scope(scope.visitor, (), scope.parameters)
    inner.run = run
    made = selected(select, inner)
    scope.warnings += inner.warnings
    return made.columns, made.rows


def selected(select: Select, scope: Scope) -> Result:
    """Answer a SELECT, with its UNIONs; raises StatementError."""
    scope.run = run
    if not select.others:
        return _selected(select, scope)
    first = _selected(select._replace(order=(), limit=None, others=()), scope)
    rows, columns, status = first.rows, first.columns, first.status
    for other, every in select.others:
        part, more = run(other, scope)
        if len(part) != len(columns):
            raise StatementError(1222, "21000", "The used SELECT statements have a different number of columns")
        step(len(rows) // 16)
        rows = rows + more if every else _distinct(rows + more)
        columns = [_united(one, two, temporary=not every) for one, two in zip(columns, part, strict=True)]
        status |= 0 if every else NO_INDEX_USED
    return Result(columns, _limited(rows, select.limit), status)


def _united(one: Column, two: Column, *, temporary: bool) -> Column:
    size = (
        max(one.size + (1 if one.kind == 3 else 0), two.size + (1 if two.kind == 3 else 0))
        if one.kind in (3, 8)
        else max(one.size, two.size)
    )
    flags = one.flags & two.flags & 1 | (one.flags & 0x80 if not temporary else 0)
    made = one._replace(size=size, flags=flags)
    return made._replace(origin=one.name, decimals=0 if one.text else one.decimals) if temporary else made


def _selected(select: Select, scope: Scope) -> Result:
    origins, rows, status = _rows(select, scope)
    scope.columns = origins
    if select.where is not None:
        scope.where = "WHERE"
        rows = [row for row in rows if truth(value(select.where, scope, row))]
    scope.where = "SELECT"
    items = _starred(select.items, origins)
    grouped = bool(select.group) or any(is_aggregate(node) for node, _ in items) or is_aggregate(select.having)
    made: list[tuple[Row, Row, list[Row] | None]] = []
    if grouped:
        for group in _groups(select, scope, rows):
            first = group[0] if group else ()
            made.append((tuple(value(node, scope, (), group) for node, _ in items), first, group))
    else:
        made += [(tuple(value(node, scope, row) for node, _ in items), row, None) for row in rows]
    if select.having is not None:
        made = [one for one in made if truth(_of_result(select.having, items, scope, one))]
    if select.order:
        made = _sorted(made, select.order, items, scope)
    results = [one[0] for one in made]
    sample = results[0] if results else (None,) * len(items)
    columns = [describing.column(node, scope, one, alias) for (node, alias), one in zip(items, sample, strict=True)]
    if select.distinct:
        results = _distinct(results)
        columns = [one._replace(flags=one.flags | (0x8000 if one.table else 0)) for one in columns]
    scope.visitor.found_rows = len(results)
    return Result(columns, _limited(results, select.limit), status)


def _limited(rows: list[Row], limit: tuple[int, int] | None) -> list[Row]:
    return rows if limit is None else rows[limit[0] : limit[0] + limit[1]]


def _distinct(rows: list[Row]) -> list[Row]:
    return list({_key(row): row for row in reversed(rows)}.values())[::-1]


def _key(row: Sequence[Value]) -> tuple[bytes | None, ...]:
    """Return what is the same for rows that are not distinct."""
    for one in row:
        sized(one)
    return tuple(None if one is None else raw(one) for one in row)


def _of_result(
    node: Node, items: list[tuple[Node, str]], scope: Scope, made: tuple[Row, Row, list[Row] | None]
) -> Value:
    """Return what an expression of HAVING or ORDER BY is worth: a name may be an alias, a number a column."""
    result, row, group = made
    place = _place(node)
    if place is not None and 1 <= place <= len(result):
        return result[place - 1]
    if node.op == "column" and len(node.args) == 1:
        step(len(items) // 4)
        for (item, alias), one in zip(items, result, strict=True):
            if (alias or describing.name_of(item)).lower() == node.args[0].lower():
                return one
    return value(node, scope, () if group is not None else row, group)


def _place(node: Node) -> int | None:
    """Return which column a number means."""
    return int(node.args[0][:18]) if node.op == "number" and node.args[0].isdecimal() else None


def _sorted(
    made: list[Any], order: Sequence[tuple[Node, bool]], items: list[tuple[Node, str]], scope: Scope
) -> list[Any]:
    keyed = [([_of_result(node, items, scope, one) for node, _ in order], one) for one in made]

    def compare(left: Any, right: Any) -> int:
        step()
        for (_, down), one, two in zip(order, left[0], right[0], strict=True):
            found = compared(one, two)
            if found is None:
                found = (one is not None) - (two is not None)
            if found:
                return -found if down else found
        return 0

    for node, _ in order:
        place = _place(node)
        if place is not None and not 1 <= place <= len(items):
            raise StatementError(
                1054, "42S22", f"Unknown column '{node.args[0]}' in '{clause(scope.visitor, 'ORDER BY')}'"
            )
    return [one for _, one in sorted(keyed, key=cmp_to_key(compare))]


def _groups(select: Select, scope: Scope, rows: list[Row]) -> list[list[Row]]:
    if not select.group:
        return [rows]
    groups: dict[tuple[bytes | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(_key([value(node, scope, row) for node in select.group]), []).append(row)
    return list(groups.values())


def _starred(items: list[tuple[Node, str]], origins: Sequence[Origin]) -> list[tuple[Node, str]]:
    made: list[tuple[Node, str]] = []
    for node, alias in items:
        if node.op != "star":
            made.append((node, alias))
            continue
        if not origins:
            raise StatementError(1096, "HY000", "No tables used")
        table = node.args[-1].lower() if node.args else ""
        step(2 * len(origins))
        shown = [one for one in origins if not table or one.table.lower() == table]
        if not shown:
            raise StatementError(1051, "42S02", f"Unknown table '{node.args[-1]}'")
        made += [(Node("column", (one.table, one.name)), one.name) for one in shown]
    return made


def _rows(select: Select, scope: Scope) -> tuple[list[Origin], list[Row], int]:
    """Return the columns and rows of FROM, and what the server's status says of how they were found."""
    sources = select.sources
    if not sources or (len(sources) == 1 and sources[0].name.lower() == "dual" and not sources[0].database):
        return [], [()], 0
    origins: list[Origin] = []
    rows: list[Row] = [()]
    status = 0
    for source in sources:
        mine, more, how = _of_source(source, scope)
        status |= how
        origins, rows = _joined(origins, rows, mine, more, source, scope)
    if len(sources) == 1 and is_by_key(select.where, [one.stored for one in origins if one.stored is not None]):
        status &= ~NO_INDEX_USED
    return origins, rows, status


def is_by_key(where: Node | None, columns: Sequence[ColumnDefinition]) -> bool:
    """Return whether a condition asks for a value of the primary key of these columns."""
    if where is None or where.op != "=":
        return False
    keys = {one.name.lower() for one in columns if one.primary}
    return any(isinstance(one, Node) and one.op == "column" and one.args[-1].lower() in keys for one in where.args)


def _of_source(source: Source, scope: Scope) -> tuple[list[Origin], list[Row], int]:
    if source.inner is not None:
        columns, rows = run(source.inner, scope)
        status = NO_INDEX_USED if source.inner.others or source.inner.sources else 0
        return (
            [
                Origin(
                    one.name,
                    source.alias,
                    "",
                    None,
                    "",
                    one._replace(
                        flags=one.flags & ~0x80, schema="", table=source.alias, real_table="", origin=one.name
                    ),
                )
                for one in columns
            ],
            rows,
            status,
        )
    database, table = table_of(scope.visitor, source.database, source.name)
    real = source.name if database != "information_schema" else source.name.upper()
    if table.query:
        columns, rows = _viewed(table.query, scope)
        return (
            [
                Origin(
                    one.name,
                    source.alias,
                    database,
                    None,
                    source.alias,
                    one._replace(schema=database, table=source.alias, real_table=source.alias, origin=one.name),
                )
                for one in columns
            ],
            rows,
            NO_INDEX_USED,
        )
    origins = [Origin(one.name, source.alias, database, one, real) for one in table.columns]
    step(len(table.rows) // 64 + len(table.columns))
    if not any(one.kind == "decimal" for one in table.columns):
        return origins, list(table.rows), NO_INDEX_USED
    rows = []
    for row in table.rows:
        step(1 + len(row) // 2)
        rows.append(loaded(table, row))
    return origins, rows, NO_INDEX_USED


def _viewed(query: str, scope: Scope) -> tuple[Sequence[Any], list[Row]]:
    parser = Parser(query, tokens(query))
    parser.select = parse_select
    return run(parse_select(parser), scope)


def _joined(  # noqa: PLR0917
    origins: list[Origin], rows: list[Row], mine: list[Origin], more: list[Row], source: Source, scope: Scope
) -> tuple[list[Origin], list[Row]]:
    if not origins:
        return mine, more
    both = [*origins, *mine]
    inner = Scope(scope.visitor, both, scope.parameters)
    inner.where, inner.run = "ON", run
    condition = source.on
    for name in source.using:
        same = Node("=", (Node("column", (origins[0].table, name)), Node("column", (mine[0].table, name))))
        condition = same if condition is None else Node("and", (condition, same))
    if source.join == "right":
        left, right = more, rows
    else:
        left, right = rows, more
    made: list[Row] = []
    for one in left:
        matched = False
        for two in right:
            row = one + two if source.join != "right" else two + one
            step(1 + len(both) // 16)
            if condition is None or truth(value(condition, inner, row)):
                matched = True
                made.append(row)
        if not matched and source.join in ("left", "right"):
            made.append(one + (None,) * len(mine) if source.join == "left" else (None,) * len(origins) + one)
    if source.using:  # such a column is there once
        drop = {len(origins) + index for index, one in enumerate(mine) if one.name in source.using}
        both = [one for index, one in enumerate(both) if index not in drop]
        step(len(made) * len(both) // 8)
        made = [tuple(part for index, part in enumerate(row) if index not in drop) for row in made]
    return both, made
