# SPDX-License-Identifier: MIT
"""Columns and keys as CREATE TABLE and ALTER TABLE define them."""

from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.reading import plain
from decnet_decoys.mysql.sql.tables import KINDS, ColumnDefinition, Stored, same_kind

MOST_COLUMNS = 64
KEYS_AND_CHECKS = ("PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "FULLTEXT", "CHECK", "SPATIAL")


def column(parser: Parser) -> ColumnDefinition:
    """Return a column as CREATE TABLE and ALTER TABLE define it."""
    made = ColumnDefinition(parser.name(), "")
    start = parser.at
    kind = same_kind(parser.take("word").text.lower())
    if kind == "double":
        parser.then("PRECISION")
    if kind not in KINDS:
        parser.at = start
        raise parser.fail()
    made.kind = kind
    if parser.then("("):
        if kind in ("enum", "set"):
            made.choices = tuple(plain(one.text[:64]) for one in parser.listed(lambda: parser.take("string")))
        else:
            made.sizes = tuple(min(65535, one) for one in parser.listed(parser.whole))
        parser.must(")")
    elif kind in {"varchar", "varbinary"}:
        raise parser.fail()
    while _attribute(parser, made):
        pass
    made.not_null = made.not_null or made.primary
    if kind == "timestamp" and not made.has_default and not made.not_null:
        made.has_default = True
    return made


def _attribute(parser: Parser, made: ColumnDefinition) -> bool:  # noqa: C901, PLR0912
    if parser.then("NOT", "NULL"):
        made.not_null = True
    elif parser.then("NULL") or parser.then("ZEROFILL") or parser.then("SIGNED") or parser.then("BINARY"):
        pass
    elif parser.then("UNSIGNED"):
        made.unsigned = True
    elif parser.then("AUTO_INCREMENT"):
        made.auto = True
    elif parser.then("PRIMARY", "KEY") or parser.then("KEY"):
        made.primary = True
    elif parser.then("UNIQUE"):
        parser.then("KEY")
        made.unique = True
    elif parser.then("DEFAULT"):
        _default(parser, made)
    elif parser.then("COMMENT"):
        parser.take("string")
    elif parser.then("COLLATE") or parser.then("CHARSET") or parser.then("CHARACTER", "SET"):
        parser.then("=")
        parser.take("word", "string")
    elif parser.then("ON", "UPDATE"):
        parser.take("word")
        if parser.then("("):
            parser.must(")")
    elif parser.then("FIRST"):
        pass
    elif parser.then("AFTER"):
        parser.name()
    else:
        return False
    return True


def _default(parser: Parser, made: ColumnDefinition) -> None:
    made.has_default = True
    if parser.then("NULL"):
        return
    if parser.sees("CURRENT_TIMESTAMP", "NOW"):
        parser.at += 1
        if parser.then("("):
            parser.must(")")
        made.default = "current_timestamp()"
        return
    negative = parser.then("-")
    token = parser.take("string", "number")
    made.default = ("-" if negative else "") + plain(token.text[:1024])


def element(parser: Parser, made: Stored) -> None:
    """Add a column or a key to a table that is defined."""
    if not parser.sees(*KEYS_AND_CHECKS):
        made.columns.append(column(parser))
        return
    if parser.then("CONSTRAINT") and not parser.sees("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        parser.name()
    primary, unique = parser.then("PRIMARY", "KEY"), parser.then("UNIQUE")
    while not parser.sees("(") and not parser.ends():
        parser.at += 1
    names = [one.lower() for one in parser.bracketed(lambda: _key_part(parser))]
    while not parser.sees(",", ")") and not parser.ends():
        if parser.then("("):
            while not parser.then(")"):
                parser.take("word", "name", "operator", "number", "string")
        else:
            parser.at += 1
    if primary or unique:
        for one in made.columns:
            if one.name.lower() in names:
                one.primary = one.primary or primary
                one.not_null = one.not_null or primary
                one.unique = one.unique or (unique and len(names) == 1)


def _key_part(parser: Parser) -> str:
    name = parser.name()
    if parser.then("("):
        parser.take("number")
        parser.must(")")
    if not parser.then("ASC"):
        parser.then("DESC")
    return name


def check_columns(made: Stored) -> None:
    """Raise StatementError for columns that no table can have."""
    if not made.columns:
        raise StatementError(1113, "42000", "A table must have at least 1 column")
    seen: set[str] = set()
    for one in made.columns:
        if one.name.lower() in seen:
            raise StatementError(1060, "42S21", f"Duplicate column name '{one.name}'")
        seen.add(one.name.lower())
    if len(made.columns) > MOST_COLUMNS:
        raise StatementError(1117, "HY000", "Too many columns")
    auto = [one for one in made.columns if one.auto]
    if len(auto) > 1 or any(not (one.primary or one.unique) for one in auto):
        raise StatementError(
            1075,
            "42000",
            "Incorrect table definition; there can be only one auto column and it must be defined as a key",
        )
