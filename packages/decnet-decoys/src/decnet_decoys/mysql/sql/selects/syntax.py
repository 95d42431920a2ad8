# SPDX-License-Identifier: MIT
"""SELECT as it is written."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from decnet_decoys.mysql.sql.parsing import Node, Parser


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
