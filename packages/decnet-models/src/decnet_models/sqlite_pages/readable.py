# SPDX-License-Identifier: MIT
"""Finds all that can be read of a damaged file: also pages below a damaged one, and tables that the schema lost.

A page to which none refers was referred to by a damaged page. Whose it is follows from the keys that are missing there
and from the form of its rows. Where that leaves two answers, or where the list of free pages is damaged, too, so that
the page may hold deleted rows, an undamaged index must have its rows; otherwise they are left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.node import Node
from decnet_models.sqlite_pages.page_file import PageFile
from decnet_models.sqlite_pages.record import Value, decode
from decnet_models.sqlite_pages.schema_rows import SCHEMA, Tree, trees_in
from decnet_models.sqlite_pages.shape import Shapes
from decnet_models.sqlite_pages.survey import Gap, Say, Survey, Walked, rows

Rows = list[tuple[int, tuple[Value, ...]]]


class Expected(NamedTuple):
    """A table or index as the migrations make it: where its root is in a new file, and how it was declared."""

    tree: Tree
    sql: str


class Readable(NamedTuple):
    """A file's trees and what their rows look like."""

    survey: Survey
    shapes: Shapes
    undecided: list[int]
    """Pages with rows that fit several tables, or that may have been deleted."""

    def tables(self) -> list[Walked]:
        """Return the tables, that of the schema left out."""
        walked = self.survey.walked.values()
        return [one for one in walked if one.tree.holds_rows and one.tree.name != SCHEMA.name]

    def indexes_of(self, table: str) -> list[Walked]:
        """Return the undamaged indexes of a table."""
        walked = self.survey.walked.values()
        return [one for one in walked if one.tree.table == table and not one.tree.holds_rows and one.whole]


def read_all(pages: PageFile, expected: list[Expected], say: Say, *, thorough: bool = True) -> Readable:
    """Walk all trees of the file. `expected` serves for what its schema has lost."""
    survey = Survey(pages, say, thorough=thorough)
    schema = survey.walk(SCHEMA)
    schema_shapes = Shapes(())
    undecided = _adopt(survey, schema_shapes, [schema])
    found = [values for *_, values in rows(survey, schema) if values is not None]
    trees = {tree.name: tree for tree in trees_in(found)}
    lost = [] if schema.whole else [one for one in expected if one.tree.name not in trees]
    shapes = Shapes([*(str(values[4]) for values in found if values[4]), *(one.sql for one in lost if one.sql)])
    for tree in trees.values():
        survey.walk(tree)
    for one in lost:
        if one.tree.holds_rows:
            _walk_lost(survey, shapes, one.tree)
    if any(not one.whole for one in survey.walked.values() if one.tree.holds_rows):
        undecided = _adopt(survey, shapes, [one for one in survey.walked.values() if one.tree.holds_rows])
    return Readable(survey, shapes, undecided)


def _walk_lost(survey: Survey, shapes: Shapes, tree: Tree) -> None:
    """Walk a table from where its root is in a new file, if that page is one of it; else it is all gap."""
    if _begins_with_rows(survey, shapes, tree):
        survey.walk(tree)
        return
    survey.walk(tree._replace(root=0))


def _begins_with_rows(survey: Survey, shapes: Shapes, tree: Tree) -> bool:
    number = tree.root
    for _ in range(40):
        if survey.owner(number) is not None or not 0 < number <= survey.pages.count:
            return False
        try:
            node = survey.node(number)
            if node.of_table != tree.by_rowid:
                return False
            if not node.interior:
                return all(shapes.fits(tree, values) for _, values in _rows_in(survey, node))
        except DamagedPageError:
            return False
        number = [*node.children, node.right][0]
    return False


def _adopt(survey: Survey, shapes: Shapes, tables: list[Walked]) -> list[int]:
    """Give each page that nobody refers to to the table in whose gap it fits; return those that remain undecided."""
    gapped = [table for table in tables if table.gaps]
    undecided = []
    entries: dict[str, set[object]] = {}
    for number in list(survey.nobodys()) if gapped else []:
        try:
            node = survey.node(number)
            found = [] if node.of_table and node.interior else _rows_in(survey, node)
        except DamagedPageError:
            continue
        fitting = [table for table in gapped if found and _fits(shapes, table, node, found)]
        if tables[0].tree != SCHEMA and (len(fitting) != 1 or survey.free_damages):
            sure = [table for table in fitting if _confirmed(survey, shapes, table, found, entries)]
            undecided += [number] if fitting and len(sure) != 1 else []
            fitting = sure
        if len(fitting) == 1:
            survey.adopt(number, node, fitting[0])
    return undecided


def _rows_in(survey: Survey, node: Node) -> Rows:
    return [(cell.rowid, decode(survey.record(cell))) for cell in node.cells]


def _fits(shapes: Shapes, table: Walked, node: Node, found: Rows) -> bool:
    tree = table.tree
    if node.of_table != tree.by_rowid or not all(shapes.fits(tree, values) for _, values in found):
        return False
    keys = [rowid if tree.by_rowid else values for rowid, values in found]
    return any(_all_within(gap, keys) for gap in table.gaps)


def _all_within(gap: Gap, keys: Sequence[object]) -> bool:
    return gap.covers(keys[0]) and gap.covers(keys[-1])


def _confirmed(survey: Survey, shapes: Shapes, table: Walked, found: Rows, entries: dict[str, set[object]]) -> bool:
    """Return whether an undamaged index of the table has all these rows."""
    shape = shapes.tables.get(table.tree.name)
    for index in survey.walked.values():
        if index.tree.table != table.tree.name or index.tree.holds_rows or not index.whole or shape is None:
            continue
        columns = shapes.indexes.get(index.tree.name)
        if columns is None:
            continue
        if index.tree.name not in entries:
            entries[index.tree.name] = {values for *_, values in rows(survey, index)}
        named = [{**shape.named(rowid, values), "": rowid} for rowid, values in found]
        return all(tuple(row.get(column) for column in columns) in entries[index.tree.name] for row in named)
    return False
