# SPDX-License-Identifier: MIT
"""Programs that compute: expr (POSIX.1-2017), factor, bc."""

import re

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import tried
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode, quoted
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.programs import command

MAX_NESTING = 40
_LEVELS = (("|",), ("&",), ("=", "==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), (":",))


class _WrongError(DecoysError):
    """The expression is none."""


@command("expr")
def expr(call: Call) -> Effects:
    if not call.args:
        raise tried(call, "missing operand", 2)
    if call.args in (["--version"], ["--help"]):
        call.print("Usage: expr EXPRESSION\n  or:  expr OPTION")
        return 0
    try:
        value = yield from _Expression(call.args).whole()
    except _WrongError as error:
        return call.fail(str(error), 2)
    call.print(value)
    return int(value in ("", "0"))


class _Expression:
    def __init__(self, args: list[str]) -> None:
        self._args, self._at, self._depth = args, 0, 0

    def whole(self) -> Steps[str]:
        value = yield from self._level(0)
        if self._at < len(self._args):
            raise _WrongError(f"syntax error: unexpected argument {quoted(self._args[self._at])}")
        return value

    def _level(self, level: int) -> Steps[str]:
        if level == len(_LEVELS):
            return (yield from self._primary())
        value = yield from self._level(level + 1)
        while self._at < len(self._args) and self._args[self._at] in _LEVELS[level]:
            operator = self._args[self._at]
            self._at += 1
            value = _combined(operator, value, (yield from self._level(level + 1)))
            yield from turn()
        return value

    def _primary(self) -> Steps[str]:
        """Return what a word or group comes to: `length length ...` nests as parentheses do."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _WrongError("syntax error")
        value = yield from self._word()
        self._depth -= 1
        return value

    def _word(self) -> Steps[str]:
        if self._at >= len(self._args):
            raise _WrongError(f"syntax error: missing argument after {quoted(self._args[-1])}")
        word = self._args[self._at]
        self._at += 1
        if word == "(":
            return (yield from self._group())
        if word == "length" and self._at < len(self._args):
            return str(len((yield from self._primary())))
        if word == "substr" and len(self._args) - self._at >= 3:
            text, start = (yield from self._primary()), (yield from self._primary())
            size = yield from self._primary()
            first = _number(start) or 0
            return text[first - 1 : first - 1 + (_number(size) or 0)] if first > 0 else ""
        if word == "index" and len(self._args) - self._at >= 2:
            text, wanted = (yield from self._primary()), set((yield from self._primary()))
            yield from turn()
            return str(next((place for place, one in enumerate(text, 1) if one in wanted), 0))
        if word == "match" and len(self._args) - self._at >= 2:
            return _combined(":", (yield from self._primary()), (yield from self._primary()))
        return word

    def _group(self) -> Steps[str]:
        value = yield from self._level(0)
        if self._args[self._at : self._at + 1] != [")"]:
            raise _WrongError(f"syntax error: expecting ')' after {quoted(self._args[self._at - 1])}")
        self._at += 1
        return value


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def _combined(operator: str, left: str, right: str) -> str:
    if operator == ":":
        return _matched(left, right)
    if operator == "|":
        return left if left not in ("", "0") else right or "0"
    if operator == "&":
        return left if left not in ("", "0") and right not in ("", "0") else "0"
    a, b = _number(left), _number(right)
    if operator in ("+", "-", "*", "/", "%"):
        if a is None or b is None:
            raise _WrongError("non-integer argument")
        if operator in "/%" and not b:
            raise _WrongError("division by zero")
        return str(arithmetic(f"({a}) {operator} ({b})", {}) or 0)
    one, other = (a, b) if a is not None and b is not None else (left, right)
    order = (one > other) - (one < other)  # type: ignore[operator]  # both are of one type
    held = {"=": order == 0, "==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0}
    return str(int(held.get(operator, order >= 0)))


def _matched(text: str, pattern: str) -> str:
    try:
        found = compiled(encode("^" + pattern.removeprefix("^")), extended=False).search(encode(text), groups=True)
    except BadPatternError as error:
        raise _WrongError(str(error)) from error
    grouped = "\\(" in pattern
    if found is None:
        return "" if grouped else "0"
    data = encode(text)
    if grouped and len(found.spans) > 1:
        start, end = found.spans[1]
        return decode(data[start:end]) if start >= 0 else ""
    return str(len(decode(data[found.start : found.end])))


@command("factor")
def factor(call: Call) -> Effects:
    """Write prime factors of numbers below 10^12."""
    for text in call.args:
        number = _number(text)
        if number is None or number < 0:
            return call.fail(f"{quoted(text)} is not a valid positive integer")
        found, divisor, rest = [], 2, min(number, 10**12)
        while divisor * divisor <= rest:
            yield from turn()
            while rest > 1 and rest % divisor == 0:
                found.append(divisor)
                rest //= divisor
            divisor += 1
        call.print(f"{number}: " + " ".join(map(str, [*found, *([rest] if rest > 1 else [])])))
    return 0
