# SPDX-License-Identifier: MIT
"""Rows as util-linux and df print them: each column as wide as its widest cell."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_ROWS = 400
"""Rows that are laid out."""


class Column(NamedTuple):
    title: str
    least: int = 0
    """The width that it has at least."""
    right: bool = False
    """Whether its cells are aligned to the right."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, head: bool = True) -> list[str]:
    """Return the lines of a table; a last column that is aligned to the left is not filled up with blanks."""
    cells = [[column.title for column in columns]] if head else []
    cells += [list(row) for row, _ in zip(rows, range(MAX_ROWS), strict=False)]
    widths = [
        max(column.least, *(len(row[index]) for row in cells)) if cells else column.least
        for index, column in enumerate(columns)
    ]
    last = len(columns) - 1
    return [
        " ".join(
            cell.rjust(width) if column.right else cell if index == last else cell.ljust(width)
            for index, (cell, width, column) in enumerate(zip(row, widths, columns, strict=True))
        )
        for row in cells
    ]
