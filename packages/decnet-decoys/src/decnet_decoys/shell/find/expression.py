# SPDX-License-Identifier: MIT
"""The grammar of an expression: what joins tests, and how they are grouped."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.find.actions import Actions
from decnet_decoys.shell.find.tests import Seen, Test, always, both, either, negated
from decnet_decoys.shell.find.words import WrongExpressionError

MAX_NESTING = 20


class Expression(Actions):
    """Reads the words of an expression to a test."""

    def __init__(self, call: Call, args: list[str]) -> None:
        super().__init__(call, args)
        self._depth = 0

    def whole(self) -> Test:
        test = self._either() if self._args else always
        if self._at < len(self._args):
            shown = self._args[self._at]
            raise WrongExpressionError(
                "you have too many ')'" if shown == ")" else f"paths must precede expression: `{shown}'"
            )
        if self.acts:
            return test

        def printing(seen: Seen) -> Steps[bool]:
            if (yield from test(seen)):
                self._call.print(seen.shown)
            return True

        return printing

    def _either(self) -> Test:
        left = self._both()
        while self._next() in ("-o", "-or"):
            self._at += 1
            left = either(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._negated()
        while (word := self._next()) is not None and word not in ("-o", "-or", ")", ","):
            if word in ("-a", "-and"):
                self._at += 1
            left = both(left, self._negated())
        return left

    def _negated(self) -> Test:
        if self._next() in ("!", "-not"):
            self._at += 1
            return negated(self._negated())
        return self._primary()

    def _primary(self) -> Test:
        word = self._next()
        if word is None:
            raise WrongExpressionError("expected an expression after `!'" if self._args else "expected an expression")
        self._at += 1
        if word == "(":
            return self._group()
        if not word.startswith("-"):
            raise WrongExpressionError(f"paths must precede expression: `{word}'")
        method = getattr(self, "_t_" + word[1:].replace("-", "_"), None)
        if method is None:
            raise WrongExpressionError(f"unknown predicate `{word}'")
        return method(word)  # type: ignore[no-any-return]  # looked up by name

    def _group(self) -> Test:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise WrongExpressionError("Argument list too long")
        test = self._either()
        if self._next() != ")":
            raise WrongExpressionError(
                "invalid expression; I was expecting to find a ')' somewhere but did not see one."
            )
        self._at += 1
        self._depth -= 1
        return test
