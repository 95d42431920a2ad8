# SPDX-License-Identifier: MIT
"""Integer arithmetic of `$((...))`, `let` and `expr`, wrapped to 64 bits like bash's (POSIX.1-2017, §2.6.4)."""

import re
from collections.abc import Callable, Mapping

MAX_EXPRESSION = 1024
"""Characters of an expression that are read."""

_NAME = r"[A-Za-z_]\w*(?:\[[^\[\]]{1,64}\])?"
"""A variable, or an element of an array."""
_NUMBER = re.compile(
    r"(\d{1,2}#[0-9a-zA-Z]{1,16}|0[xX][0-9a-fA-F]{1,16}|\d{1,18}|"
    + _NAME
    + r"|\*\*|<<|>>|[<>=!]=|&&|\|\||[-+*/%()<>!&|^~?:,=])"
)
_ASSIGNED = re.compile(rf"\s*({_NAME})\s*(\*\*|<<|>>|[-+*/%&|^])?=(?!=)(.*)", re.DOTALL)
_STEPPED_WITHIN = re.compile(rf"(?:(\+\+|--)\s*({_NAME})|\b({_NAME})\s*(\+\+|--)(?!\s*[\w(]))")
_STEPPED = re.compile(rf"\s*(?:(\+\+|--)\s*({_NAME})|({_NAME})\s*(\+\+|--))\s*")


def complaint(text: str) -> str:
    """Return what bash says of an expression that has no value."""
    shown = text.lstrip()
    octal = re.fullmatch(r"0[0-7]*[89]\d*", shown.rstrip())
    if octal is not None:
        return f'{shown.rstrip()}: value too great for base (error token is "{shown.rstrip()}")'
    zero = re.search(r"[/%]\s*(0+\s*)$", shown)
    if zero is not None:
        return f'{shown}: division by 0 (error token is "{zero[1]}")'
    token = re.search(r"[-+*/%<>=&|^(]\s*$", shown)
    if token is not None:
        return f'{shown}: syntax error: operand expected (error token is "{token[0]}")'
    wrong = re.search(r"[^\w\s()+*/%<>=!&|^~?:,-].*|(?<=[\w)])\s+\w.*", shown)
    where = wrong[0].lstrip() if wrong is not None else shown
    return f'{shown}: syntax error in expression (error token is "{where}")'


def evaluate(text: str, variables: Mapping[str, str], assign: Callable[[str, str], None]) -> int | None:
    """Return what an expression of `let` is worth, `assign` called with what it sets; None when it is none."""
    value: int | None = 0
    for part in text[:MAX_EXPRESSION].split(","):
        assigned, stepped = _ASSIGNED.fullmatch(part), _STEPPED.fullmatch(part)
        if assigned is not None:
            name, operator, rest = assigned.groups()
            rest = _stepped_within(rest, variables, assign)
            value = arithmetic(f"{name} {operator} ({rest})" if operator else rest, variables)
        elif stepped is not None:
            name = stepped[2] or stepped[3]
            value = arithmetic(f"{name} {(stepped[1] or stepped[4])[0]} 1", variables)
        else:
            value = arithmetic(_stepped_within(part, variables, assign), variables)
        if value is None:
            return None
        if assigned is not None or stepped is not None:
            assign(name, str(value))
            value -= {"++": 1, "--": -1}.get(stepped[4] or "", 0) if stepped is not None else 0
    return value


def _stepped_within(text: str, variables: Mapping[str, str], assign: Callable[[str, str], None]) -> str:
    """Do the steps that are part of an expression, `x-- * 2`; returns it with the values in their place."""

    def done(match: re.Match[str]) -> str:
        name, sign = match[2] or match[3], (match[1] or match[4])[0]
        old = arithmetic(name, variables) or 0
        new = _wrapped(old + (1 if sign == "+" else -1))
        assign(name, str(new))
        return f" ({new if match[1] else old}) "

    return _STEPPED_WITHIN.sub(done, text)


def arithmetic(text: str, variables: Mapping[str, str]) -> int | None:
    """Return the value of an integer expression, None when it is not one; bounded to 64 bits like bash."""
    text = text[:MAX_EXPRESSION]
    pieces = _NUMBER.findall(text)
    if re.sub(r"\s+", "", "".join(pieces)) != re.sub(r"\s+", "", text):
        return None
    try:
        value, rest = _choice(pieces, 0, variables, 0)
    except (ValueError, IndexError, ZeroDivisionError, RecursionError):
        return None
    return _wrapped(value) if rest == len(pieces) else None


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
    {"**": lambda a, b: pow(a, b, 1 << 64) if b >= 0 else 0},
)


def _choice(pieces: list[str], at: int, variables: Mapping[str, str], depth: int) -> tuple[int, int]:
    """Read `condition ? one : other`."""
    value, at = _binary(pieces, at, 0, variables, depth)
    if at >= len(pieces) or pieces[at] != "?":
        return value, at
    if depth > 15:
        raise ValueError(pieces[at])
    one, at = _choice(pieces, at + 1, variables, depth + 1)
    if pieces[at] != ":":
        raise ValueError(pieces[at])
    other, at = _choice(pieces, at + 1, variables, depth + 1)
    return (one if value else other), at


def _binary(pieces: list[str], at: int, level: int, variables: Mapping[str, str], depth: int) -> tuple[int, int]:
    if level == len(_LEVELS):
        return _unary(pieces, at, variables, depth)
    left, at = _binary(pieces, at, level + 1, variables, depth)
    while at < len(pieces) and pieces[at] in _LEVELS[level]:
        right, following = _binary(pieces, at + 1, level + 1, variables, depth)
        left, at = _wrapped(_LEVELS[level][pieces[at]](left, right)), following
    return left, at


def _unary(pieces: list[str], at: int, variables: Mapping[str, str], depth: int) -> tuple[int, int]:
    piece = pieces[at]
    if depth > 15:
        raise ValueError(piece)
    if piece in ("-", "+", "!", "~"):
        value, at = _unary(pieces, at + 1, variables, depth + 1)
        return {"-": -value, "+": value, "!": int(not value), "~": ~value}[piece], at
    if piece == "(":
        value, at = _choice(pieces, at + 1, variables, depth + 1)
        if pieces[at] != ")":
            raise ValueError(piece)
        return value, at + 1
    if piece[0].isdecimal():
        return _integer(piece), at + 1
    if piece[0].isalpha() or piece[0] == "_":
        word = variables.get(_key(piece, variables), "").strip() or "0"
        return _integer(word[:18]), at + 1
    raise ValueError(piece)


def _key(name: str, variables: Mapping[str, str]) -> str:
    """Return the name under which a variable is kept; an index that is no key of the array is computed."""
    head, bracket, index = name.partition("[")
    if not bracket or name in variables:
        return name
    number = arithmetic(index[:-1], variables) or 0
    return f"{head}[{number}]" if number or f"{head}[@]" in variables else head


def _integer(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    base, mark, digits = text.partition("#")
    if mark:
        return int(digits, int(base)) if 2 <= int(base) <= 36 else 0
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
