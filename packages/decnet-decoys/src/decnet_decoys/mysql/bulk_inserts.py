# SPDX-License-Identifier: MIT
"""Divides an INSERT of very many rows, as dumps and those who copy tables send it, into several of some rows each.

One statement is answered in one turn, and hundreds of rows take longer. Each part is a statement of its own; if one
fails, `running` takes back the rows of those before it.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")

ROWS: Final = 100
"""Of one part."""
_VALUES: Final = 1000
"""Of one part, about: it must not have more tokens than are looked at (`tokens.MOST_TOKENS`)."""
_LEAST: Final = 4 * ROWS
"""Characters of a statement that is divided; a shorter one has neither as many rows nor as many values."""
_LONGEST_TAIL: Final = 4096
"""Characters after the rows, which each part has."""
_PIECES: Final = 500
"""Pieces of a statement that are looked at between two pauses: less than a millisecond."""
_BEGIN: Final = re.compile(
    r"\s*(?:insert|replace)\b[^'\"();]{1,512}(?:\([^'\"();]{1,4096}\)\s*)?values?\s*(?=\()", re.IGNORECASE
)
_PIECE: Final = re.compile(
    r"'(?:[^'\\]|\\.){0,65536}+'|\"(?:[^\"\\]|\\.){0,65536}+\"|`[^`]{0,256}+`|[()]|[^'\"`()]{1,65536}+", re.DOTALL
)


class Parts(NamedTuple):
    """An INSERT that is divided."""

    sql: str
    begin: str
    """What stands before the rows."""
    cuts: Sequence[int]
    """Where the rows of each part begin, and at last where those of the last end."""
    parameters: Sequence[int]
    """How many parameters stand before each cut."""

    def statements(self) -> Iterator[str]:
        """Yield the statement of each part: made when its turn comes, for all of them may take much more memory."""
        tail = self.sql[self.cuts[-1] :]
        for start, end in pairwise(self.cuts):
            yield self.begin + self.sql[start:end].lstrip(", \t\r\n") + tail

    def shares(self, given: Sequence[T]) -> Iterator[list[T]]:
        """Yield of all parameters those of each part, with those of what follows the rows."""
        for start, end in pairwise(self.parameters):
            yield [*given[start:end], *given[self.parameters[-1] :]]


def divided(sql: str) -> Generator[None, None, Parts | None]:
    """Return the parts of an INSERT of more than ROWS rows or _VALUES values, with a pause now and then; else None."""
    begin = _BEGIN.match(sql) if len(sql) > _LEAST else None
    if begin is None:
        return None
    depth, at, end = 0, begin.end(), begin.end()
    rows = values = parameters = before = 0
    cuts, counts = [end], [0]
    for number, piece in enumerate(_PIECE.finditer(sql, at), 1):
        if piece.start() != at or (not depth and piece[0] != "(" and piece[0].strip() != ","):
            break
        if not depth and piece[0] == "(" and (rows >= ROWS or values >= _VALUES):
            cuts.append(end)
            counts.append(before)
            rows = values = 0
        at = piece.end()
        depth += (piece[0] == "(") - (piece[0] == ")")
        if piece[0][0] not in "'\"`":
            values += piece[0].count(",")
            parameters += piece[0].count("?")
        if not depth and piece[0] == ")":
            end, before, rows = at, parameters, rows + 1
        if not number % _PIECES:
            yield
    if end > cuts[-1]:
        cuts.append(end)
        counts.append(before)
    if len(cuts) < 3 or len(sql) - end > _LONGEST_TAIL:
        return None
    return Parts(sql, begin[0], cuts, counts)
