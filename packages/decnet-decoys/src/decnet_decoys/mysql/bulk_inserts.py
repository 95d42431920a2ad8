# SPDX-License-Identifier: MIT
"""Divides an INSERT of very many rows, as dumps and those who copy tables send it, into several of some rows each.

One statement is answered in one turn, and hundreds of rows take longer. Each part is a statement of its own: if one
fails, the rows of those before it stay, as in a table of MyISAM.
"""

import re
from collections.abc import Generator
from itertools import pairwise
from typing import Final

ROWS: Final = 100
"""Of one part."""
_LEAST: Final = 4 * ROWS
"""Characters of a statement that is divided; a shorter one has not as many rows."""
_PIECES: Final = 500
"""Pieces of a statement that are looked at between two pauses: less than a millisecond."""
_BEGIN: Final = re.compile(
    r"\s*(?:insert|replace)\b[^'\"();]{1,512}(?:\([^'\"();]{1,4096}\)\s*)?values?\s*(?=\()", re.IGNORECASE
)
_PIECE: Final = re.compile(
    r"'(?:[^'\\]|\\.){0,65536}+'|\"(?:[^\"\\]|\\.){0,65536}+\"|`[^`]{0,256}+`|[()]|[^'\"`()]{1,65536}+", re.DOTALL
)


def divided(sql: str) -> Generator[None, None, list[str] | None]:
    """Return the parts of an INSERT of more than ROWS rows, with a pause now and then; None of all else."""
    begin = _BEGIN.match(sql) if len(sql) > _LEAST else None
    if begin is None:
        return None
    ends, depth, at = [], 0, begin.end()
    for number, piece in enumerate(_PIECE.finditer(sql, at), 1):
        if piece.start() != at or (not depth and piece[0] != "(" and piece[0].strip() != ","):
            break
        at = piece.end()
        depth += (piece[0] == "(") - (piece[0] == ")")
        if not depth and piece[0] == ")":
            ends.append(at)
        if not number % _PIECES:
            yield
    if len(ends) <= ROWS:
        return None
    cuts = [begin.end(), *ends[ROWS - 1 : -1 : ROWS], ends[-1]]
    if len(cuts) > 2 and cuts[-1] == cuts[-2]:
        del cuts[-1]
    tail = sql[ends[-1] :]
    rows = (sql[start:end].lstrip(", \t\r\n") for start, end in pairwise(cuts))
    return [begin[0] + part + tail for part in rows]
