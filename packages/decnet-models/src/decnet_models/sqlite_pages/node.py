# SPDX-License-Identifier: MIT
"""One page of a b-tree and its cells (sqlite.org/fileformat2, sections 1.6 and 1.7), read strictly.

A page passes only when its cells and free blocks account for every byte: SQLite writes pages so, and a page that random
bytes have hit hardly ever stays so. What passes can still have a changed value within a row; no checksum shows that.
"""

from typing import Final, NamedTuple

from decnet_models.sqlite_pages.errors import DamagedPageError

INDEX_INTERIOR: Final = 2
TABLE_INTERIOR: Final = 5
INDEX_LEAF: Final = 10
TABLE_LEAF: Final = 13
KINDS: Final = {INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF}

_SMALLEST_CELL: Final = 4


class Cell(NamedTuple):
    """A row, an entry, or (interior pages) a child with what separates it from the next."""

    child: int
    rowid: int
    size: int
    """Of the whole record in bytes; 0 in interior pages of tables, which hold none."""
    local: bytes
    overflow: int
    """First page of the rest of the record; 0: there is none."""


class Node(NamedTuple):
    """A page that obeys the format."""

    kind: int
    cells: list[Cell]
    right: int
    """The last child; 0 in leaves."""

    @property
    def of_table(self) -> bool:
        return self.kind in {TABLE_INTERIOR, TABLE_LEAF}

    @property
    def interior(self) -> bool:
        return self.kind in {INDEX_INTERIOR, TABLE_INTERIOR}


def parse(page: bytes, usable: int, number: int) -> Node:
    """Return what the page holds; raises DamagedPageError."""
    base = 100 if number == 1 else 0
    kind = page[base]
    if kind not in KINDS:
        raise DamagedPageError("it is no page of a b-tree")
    interior = kind in {INDEX_INTERIOR, TABLE_INTERIOR}
    count = int.from_bytes(page[base + 3 : base + 5], "big")
    content = int.from_bytes(page[base + 5 : base + 7], "big") or 65536
    array = base + (12 if interior else 8)
    if array + 2 * count > content or content > usable:
        raise DamagedPageError("its header has impossible numbers")
    cells: list[Cell] = []
    extents = _free_blocks(page, usable, base, content)
    for index in range(array, array + 2 * count, 2):
        start = page[index] << 8 | page[index + 1]
        if start < content:
            raise DamagedPageError("a cell is outside of the page's content")
        cell, end = _cell(page, start, usable, kind)
        cells.append(cell)
        extents.append((start, max(end, start + _SMALLEST_CELL)))
    _account(extents, content, usable, page[base + 7])
    right = int.from_bytes(page[base + 8 : base + 12], "big") if interior else 0
    if kind in {TABLE_LEAF, TABLE_INTERIOR} and any(
        cells[at].rowid >= cells[at + 1].rowid for at in range(len(cells) - 1)
    ):
        raise DamagedPageError("row numbers are out of order")
    return Node(kind, cells, right)


def varint(page: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned 64-bit number and where it ends; raises IndexError beyond the page."""
    value = page[at]
    if value < 0x80:
        return value, at + 1
    value &= 0x7F
    for _ in range(7):
        at += 1
        byte = page[at]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + 1
    return value << 8 | page[at + 1], at + 2


def signed(value: int) -> int:
    """Return an unsigned 64-bit number as the signed one with the same bits."""
    return value - (1 << 64) if value >> 63 else value


def _cell(page: bytes, at: int, usable: int, kind: int) -> tuple[Cell, int]:
    child = rowid = size = 0
    try:
        if kind in {INDEX_INTERIOR, TABLE_INTERIOR}:
            child = int.from_bytes(page[at : at + 4], "big")
            at += 4
        if kind != TABLE_INTERIOR:
            size, at = varint(page, at)
        if kind in {TABLE_INTERIOR, TABLE_LEAF}:
            number, at = varint(page, at)
            rowid = signed(number)
    except IndexError:
        raise DamagedPageError("a cell reaches beyond the page") from None
    if kind == TABLE_INTERIOR:
        return Cell(child, rowid, 0, b"", 0), _within(at, usable)
    kept = _kept(size, usable, kind)
    end = _within(at + kept, usable)
    if kept == size:
        return Cell(child, rowid, size, page[at:end], 0), end
    overflow = int.from_bytes(page[end : end + 4], "big")
    return Cell(child, rowid, size, page[at:end], overflow), _within(end + 4, usable)


def _within(end: int, usable: int) -> int:
    if end > usable:
        raise DamagedPageError("a cell reaches beyond the page")
    return end


def _kept(size: int, usable: int, kind: int) -> int:
    """Return how many bytes of a record of `size` bytes are in the page itself."""
    most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    fits = least + (size - least) % (usable - 4)
    return fits if fits <= most else least


def _free_blocks(page: bytes, usable: int, base: int, content: int) -> list[tuple[int, int]]:
    blocks = []
    at = int.from_bytes(page[base + 1 : base + 3], "big")
    previous = 0
    while at:
        if at < content or at <= previous or at + 4 > usable:
            raise DamagedPageError("its list of free blocks is broken")
        size = int.from_bytes(page[at + 2 : at + 4], "big")
        blocks.append((at, at + max(size, _SMALLEST_CELL)))
        previous, at = at, int.from_bytes(page[at : at + 2], "big")
    return blocks


def _account(extents: list[tuple[int, int]], content: int, usable: int, fragments: int) -> None:
    extents.sort()
    reached = content
    unused = 0
    for start, end in extents:
        if start < reached or end > usable:
            raise DamagedPageError("two cells share bytes")
        unused += start - reached
        reached = end
    if unused + usable - reached != fragments:
        raise DamagedPageError("its bytes are not all accounted for")
