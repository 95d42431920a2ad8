# SPDX-License-Identifier: MIT
"""The rows of `sqlite_schema`: which b-tree is which table's or index's."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from decnet_models.sqlite_pages.record import Value

_WITHOUT_ROWID: Final = re.compile(r"\)\s*(?:STRICT\s*,\s*)?WITHOUT\s+ROWID\b", re.IGNORECASE)


class Tree(NamedTuple):
    """A b-tree: a table's rows, or an index."""

    name: str
    table: str
    root: int
    holds_rows: bool
    by_rowid: bool
    """Whether it is a b-tree of row numbers; a table WITHOUT ROWID is stored as an index is."""
    sql: str = ""


SCHEMA: Final = Tree("sqlite_schema", "sqlite_schema", 1, holds_rows=True, by_rowid=True)


def trees_in(rows: Iterable[tuple[Value, ...]]) -> list[Tree]:
    """Return the b-trees that the rows name, tables first; what is no row of this table is left out."""
    found = [tree for row in rows if (tree := _tree(row)) is not None]
    return sorted(found, key=lambda tree: not tree.holds_rows)


def is_schema_row(row: tuple[Value, ...]) -> bool:
    """Return whether a row can be one of `sqlite_schema`."""
    match row:
        case ("table" | "index" | "trigger" | "view", str(), str(), int(), str() | None):
            return True
    return False


def is_without_rowid(sql: str) -> bool:
    """Return whether a CREATE TABLE statement makes a table that is stored as an index is."""
    return bool(_WITHOUT_ROWID.search(sql))


def _tree(row: tuple[Value, ...]) -> Tree | None:
    match row:
        case ("table", str(name), str(), int(root), str(sql)) if root > 0:
            return Tree(name, name, root, holds_rows=True, by_rowid=not is_without_rowid(sql), sql=sql)
        case ("index", str(name), str(table), int(root), str() | None) if root > 0:
            return Tree(name, table, root, holds_rows=False, by_rowid=False, sql=str(row[4] or ""))
    return None
