# SPDX-License-Identifier: MIT
"""How much is computed at once from what has piled up: less after each failure, until the one at fault is alone.

That one is set aside, so that it stops no other, as an event is that cannot be handled
(`decnet_models.following.batch_processor`). When many in a row fail, the worker itself is broken and crashes.
"""

from decnet_models.errors import EveryEventFailsError, blames_no_item

MOST_IN_A_ROW = 16


class Narrowing:
    """`size` of what waits is to be computed next; after `fault`, the first of it is to be set aside instead."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_a_row = 0
        self.size = most
        self.fault: Exception | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing has failed of late."""
        return self.size == self._most

    def failed(self, error: Exception) -> None:
        """Take less the next time; raises the error if nothing of what waits is at fault, or EveryEventFailsError."""
        if blames_no_item(error):
            raise error
        if self.size > 1:
            self.size //= 2
            return
        self._in_a_row += 1
        if self._in_a_row > MOST_IN_A_ROW:
            raise EveryEventFailsError(f"{MOST_IN_A_ROW} in a row could not be computed") from error
        self.fault = error

    def succeeded(self) -> None:
        """Take more the next time."""
        if self.fault is None:
            self._in_a_row = 0
        self.fault = None
        self.size = min(self._most, 2 * self.size)
