# SPDX-License-Identifier: MIT
"""One page of a b-tree and its cells (sqlite.org/fileformat2, sections 1.6 and 1.7), read strictly.

A page passes only when its cells and free blocks account for every byte: SQLite writes pages so, and a page that random
bytes have hit hardly ever stays so. What passes can still have a changed value within a row; no checksum shows that.
"""

import struct
from collections.abc import Sequence
from itertools import repeat
from operator import le, lt
from typing import Final, NamedTuple

from decnet_models.sqlite_pages.errors import DamagedPageError

INDEX_INTERIOR: Final = 2
TABLE_INTERIOR: Final = 5
INDEX_LEAF: Final = 10
TABLE_LEAF: Final = 13
KINDS: Final = {INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF}

_INTERIOR: Final = {INDEX_INTERIOR, TABLE_INTERIOR}
_OF_TABLE: Final = {TABLE_INTERIOR, TABLE_LEAF}
_SMALLEST_CELL: Final = 4


class Cell(NamedTuple):
    """A row, an entry, or (interior pages) a child with what separates it from the next."""

    child: int
    rowid: int
    size: int
    """Of the whole record in bytes; 0 in interior pages of tables, which hold none."""
    overflow: int
    """First page of the rest of the record; 0: there is none."""
    local: bytes


class Node(NamedTuple):
    """A page that obeys the format; what it has of one thing is in one list, for there may be millions of cells."""

    kind: int
    children: list[int]
    right: int
    """The last child; 0 in leaves."""
    rowids: list[int]
    local: list[bytes]
    """Of each cell the part of its record that is here."""
    overflowing: dict[int, tuple[int, int]]
    """Size and first further page of the records that go on in others, by the place of the cell."""

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.local)

    @property
    def cells(self) -> list[Cell]:
        """Return the cells in their order."""
        return [
            Cell(child, rowid, *self.overflowing.get(place, (len(local), 0)), local)
            for place, (child, rowid, local) in enumerate(
                zip(self.children or repeat(0), self.rowids or repeat(0), self.local, strict=False)
            )
        ]

    @property
    def of_table(self) -> bool:
        return self.kind in _OF_TABLE

    @property
    def interior(self) -> bool:
        return self.kind in _INTERIOR


def parse(page: bytes, usable: int, number: int) -> Node:
    """Return what the page holds; raises DamagedPageError."""
    base = 100 if number == 1 else 0
    kind = page[base]
    if kind not in KINDS:
        raise DamagedPageError("it is no page of a b-tree")
    interior = kind in _INTERIOR
    count = int.from_bytes(page[base + 3 : base + 5], "big")
    content = int.from_bytes(page[base + 5 : base + 7], "big") or 65536
    array = base + (12 if interior else 8)
    if array + 2 * count > content or content > usable:
        raise DamagedPageError("its header has impossible numbers")
    starts = struct.unpack_from(f">{count}H", page, array)
    if count and not content <= min(starts) <= max(starts) < usable:
        raise DamagedPageError("a cell is outside of the page's content")
    node = Node(kind, [], int.from_bytes(page[base + 8 : base + 12], "big") if interior else 0, [], [], {})
    ends = _read_cells(page, starts, usable, node)
    if ends and max(ends) > usable:
        raise DamagedPageError("a cell reaches beyond the page")
    free = _free_blocks(page, usable, base, content)
    _account([*starts, *free[0]], [*ends, *free[1]], content, usable, page[base + 7])
    if not all(map(lt, node.rowids, node.rowids[1:])):
        raise DamagedPageError("row numbers are out of order")
    return node


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


def _read_cells(page: bytes, starts: Sequence[int], usable: int, node: Node) -> list[int]:
    """Read the cells that begin at `starts` into `node`; return where they end."""
    most = _most(usable, node.kind)
    ends = _read_short(page, starts, min(most, 0x7F), node) if node.kind == INDEX_LEAF else []
    if ends:
        return ends
    size = 0
    interior, of_table, has_record = node.interior, node.of_table, node.kind != TABLE_INTERIOR
    try:
        for start in starts:
            at = start
            if interior:
                node.children.append(int.from_bytes(page[at : at + 4], "big"))
                at += 4
            if has_record:
                size = page[at]
                at += 1
                if size >= 0x80:
                    size, at = varint(page, at - 1)
            if of_table:
                number, at = varint(page, at)
                node.rowids.append(signed(number))
            end = at + size
            if size > most:
                end = at + _kept(size, usable, most)
                node.overflowing[len(ends)] = size, int.from_bytes(page[end : end + 4], "big")
            node.local.append(page[at:end])
            end += 4 if size > most else 0
            ends.append(end if end - start > _SMALLEST_CELL else start + _SMALLEST_CELL)
    except IndexError:
        raise DamagedPageError("a cell reaches beyond the page") from None
    return ends


def _read_short(page: bytes, starts: Sequence[int], most: int, node: Node) -> list[int]:
    """Read the cells of a leaf of an index if each is short, as nearly all are; a third of the time per cell."""
    sizes = [page[start] for start in starts]
    if not sizes or min(sizes) < _SMALLEST_CELL or max(sizes) > most:
        return []
    ends = [start + size + 1 for start, size in zip(starts, sizes, strict=True)]
    node.local.extend([page[start + 1 : end] for start, end in zip(starts, ends, strict=True)])
    return ends


def _most(usable: int, kind: int) -> int:
    """Return how many bytes of a record are in its page at most."""
    return usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23


def _kept(size: int, usable: int, most: int) -> int:
    """Return how many bytes of a record of `size` bytes, which is more than `most`, are in the page itself."""
    least = (usable - 12) * 32 // 255 - 23
    fits = least + (size - least) % (usable - 4)
    return fits if fits <= most else least


def _free_blocks(page: bytes, usable: int, base: int, content: int) -> tuple[list[int], list[int]]:
    """Return where they begin and end."""
    starts: list[int] = []
    ends: list[int] = []
    at = int.from_bytes(page[base + 1 : base + 3], "big")
    previous = 0
    while at:
        if at < content or at <= previous or at + 4 > usable:
            raise DamagedPageError("its list of free blocks is broken")
        starts.append(at)
        ends.append(at + max(int.from_bytes(page[at + 2 : at + 4], "big"), _SMALLEST_CELL))
        previous, at = at, int.from_bytes(page[at : at + 2], "big")
    return starts, ends


def _account(starts: list[int], ends: list[int], content: int, usable: int, fragments: int) -> None:
    """Require that what begins and ends there shares no bytes, and that only `fragments` bytes are left over."""
    starts.sort()
    ends.sort()
    if not all(map(le, ends, starts[1:])) or (ends and ends[-1] > usable):
        raise DamagedPageError("two cells share bytes")
    if usable - content - sum(ends) + sum(starts) != fragments:
        raise DamagedPageError("its bytes are not all accounted for")
