# SPDX-License-Identifier: MIT
"""The variables of a Perl program, and what it may use: steps, characters, items."""

from __future__ import annotations

from typing import Any

from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.perl.values import MAX_ITEMS, MAX_TEXT, Box, Value, of_bytes, text

MAX_STEPS = 150_000
"""Nodes that are evaluated; a program that does more appears to hang."""
MAX_MADE = 4 << 20
"""Characters of all texts that a program makes."""
NODE_SIZE = 16
"""Characters for which a character of a program counts that `eval` reads: its nodes take so much more room."""
MAX_KEPT = 100_000
"""Items that are put into arrays and hashes."""
MAX_NAMES = 1000
"""Variables of a scope."""

Names = dict[str, Any]


class Part(Box):
    """`$&` and what was before and behind it: made when asked for, as few programs do."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._data, self._span = b"", (0, 0)

    def set(self, data: bytes, start: int, end: int) -> None:
        self._data, self._span = data, (start, end)

    @property
    def value(self) -> Value:
        start, end = self._span
        return self._memory.made(of_bytes(self._data[start:end]))

    @value.setter
    def value(self, _given: Value) -> None:
        """Nothing can be assigned to it."""


class Memory:
    """Global variables, and the scopes of `my`; a name stands with its sigil: `$x`, `@x`, `%x`."""

    def __init__(self) -> None:
        self.globals: Names = {}
        self.scopes: list[Names] = [{}]
        """Those that are seen now, the innermost last."""
        self._steps, self._made, self._kept = MAX_STEPS, MAX_MADE, MAX_KEPT

    def step(self) -> None:
        """Count a step; raises BudgetExceededError."""
        self._steps -= 1
        if self._steps < 0:
            raise BudgetExceededError

    def made(self, text: str) -> str:
        """Count a text that was made, cut to what a value may have; raises BudgetExceededError."""
        self._count(len(text))
        return text[:MAX_TEXT]

    def _count(self, characters: int) -> None:
        self._made -= characters
        if self._made < 0:
            raise BudgetExceededError

    def joined(self, separator: str, values: list[Value]) -> str:
        """Return values as one text, which is still to be counted; raises BudgetExceededError before it is too long."""
        pieces = list(map(text, values))
        if sum(map(len, pieces)) + len(separator) * len(pieces) > self._made:
            raise BudgetExceededError
        return separator.join(pieces)

    def parsed(self, source: str) -> str:
        """Count the nodes of a program that is made while this one runs; raises BudgetExceededError."""
        self._count(len(source) * NODE_SIZE)
        return source

    def kept(self, items: list[Value]) -> list[Value]:
        """Count items that are kept; raises BudgetExceededError."""
        self._kept -= len(items)
        if self._kept < 0:
            raise BudgetExceededError
        return items[:MAX_ITEMS]

    def find(self, name: str) -> Any:
        """Return what a name stands for; a global variable is made when there is none."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name not in self.globals:
            if len(self.globals) >= MAX_NAMES:
                raise BudgetExceededError
            self.globals[name] = _new(name)
        return self.globals[name]

    def declare(self, name: str) -> Any:
        """Make a variable of the innermost scope."""
        scope = self.scopes[-1]
        if len(scope) >= MAX_NAMES:
            raise BudgetExceededError
        scope[name] = _new(name)
        return scope[name]

    def scalar(self, name: str) -> Box:
        found = self.find(f"${name}")
        assert isinstance(found, Box)
        return found

    def array(self, name: str) -> list[Value]:
        found: list[Value] = self.find(f"@{name}")
        return found

    def table(self, name: str) -> dict[str, Value]:
        found: dict[str, Value] = self.find(f"%{name}")
        return found


def _new(name: str) -> Any:
    return {"$": Box, "@": list, "%": dict}[name[0]]()
