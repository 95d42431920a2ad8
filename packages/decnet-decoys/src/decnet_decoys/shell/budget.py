# SPDX-License-Identifier: MIT
"""What one command line may cost: every command, level of nesting and byte written is counted here and nowhere else.

A line that exceeds its budget appears to hang, as the attacker expects of it, until whoever drives it interrupts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from decnet_decoys.errors import DecoysError
from decnet_decoys.memory_budget import MemoryLease

MAX_COMMANDS = 3000
"""Commands one line may run, loops included."""
MAX_DEPTH = 48
"""Nesting of scripts, substitutions, functions and programs that run programs."""
MAX_WRITTEN = 8 << 20
"""Bytes all commands of one line may write together, pipes and files included."""
MAX_WORD = 1 << 16
"""Characters of a variable or of one expanded word; `a=$a$a` repeated does not grow beyond it."""


class BudgetExceededError(DecoysError):
    """The line ran out of commands or nests too deeply."""


class LineBudget:
    """What is left for one line; used as a context it counts one level of nesting.

    What it writes is held under the session's lease until `close`.
    """

    def __init__(self, lease: MemoryLease | None = None) -> None:
        self._bytes_left = MAX_WRITTEN
        self._commands_left = MAX_COMMANDS
        self._depth = 0
        self._lease = lease
        self._held = 0

    def count_command(self) -> None:
        """Count one command; raises BudgetExceededError."""
        self._commands_left -= 1
        if self._commands_left < 0:
            raise BudgetExceededError

    @property
    def commands(self) -> int:
        """How many commands were counted."""
        return MAX_COMMANDS - self._commands_left

    def half(self) -> int:
        """Return how many commands are kept from what runs in the background: it may never end, the line goes on."""
        return self._commands_left // 2

    @contextmanager
    def without(self, commands: int) -> Iterator[None]:
        """Keep so many commands back meanwhile."""
        self._commands_left -= commands
        try:
            yield
        finally:
            self._commands_left = max(0, self._commands_left) + commands

    def room(self, size: int) -> int:
        """Return how many of `size` bytes may be written, and count them as written."""
        room = max(0, min(size, self._bytes_left))
        self._bytes_left -= size
        if self._lease is not None:
            if not self._lease.hold(room):
                return 0
            self._held += room
        return room

    def close(self) -> None:
        """Give back the memory of what was written."""
        if self._lease is not None:
            self._lease.hold(-self._held)
            self._held = 0

    def __enter__(self) -> None:
        if self._depth >= MAX_DEPTH:
            raise BudgetExceededError
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._depth -= 1
