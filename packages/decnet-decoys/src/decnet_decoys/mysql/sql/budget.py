# SPDX-License-Identifier: MIT
"""What one statement may take: steps of work, and processor time, after which it ends with the server's error.

Work is counted where it is done, also in loops of the interpreter's own that take long: `step(cost)` before them. As
statements are answered without giving way there is one account for all that nests in one: views, EXECUTE.
"""

from time import thread_time
from typing import Final

from decnet_decoys.errors import DecoysError

MOST_STEPS: Final = 20_000
"""Of a statement, about half a microsecond each."""
MOST_SECONDS: Final = 0.012
"""Of processor time, for reading a statement and again for carrying it out: less than `turn.LONGEST_SECONDS` by what
one step may take."""
STEPS_BETWEEN_LOOKS: Final = 24
"""At the clock, which costs more than a step, and on some machines twenty times as much."""
_CHARACTERS: Final = 64
"""Of a value, that are made or looked at in one step; of such as are not ASCII a quarter."""


class OverspentError(DecoysError):
    """A statement takes too long."""


class _Spent:
    steps = 0
    looks = STEPS_BETWEEN_LOOKS
    ends = 0.0


def begin() -> None:
    """Begin a statement."""
    _Spent.steps, _Spent.looks, _Spent.ends = 0, STEPS_BETWEEN_LOOKS, thread_time() + MOST_SECONDS


def step(cost: int = 1) -> None:
    """Count work; raises OverspentError."""
    _Spent.steps += cost
    if _Spent.steps >= _Spent.looks:
        _Spent.looks = _Spent.steps + STEPS_BETWEEN_LOOKS
        if _Spent.steps > MOST_STEPS or thread_time() > _Spent.ends:
            raise OverspentError


def sized(value: object) -> None:
    """Count looking at a value, or making it."""
    if isinstance(value, str):
        step(1 + len(value) // (_CHARACTERS if value.isascii() else _CHARACTERS // 4))
    else:
        step(1 + len(value) // _CHARACTERS if isinstance(value, bytes) else 1)
