# SPDX-License-Identifier: MIT
"""What fails is halved until the one at fault is alone: it is set aside, and holds up no other.

As for events (`decnet_models.following.batch_processor`): an error of the database is nobody's fault, and when many in
a row fail the worker itself is broken, so it crashes instead of passing over everything.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from decnet_models.errors import EveryEventFailsError, blames_no_item

T = TypeVar("T")

MOST_IN_A_ROW = 16


def each_part(items: Sequence[T], do: Callable[[Sequence[T]], object], aside: Callable[[T, Exception], object]) -> None:
    """Do all of the items at once, or what can be done of them, in their order; call `aside` for each that fails.

    Raises errors of the database, CursorMovedError, MemoryError, and EveryEventFailsError.
    """
    pending, in_a_row = [items] if items else [], 0
    while pending:
        part = pending.pop()
        try:
            do(part)
        except Exception as error:
            if blames_no_item(error):
                raise
            if len(part) > 1:
                pending += [part[len(part) // 2 :], part[: len(part) // 2]]
                continue
            in_a_row += 1
            if in_a_row > MOST_IN_A_ROW:
                raise EveryEventFailsError(f"{MOST_IN_A_ROW} attackers in a row could not be looked up") from error
            aside(part[0], error)
        else:
            in_a_row = 0
