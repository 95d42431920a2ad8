# SPDX-License-Identifier: MIT
"""How long the running callback has had the event loop. Every loop whose length a client decides asks `is_over`.

    for piece in pieces:
        work(piece)
        await turn.give_way()  # a generator yields to whoever drives it if `turn.is_over()`

One clock for all, because such loops nest: each with a limit of its own would add up to many turns.
"""

import asyncio
from collections.abc import Generator
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

TURN_SECONDS = 0.001
"""Then it is the others' turn: a newcomer waits this long, or little longer, for each of the dozen steps of a log-in.
Short beside LONGEST_SECONDS, for no loop asks after every byte."""
LONGEST_SECONDS = 0.020
"""A callback that takes longer is a defect, and is counted and blamed (`scheduler`)."""


class _Turn:
    began = 0.0


def begin() -> float:
    """Start the clock: a callback begins to run. Return the time of `perf_counter`."""
    _Turn.began = began = perf_counter()
    return began


def is_over() -> bool:
    """Return whether to let others run now, and take it that the caller does: the clock starts again."""
    now = perf_counter()
    if now - _Turn.began < TURN_SECONDS:
        return False
    _Turn.began = now
    return True


async def give_way() -> None:
    """Let others run if the turn is over."""
    if is_over():
        await asyncio.sleep(0)


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Take all steps, letting others run between them; return what they find."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's value is untyped
        await give_way()
