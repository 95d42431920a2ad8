# SPDX-License-Identifier: MIT
"""Walks the b-trees of a file: which page belongs to what, which cannot be read, and which keys are missing with it.

A page is taken for what its parent says it is only when it obeys the format, has the kind of the tree, belongs to
nothing else yet, and holds only keys that lie between those which the parent keeps on both sides of it. So a garbled
parent does not make one table's rows another's.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.node import Cell, Node, parse
from decnet_models.sqlite_pages.page_file import PageFile
from decnet_models.sqlite_pages.record import Value, ascending, decode, decode_all
from decnet_models.sqlite_pages.schema_rows import Tree

Say = Callable[[str], None]
Key = Any
"""A row number, or the values of an index entry."""

FREE: Final = Tree("free list", "", 0, holds_rows=False, by_rowid=False)
RESERVED: Final = Tree("reserved", "", 0, holds_rows=False, by_rowid=False)

_SAY_EVERY: Final = 512


class Gap(NamedTuple):
    """A part of a tree that cannot be reached: keys above `low` and up to `high` (None: no limit)."""

    page: int
    low: Key
    high: Key
    reason: str

    def covers(self, key: Key) -> bool:
        return (self.low is None or ascending([self.low, key])) and (
            self.high is None or not ascending([self.high, key])
        )


class Walked:
    """What the walk of one tree found."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.pages: list[int] = []
        """Pages with records, in the order of the keys of their first ones."""
        self.gaps: list[Gap] = []
        self.broken: dict[tuple[int, int], str] = {}
        """Page and place of cells whose record is not whole, with the reason."""
        self.records = 0
        self.adopted = 0
        """Pages that no other page refers to, and that fill a gap."""

    @property
    def whole(self) -> bool:
        return not (self.gaps or self.broken)


class Survey:
    """The owners of all pages of a file."""

    def __init__(self, pages: PageFile, say: Say, *, thorough: bool = True) -> None:
        self.pages = pages
        self._thorough = thorough
        self.walked: dict[str, Walked] = {}
        self.free_damages: list[tuple[int, str]] = []
        """Page and reason: then some of the pages that nobody refers to may hold deleted rows."""
        if not pages.sound:
            self.free_damages.append((1, "where the list of free pages begins is not known"))
        self._say = say
        self._owners: list[Tree | None] = [None, FREE, RESERVED]
        self._owner = array("H", bytes(2 * (pages.count + 1)))
        self._read = 0
        for number in pages.numbers_without_content():
            self._owner[number] = 2
        self._walk_free_list()

    def owner(self, page: int) -> Tree | None:
        """Return what a page belongs to."""
        return self._owners[self._owner[page]] if 0 < page <= self.pages.count else None

    def walk(self, tree: Tree) -> Walked:
        """Walk one tree and keep the result; keys of indexes are read and compared only when `thorough`."""
        result = Walked(tree)
        self._owners.append(tree)
        mark = len(self._owners) - 1
        stack: list[tuple[int, Key, Key, int]] = [(tree.root, None, None, 0)]
        while stack:
            number, low, high, parent = stack.pop()
            try:
                node, keys = self._node(tree, number, low, high, result)
            except DamagedPageError as error:
                within = number if 0 < number <= self.pages.count else parent
                result.gaps.append(Gap(within, low, high, str(error)))
                continue
            self._claim(number, mark)
            self._claim_overflow(number, node, mark, result)
            if not (node.interior and node.of_table):
                result.pages.append(number)
                result.records += len(node)
            if node.interior:
                stack += reversed(list(_children(node, keys, low, high, number)))
        result.records -= len(result.broken)
        self.walked[tree.name] = result
        return result

    def nobodys(self) -> Iterator[int]:
        """Yield the pages that nothing refers to."""
        return (number for number in range(1, self.pages.count + 1) if not self._owner[number])

    def adopt(self, number: int, node: Node, walked: Walked) -> None:
        """Take a page that nobody refers to for one of the tree; its overflow pages must be nobody's either."""
        mark = self._owners.index(walked.tree)
        self._claim(number, mark)
        self._claim_overflow(number, node, mark, walked)
        walked.pages.append(number)
        walked.adopted += 1
        walked.records += len(node) - sum(page == number for page, _ in walked.broken)

    def record(self, cell: Cell) -> bytes:
        """Return the whole record of a cell; raises DamagedPageError."""
        return cell.local if not cell.overflow else b"".join(self._parts(cell, []))

    def node(self, number: int) -> Node:
        """Return a page's content; raises DamagedPageError."""
        return parse(self.pages.page(number), self.pages.usable, number)

    def _node(self, tree: Tree, number: int, low: Key, high: Key, result: Walked) -> tuple[Node, list[Key]]:
        self._require_nobodys([number])
        self._read += 1
        if self._read % _SAY_EVERY == 0:
            self._say(f"{tree.name}: {self._read * 100 // self.pages.count} % of the pages")
        node = self.node(number)
        if node.of_table != tree.by_rowid:
            raise DamagedPageError("it is a page of another kind of b-tree")
        if tree.by_rowid:
            keys: list[Key] = node.rowids
        elif tree.holds_rows or self._thorough:
            keys = self._index_keys(number, node, result)
        else:
            keys = [None] * len(node)
        _require_between(keys, low, high)
        return node, keys

    def _index_keys(self, number: int, node: Node, result: Walked) -> list[Key]:
        if not node.overflowing:
            return decode_all(node.local)
        keys: list[Key] = []
        for place, cell in enumerate(node.cells):
            try:
                keys.append(decode(self.record(cell)))
            except DamagedPageError as error:
                if not cell.overflow:
                    raise
                result.broken[number, place] = str(error)
                keys.append(None)
        return keys

    def _claim(self, number: int, mark: int) -> None:
        self._owner[number] = mark

    def _claim_overflow(self, number: int, node: Node, mark: int, result: Walked) -> None:
        for place, (size, first) in node.overflowing.items():
            chain: list[int] = []
            try:
                for _ in self._parts(Cell(0, 0, size, first, node.local[place]), chain):
                    self._require_nobodys(chain[-1:])
            except DamagedPageError as error:
                result.broken.setdefault((number, place), str(error))
            else:
                for page in chain:
                    self._claim(page, mark)

    def _require_nobodys(self, pages: list[int]) -> None:
        for page in pages:
            if not 0 < page <= self.pages.count:
                raise DamagedPageError(f"it refers to page {page}, which does not exist")
            if (owner := self.owner(page)) is not None:
                raise DamagedPageError(f"page {page} is one of {owner.name}, too")

    def _parts(self, cell: Cell, chain: list[int]) -> Iterator[bytes]:
        """Yield the record's parts, and append to `chain` the pages of those after the first."""
        yield cell.local
        left, page = cell.size - len(cell.local), cell.overflow
        most = self.pages.usable - 4
        while left > 0:
            if not 0 < page <= self.pages.count or page in chain[-1:] or len(chain) > self.pages.count:
                raise DamagedPageError("its chain of overflow pages is broken")
            content = self.pages.page(page)
            chain.append(page)
            yield content[4 : 4 + min(left, most)]
            left -= most
            page = int.from_bytes(content[:4], "big")
        if page:
            raise DamagedPageError("its chain of overflow pages is too long")

    def _walk_free_list(self) -> None:
        trunk, listed = self.pages.free_trunk, 0
        while trunk:
            try:
                self._require_nobodys([trunk])
                content = self.pages.page(trunk)
            except DamagedPageError as error:
                self.free_damages.append((trunk, str(error)))
                return
            self._claim(trunk, 1)
            count = int.from_bytes(content[4:8], "big")
            if count > self.pages.usable // 4 - 2:
                self.free_damages.append((trunk, "a page of the list of free pages is not one"))
                return
            for at in range(8, 8 + 4 * count, 4):
                page = int.from_bytes(content[at : at + 4], "big")
                if not 0 < page <= self.pages.count or self._owner[page]:
                    self.free_damages.append((trunk, "the list of free pages names an impossible page"))
                else:
                    self._claim(page, 1)
            listed += 1 + count
            trunk = int.from_bytes(content[:4], "big")
        if self.pages.free_pages is not None and listed != self.pages.free_pages:
            self.free_damages.append((1, f"{listed} free pages are listed, not {self.pages.free_pages}"))


def rows(survey: Survey, walked: Walked) -> Iterator[tuple[int, int, int, tuple[Value, ...] | None]]:
    """Yield page, place and row number of each record, and its values; None for a record that is not whole."""
    for number in walked.pages:
        try:
            cells = survey.node(number).cells
        except DamagedPageError:  # the disk has changed its mind
            continue
        for place, cell in enumerate(cells):
            if (number, place) in walked.broken:
                yield number, place, cell.rowid, None
                continue
            try:
                yield number, place, cell.rowid, decode(survey.record(cell))
            except DamagedPageError as error:
                walked.broken[number, place] = str(error)
                walked.records -= 1
                yield number, place, cell.rowid, None


def _require_between(keys: list[Key], low: Key, high: Key) -> None:
    known = [key for key in keys if key is not None]
    if not ascending(known):
        raise DamagedPageError("its keys are out of order")
    if known and not (Gap(0, low, high, "").covers(known[0]) and Gap(0, low, high, "").covers(known[-1])):
        raise DamagedPageError("its keys are not those that its parent names")


def _children(node: Node, keys: list[Key], low: Key, high: Key, number: int) -> Iterator[tuple[int, Key, Key, int]]:
    for child, key in zip(node.children, keys, strict=True):
        yield child, low, high if key is None else key, number
        low = low if key is None else key
    yield node.right, low, high, number
