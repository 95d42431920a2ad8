# SPDX-License-Identifier: MIT
"""Plain columns for a terminal or a pipe; every cell is made safe to show."""

from collections.abc import Sequence

from decnet_core.text import for_terminal

_CELL_LIMIT = 160


def columns(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return `rows` under `heading`, each column as wide as its widest cell; None shows as a dash."""
    cells = [list(heading), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(heading))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _cell(value: object) -> str:
    return "-" if value is None else for_terminal(str(value), _CELL_LIMIT)
