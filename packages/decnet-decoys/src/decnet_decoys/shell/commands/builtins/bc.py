# SPDX-License-Identifier: MIT
"""bc: decimal arithmetic of any length, line by line (POSIX.1-2017, bc), without its control flow and functions."""

import math
import re

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.programs import command

MAX_STATEMENT = 1024
"""Characters."""
MAX_BITS = 14_000
"""Of a number: what makes a longer one is refused. Python writes numbers of 4,300 digits, which are 14,284 bits."""
MAX_PLACES = 4000
"""Behind a number's point."""
MAX_SCALE = 200
_TOKEN = re.compile(
    r"\s*(?:(\d*\.?\d+|\d+\.?|[A-F]+(?![a-z]))|([a-z][a-z0-9_]*)|([-+*/%^]=|[<>=!]=|&&|\|\||.))", re.ASCII
)
_LEVELS = (("||",), ("&&",), ("<", ">", "<=", ">=", "==", "!="), ("+", "-"), ("*", "/", "%"))

Number = tuple[int, int]
"""Digits, and how many of them stand behind the point."""


class _WrongError(DecoysError):
    """The text is nothing that bc computes; the message is what it says."""


_SYNTAX = "(standard_in) {0}: syntax error"
_UNFINISHED = "(standard_in) {1}: syntax error"
"""The line ends too early."""


@command("bc", families=("debian",))
def bc(call: Call) -> Effects:
    """Compute what files and then standard input have."""
    state = _State(20 if any(arg.startswith("-") and "l" in arg for arg in call.args) else 0)
    sources = [] if not call.words else (yield from call.sources(call.words[:20]))
    sources.append((yield from call.input()))
    for source in sources:
        for number, line in enumerate(source.lines(), 1):
            for statement in re.sub(r"/\*.*?\*/|#.*", "", decode(line)[:MAX_STATEMENT]).split(";"):
                yield from turn()
                text = statement.strip()
                if text in ("quit", "halt"):
                    return 0
                try:
                    call.print(state.done(text), end="")
                except _WrongError as wrong:
                    call.print_error(wrong.args[0].format(number, number + 1))
                    break
    return 0


class _State:
    def __init__(self, scale: int) -> None:
        self.variables: dict[str, Number] = {"scale": (scale, 0), "ibase": (10, 0), "obase": (10, 0)}
        self._tokens: list[tuple[str, str, str]] = []

    def done(self, text: str) -> str:
        """Run a statement and return what it prints."""
        if re.fullmatch(r'"[^"]*"', text):
            return text[1:-1]
        if text.startswith("print "):
            return "".join(self._printed(part.strip()) for part in text[6:].split(","))
        return self._printed(text) + "\n" if text and not self._assigned(text) else ""

    def _printed(self, text: str) -> str:
        if re.fullmatch(r'"[^"]*"', text):
            return text[1:-1].replace("\\n", "\n").replace("\\t", "\t")
        return self._shown(self._value(text))

    def _value(self, text: str) -> Number:
        self._tokens = _TOKEN.findall(text)[::-1]
        value = self._level(0)
        if self._tokens:
            raise _WrongError(_SYNTAX)
        return value

    def _assigned(self, text: str) -> bool:
        match = re.fullmatch(r"([a-z][a-z0-9_]*)\s*([-+*/%^]?)=(?!=)(.*)", text)
        if match is None:
            return False
        name, operator, rest = match.groups()
        value = self._value(rest)
        if operator:
            value = self._combined(operator, self.variables.get(name, (0, 0)), value)
        whole = value[0] // 10 ** value[1]
        limits = {"scale": (0, MAX_SCALE), "ibase": (2, 16), "obase": (2, 16)}
        if name in limits:
            value = (max(limits[name][0], min(limits[name][1], whole)), 0)
        if name in self.variables or len(self.variables) < 100:
            self.variables[name] = value
        return True

    def _next(self) -> str:
        return "".join(self._tokens[-1]) if self._tokens else ""

    def _level(self, level: int) -> Number:
        if level == len(_LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while self._next() in _LEVELS[level]:
            operator = "".join(self._tokens.pop())
            value = self._combined(operator, value, self._level(level + 1))
        return value

    def _unary(self, depth: int = 0) -> Number:
        if self._next() in ("-", "!") and depth < 50:
            operator = "".join(self._tokens.pop())
            value = self._unary(depth + 1)
            return (-value[0], value[1]) if operator == "-" else (int(not value[0]), 0)
        base = self._primary()
        if self._next() != "^":
            return base
        self._tokens.pop()
        return self._combined("^", base, self._unary(depth + 1))

    def _primary(self) -> Number:
        if not self._tokens:
            raise _WrongError(_UNFINISHED)
        number, name, other = self._tokens.pop()
        if number:
            return self._read(number)
        if name and self._next() == "(":
            return self._function(name, self._group())
        if name:
            return self.variables.get(name, (0, 0))
        if other == "(":
            self._tokens.append((number, name, other))
            return self._group()
        raise _WrongError(_SYNTAX)

    def _group(self) -> Number:
        if len(self._tokens) > 400:
            raise _WrongError(_SYNTAX)
        self._tokens.pop()
        value = self._level(0)
        if self._next() != ")":
            raise _WrongError(_SYNTAX if self._tokens else _UNFINISHED)
        self._tokens.pop()
        return value

    def _read(self, text: str) -> Number:
        base = self.variables["ibase"][0]
        whole, _, fraction = text.partition(".")
        if base != 10 and not fraction:
            try:
                return int(whole, base), 0
            except ValueError:
                raise _WrongError(_SYNTAX) from None
        if not (whole + fraction).isdecimal():
            raise _WrongError(_SYNTAX)
        return int(whole + fraction), len(fraction)

    def _function(self, name: str, value: Number) -> Number:
        digits, places = value
        scale = self.variables["scale"][0]
        if name == "sqrt":
            if digits < 0:
                raise _WrongError("Runtime error (func=(main), adr=3): Square root of a negative number")
            shown = max(scale, places)
            return math.isqrt(digits * 10 ** (2 * shown - places)), shown
        if name == "length":
            return max(1, len(str(abs(digits)))), 0
        if name == "scale":
            return places, 0
        functions = {"s": math.sin, "c": math.cos, "a": math.atan, "l": math.log, "e": math.exp}
        if name not in functions:
            raise _WrongError(f"Runtime error (func=(main), adr=5): Function {name} not defined.")
        try:
            return self._approximated(functions[name](digits / 10**places), scale)
        except (ValueError, OverflowError):
            raise _WrongError("Runtime error (func=(main), adr=5): Argument out of range") from None

    def _approximated(self, value: float, scale: int) -> Number:
        return int(value * 10**15) * 10**scale // 10**15, scale

    def _combined(self, operator: str, left: Number, right: Number) -> Number:
        value = self._computed(operator, left, right)
        if value[0].bit_length() > MAX_BITS or value[1] > MAX_PLACES:
            raise _WrongError("Fatal error: Out of memory")
        return value

    def _computed(self, operator: str, left: Number, right: Number) -> Number:
        (a, m), (b, n), scale = left, right, self.variables["scale"][0]
        most = max(m, n)
        if operator in ("+", "-", "<", ">", "<=", ">=", "==", "!=", "&&", "||"):
            a, b = a * 10 ** (most - m), b * 10 ** (most - n)
            return (
                _compared(operator, a, b) if operator not in ("+", "-") else (a + b if operator == "+" else a - b, most)
            )
        if operator == "*":
            if a.bit_length() + b.bit_length() > MAX_BITS:
                raise _WrongError("Fatal error: Out of memory")
            return _cut(a * b, m + n, min(m + n, max(scale, m, n)))
        if operator == "^":
            return self._power(left, b // 10**n)
        if not b:
            raise _WrongError("Runtime error (func=(main), adr=3): Divide by zero")
        quotient = abs(a) * 10 ** (n + scale) // (abs(b) * 10**m) * (1 if (a < 0) == (b < 0) else -1)
        if operator == "/":
            return quotient, scale
        product = _aligned((quotient * b, scale + n), max(scale + n, m))
        return _aligned(left, max(scale + n, m)) - product, max(scale + n, m)

    def _power(self, base: Number, exponent: int) -> Number:
        digits, places = base
        scale = self.variables["scale"][0]
        if digits.bit_length() * abs(exponent) > MAX_BITS:
            raise _WrongError("Fatal error: Out of memory")
        value = digits ** abs(exponent), places * abs(exponent)
        if exponent >= 0:
            return _cut(*value, min(value[1], max(scale, places)))
        return self._combined("/", (1, 0), value)

    def _shown(self, value: Number) -> str:
        digits, places = value
        base, sign = self.variables["obase"][0], "-" if digits < 0 else ""
        if base != 10:
            return sign + _in_base(abs(digits) // 10**places, base)
        text = str(abs(digits)).rjust(places, "0")
        shown = f"{text[: len(text) - places]}.{text[len(text) - places :]}" if places else text
        shown = sign + shown if digits else "0"
        lines = [shown[start : start + 68] for start in range(0, len(shown), 68)]
        return "\\\n".join(lines) if len(shown) > 69 else shown


def _compared(operator: str, a: int, b: int) -> Number:
    return int({"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b, "==": a == b, "!=": a != b,
                "&&": bool(a and b), "||": bool(a or b)}[operator]), 0  # fmt: skip


def _cut(digits: int, places: int, wanted: int) -> Number:
    """Return the number with fewer places, the others cut off."""
    cut = abs(digits) // 10 ** (places - wanted)
    return -cut if digits < 0 else cut, wanted


def _aligned(value: Number, places: int) -> int:
    factor: int = 10 ** (places - value[1])
    return value[0] * factor


def _in_base(number: int, base: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, base)
        found = "0123456789ABCDEF"[digit] + found
    return found or "0"
