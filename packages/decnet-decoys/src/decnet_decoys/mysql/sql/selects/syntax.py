# SPDX-License-Identifier: MIT
"""SELECT as it is written."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.parsing import Node, Parser
from decnet_decoys.mysql.sql.reading import TooDeepError


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
_MOST_COMMON = 16
"""Tables that WITH may name."""
_JOINS = ("INNER", "CROSS", "LEFT", "RIGHT", "NATURAL", "JOIN")


class CommonTable:
    """A table that WITH names."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self.columns = columns
        self.select: Any = None
        self.working: tuple[Sequence[Any], list[Any]] | None = None
        """Columns and the rows found last, while its rows are made out of its own."""


def parse_select(parser: Parser) -> Select:
    """Return a SELECT; raises NotUnderstoodError, TooDeepError."""
    if not parser.sees("WITH"):
        return _united(parser)
    outer, parser.common = parser.common, dict(parser.common)
    try:
        parser.must("WITH")
        recursive = parser.then("RECURSIVE")
        own: set[str] = set()
        parser.listed(lambda: _common(parser, own, recursive=recursive))
        return _united(parser)
    finally:
        parser.common = outer


def _common(parser: Parser, own: set[str], *, recursive: bool) -> None:
    """Read a table that WITH names."""
    name = parser.name()
    if name.lower() in own:
        raise StatementError(4004, "HY000", f"Duplicate query name `{name}` in WITH clause")
    own.add(name.lower())
    made = CommonTable(name, parser.bracketed(parser.name) if parser.sees("(") else ())
    parser.must("AS")
    parser.must("(")
    if len(parser.common) >= _MOST_COMMON:
        raise TooDeepError
    if recursive:
        parser.common[name.lower()] = made
    made.select = parser.nested(lambda: parse_select(parser))
    parser.must(")")
    parser.common[name.lower()] = made


def _united(parser: Parser) -> Select:
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
    group = [one for one, _ in parser.listed(lambda: parse_ordered(parser))] if parser.then("GROUP", "BY") else []
    having = parser.expression() if parser.then("HAVING") else None
    order = parser.listed(lambda: parse_ordered(parser)) if parser.then("ORDER", "BY") else []
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


def parse_ordered(parser: Parser) -> tuple[Node, bool]:
    """Return an expression of ORDER BY, and whether the highest comes first."""
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
    common = None if database else parser.common.get(name.lower())
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
    return Source(database, name, alias, common, join)
