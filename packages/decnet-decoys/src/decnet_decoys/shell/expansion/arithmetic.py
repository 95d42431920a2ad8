# SPDX-License-Identifier: MIT
"""Integer arithmetic of `$((...))`, `let` and `[[`, wrapped to 64 bits like bash's (bash(1), Arithmetic Evaluation)."""

import re
from collections.abc import Callable, Mapping

from decnet_decoys.errors import DecoysError

MAX_EXPRESSION = 1024
"""Characters of an expression that are read."""
MAX_DEPTH = 24
"""Brackets, signs and variables whose values are expressions, within each other."""
MAX_OPERANDS = 1000
"""Of an expression and of the variables that it names: two such variables may name each other many times."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\w@#]*)|(?P<name>[A-Za-z_]\w*(?:\[[^\[\]]{1,64}\])?)"
    r"|(?P<sign><<=|>>=|\*\*|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-+*/%&|^]=|[-+*/%()<>!&|^~?:,=])|(?P<other>\S))"
)
_STEPS = re.compile(r"\*\*|\+\+|--")
"""What bash adds to the operators of POSIX."""
_PLAIN = re.compile(r"\s*(?:0|[1-9]\d{0,17})\s*")
_OF_POSIX = re.compile(r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+)\s*")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_"
_OPERAND = "syntax error: operand expected"
Assign = Callable[[str, str], None]


class ExpressionError(DecoysError):
    """An expression has no value; the message is bash's, the expression first."""


def evaluate(text: str, variables: Mapping[str, str], assign: Assign, *, posix: bool = False) -> int:
    """Return what an expression is worth, `assign` called with what it sets; raises ExpressionError.

    `posix`: as dash reads it, which steps no variables and takes only numbers as their values.
    """
    return _Expression(text, variables, assign, _Limits(posix=posix)).whole() if text.strip() else 0


def arithmetic(text: str, variables: Mapping[str, str]) -> int | None:
    """Return the value of an expression that is to set nothing, None when it has none."""
    try:
        return evaluate(text, variables, lambda _name, _value: None) if text.strip() else None
    except ExpressionError:
        return None


def _quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a >= 0) == (b >= 0) else -quotient


_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a or b))},
    {"&&": lambda a, b: int(bool(a and b))},
    {"|": lambda a, b: a | b},
    {"^": lambda a, b: a ^ b},
    {"&": lambda a, b: a & b},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63)},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": _quotient, "%": lambda a, b: a - b * _quotient(a, b)},
    {"**": lambda a, b: pow(a, b, 1 << 64)},
)
_BINDS = {sign: level for level, signs in enumerate(_LEVELS, 1) for sign in signs}
"""How tightly each operator binds, 1 the least."""
_POWER = len(_LEVELS)
_ASSIGNING = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="))


class _Limits:
    """What an expression and those that its variables stand for share."""

    def __init__(self, *, posix: bool) -> None:
        self.posix = posix
        self.depth = self.operands = 0


class _Expression:
    """Reads one expression from the left and computes as it reads."""

    def __init__(self, text: str, variables: Mapping[str, str], assign: Assign, limits: _Limits) -> None:
        self._text = text[:MAX_EXPRESSION].lstrip()
        self._variables, self._assign, self._limits = variables, assign, limits
        self._at = self._began = 0
        """Where the text is read on, and where the token begins that was read last."""
        self._kind = self._piece = ""
        self._skips = 0
        """Branches within each other that are not taken: nothing is set or divided there."""
        self._advance()

    def whole(self) -> int:
        value = self._list()
        if self._piece:
            other = self._kind == "other"
            raise self._fault("syntax error: invalid arithmetic operator" if other else "syntax error in expression")
        return value

    def _fault(self, reason: str, at: int | None = None) -> ExpressionError:
        rest = self._text[self._began if at is None else at :]
        return ExpressionError(f'{self._text}: {reason} (error token is "{rest}")')

    def _wrong_number(self, reason: str) -> ExpressionError:
        """Return what is wrong with the number here, after which bash looks no further."""
        return ExpressionError(f'{self._text[: self._at]}: {reason} (error token is "{self._piece}")')

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            self._kind = self._piece = ""
            return
        self._kind = found.lastgroup or ""
        self._piece, self._at, self._began = found[self._kind], found.end(), found.start(self._kind)
        if self._limits.posix and _STEPS.fullmatch(self._piece):
            self._halve()

    def _halve(self) -> None:
        """Take the first sign only of two that stand together."""
        self._piece, self._at = self._piece[0], self._began + 1

    def _list(self) -> int:
        value = self._assignment()
        while self._piece == ",":
            self._advance()
            value = self._assignment()
        return value

    def _assignment(self) -> int:
        name = self._piece if self._kind == "name" else ""
        after = self._at
        value = self._choice()
        if self._piece not in _ASSIGNING:
            return value
        sign = self._piece
        if not name or self._text[after : self._began].strip():
            raise self._fault("attempted assignment to non-variable")
        self._advance()
        at = self._began
        right = self._assignment()
        if sign != "=":
            right = self._computed(sign[:-1], value, right, at)
        self._set(name, right)
        return right

    def _set(self, name: str, value: int) -> None:
        if not self._skips:
            self._assign(name, str(value))

    def _choice(self) -> int:
        """Read `condition ? one : other`."""
        value = self._binary(1)
        if self._piece != "?":
            return value
        self._advance()
        if self._piece in ("", ":"):
            raise self._fault("expression expected")
        with_one = self._nested(self._list, skipped=not value)
        if self._piece != ":":
            raise self._fault("`:' expected for conditional expression")
        self._advance()
        if not self._piece:
            raise self._fault("expression expected")
        other = self._nested(self._choice, skipped=bool(value))
        return with_one if value else other

    def _nested(self, read: Callable[[], int], *, skipped: bool = False) -> int:
        self._limits.depth += 1
        if self._limits.depth > MAX_DEPTH:
            raise self._fault("expression recursion level exceeded")
        self._skips += skipped
        try:
            return read()
        finally:
            self._skips -= skipped
            self._limits.depth -= 1

    def _binary(self, least: int) -> int:
        """Read operands joined by operators that bind at least so tightly."""
        left = self._unary()
        while (binds := _BINDS.get(self._piece, 0)) >= least:
            sign = self._piece
            self._advance()
            at = self._began
            skipped = (sign == "&&" and not left) or (sign == "||" and bool(left))
            right = self._nested(lambda: self._binary(binds + (binds != _POWER)), skipped=skipped)
            left = self._computed(sign, left, right, at)
        return left

    def _computed(self, sign: str, left: int, right: int, at: int) -> int:
        if sign in ("/", "%") and not right:
            if self._skips:
                return 0
            raise self._fault("division by 0", at)
        if sign == "**" and right < 0:
            if self._skips:
                return 0
            raise self._fault("exponent less than 0")
        return _wrapped(_LEVELS[_BINDS[sign] - 1][sign](left, right))

    def _unary(self) -> int:
        sign = self._piece
        if sign in ("++", "--"):
            following = _TOKEN.match(self._text, self._at)
            if following is not None and following["name"]:
                self._advance()
                name = self._piece
                value = _wrapped(self._named() + (1 if sign == "++" else -1))
                self._set(name, value)
                return value
            self._halve()
            sign = self._piece
        if sign in ("-", "+", "!", "~"):
            self._advance()
            value = self._nested(self._unary)
            return _wrapped({"-": -value, "+": value, "!": int(not value), "~": ~value}[sign])
        return self._primary()

    def _primary(self) -> int:
        self._limits.operands += 1
        if self._limits.operands > MAX_OPERANDS:
            raise self._fault("expression recursion level exceeded")
        if self._piece == "(":
            self._advance()
            value = self._nested(self._list)
            if self._piece != ")":
                raise self._fault("missing `)'")
            self._advance()
            return value
        if self._kind == "number":
            value = self._number()
            self._advance()
            return value
        if self._kind != "name":
            raise self._fault(_OPERAND)
        name = self._piece
        value = self._named()
        if self._piece in ("++", "--"):
            self._set(name, _wrapped(value + (1 if self._piece == "++" else -1)))
            self._advance()
        return value

    def _named(self) -> int:
        """Return what the variable here is worth: its value is an expression, too."""
        text = "" if self._skips else self._variables.get(_key(self._piece, self._variables), "")
        if _PLAIN.fullmatch(text):
            value = int(text)
        elif text.strip() and self._limits.posix and not _OF_POSIX.fullmatch(text):
            raise ExpressionError(f"Illegal number: {text}")
        elif text.strip():
            inner = _Expression(text, self._variables, self._assign, self._limits)
            value = self._nested(inner.whole)
        else:
            value = 0
        self._advance()
        return value

    def _number(self) -> int:
        """Return the number here, in base 10, 8 after a zero, 16 after 0x, or as BASE#DIGITS."""
        base, digits, token = 10, self._piece, self._piece
        head, mark, tail = token.partition("#")
        if mark:
            base, digits = (int(head) if head.isdecimal() and len(head) < 3 else 0), tail
            if not 2 <= base <= 64:
                raise self._wrong_number("invalid arithmetic base")
            if not digits:
                raise self._wrong_number("invalid integer constant")
        elif token[:2] in ("0x", "0X"):
            base, digits = 16, token[2:]
        elif token.startswith("0"):
            base = 8
        value = 0
        for digit in digits[:64]:
            worth = _DIGITS.find(digit.lower() if base <= 36 else digit)
            if worth < 0 or worth >= base:
                raise self._wrong_number("value too great for base")
            value = value * base + worth
        return _wrapped(value)


def _key(name: str, variables: Mapping[str, str]) -> str:
    """Return the name under which a variable is kept; an index that is no key of the array is computed."""
    head, bracket, index = name.partition("[")
    if not bracket or name in variables:
        return name
    number = arithmetic(index[:-1], variables) or 0
    return f"{head}[{number}]" if number or f"{head}[@]" in variables else head


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
