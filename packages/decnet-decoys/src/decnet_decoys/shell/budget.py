# SPDX-License-Identifier: MIT
"""What one command line may cost: every command, level of nesting and byte written is counted here and nowhere else.

The interpreter runs in the decoys' event loop, so a line that never ends would stop every other decky. A line that
exceeds its budget appears to hang, as the attacker expects of it, until whoever drives it interrupts.
"""

from __future__ import annotations

from types import TracebackType

from decnet_decoys.errors import DecoysError

MAX_COMMANDS = 3000
"""Commands one line may run, loops included."""
MAX_DEPTH = 48
"""Nesting of scripts, substitutions, functions and programs that run programs."""
MAX_WRITTEN = 8 << 20
"""Bytes all commands of one line may write together, pipes and files included."""
MAX_BUSY_SECONDS = 3.0
"""Processor time of one line; then it is killed. Whoever drives the line measures it."""
MAX_WORD = 1 << 16
"""Characters of a variable or of one expanded word; `a=$a$a` repeated does not grow beyond it."""
COMMANDS_PER_TURN = 100
"""Commands after which other tasks of the event loop get their turn."""


class BudgetExceededError(DecoysError):
    """The line ran out of commands or nests too deeply."""


class LineBudget:
    """What is left for one line; used as a context it counts one level of nesting."""

    def __init__(self) -> None:
        self.bytes_left = MAX_WRITTEN
        self._commands_left = MAX_COMMANDS
        self._depth = 0

    def count_command(self) -> bool:
        """Count one command; True when it is time to let other tasks run. Raises BudgetExceededError."""
        self._commands_left -= 1
        if self._commands_left < 0:
            raise BudgetExceededError
        return self._commands_left % COMMANDS_PER_TURN == 0

    def __enter__(self) -> None:
        if self._depth >= MAX_DEPTH:
            raise BudgetExceededError
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._depth -= 1
