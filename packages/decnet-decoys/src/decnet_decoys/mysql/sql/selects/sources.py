# SPDX-License-Identifier: MIT
"""FROM: the rows of tables, views and SELECTs, joined one with another."""

from collections.abc import Sequence
from typing import Any

from decnet_decoys.mysql.packets import NO_INDEX_USED
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Row, Scope
from decnet_decoys.mysql.sql.parsing import Node, Parser
from decnet_decoys.mysql.sql.schemas import table_of
from decnet_decoys.mysql.sql.selects.common_tables import rows_of_common
from decnet_decoys.mysql.sql.selects.syntax import CommonTable, Select, Source, parse_select
from decnet_decoys.mysql.sql.tables import ColumnDefinition, loaded
from decnet_decoys.mysql.sql.tokens import tokens
from decnet_decoys.mysql.sql.values import truth


def rows_of(select: Select, scope: Scope) -> tuple[list[Origin], list[Row], int]:
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
        if isinstance(source.inner, CommonTable):
            columns, rows, status = rows_of_common(source.inner, scope)
        else:
            columns, rows = scope.subselect(source.inner)
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
    return scope.subselect(parse_select(parser))


def _joined(  # noqa: PLR0917
    origins: list[Origin], rows: list[Row], mine: list[Origin], more: list[Row], source: Source, scope: Scope
) -> tuple[list[Origin], list[Row]]:
    if not origins:
        return mine, more
    both = [*origins, *mine]
    inner = Scope(scope.visitor, both, scope.parameters)
    inner.where, inner.run = "ON", scope.run
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
