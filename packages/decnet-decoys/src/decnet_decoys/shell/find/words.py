# SPDX-License-Identifier: MIT
"""The words of an expression, read one after the other."""

import re
from collections.abc import Callable

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Steps

MAX_TESTS = 200


class WrongExpressionError(DecoysError):
    """The words are no expression; the message is find's."""


class Words:
    """Reads words and their values; what an expression says of all files is in its fields."""

    def __init__(self, call: Call, args: list[str]) -> None:
        self._call, self._args, self._at = call, args, 0
        self.most, self.least, self.from_below, self.prune = 200, 0, "-delete" in args or "-depth" in args, False
        self.acts = False
        self.collected: list[Callable[[], Steps[None]]] = []
        if len(args) > MAX_TESTS:
            raise WrongExpressionError("Argument list too long")

    def _next(self) -> str | None:
        return self._args[self._at] if self._at < len(self._args) else None

    def _value(self, word: str) -> str:
        value = self._next()
        if value is None:
            raise WrongExpressionError(f"missing argument to `{word}'")
        self._at += 1
        return value

    def _number(self, word: str) -> Callable[[int], bool]:
        """Return the test of a number as +N, -N or N gives it."""
        text = self._value(word)
        match = re.fullmatch(r"([-+]?)(\d{1,12})", text)
        if match is None:
            raise WrongExpressionError(f"invalid argument `{text}' to `{word}'")
        wanted = int(match[2])
        if match[1] == "+":
            return lambda value: value > wanted
        return (lambda value: value < wanted) if match[1] == "-" else (lambda value: value == wanted)
