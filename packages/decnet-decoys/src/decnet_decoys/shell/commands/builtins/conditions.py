# SPDX-License-Identifier: MIT
"""The condition commands: test, [ and [[ (POSIX.1-2017, test; bash(1), Conditional Expressions)."""

import re
from collections.abc import Callable
from functools import partial

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.environment.tracing import is_traced, trace
from decnet_decoys.shell.expansion.arithmetic import ExpressionError, evaluate
from decnet_decoys.shell.expansion.assignment import fill
from decnet_decoys.shell.expansion.conditions import fits
from decnet_decoys.shell.expansion.elements import set_named
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

MAX_NESTING = 40
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
_BINARY = frozenset((*_NUMERIC, "=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef"))
_UNARY = frozenset(f"-{letter}" for letter in "abcdefghkprstuwxzLNOSGvon")


_PATTERN_ESCAPE = re.compile(r"\[([*?\[\\])\]")
"""How a pattern has a character that was quoted, which is shown after a backslash."""


class _WrongError(DecoysError):
    """The expression is none, or has no value."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


@command("test", "[", "[[")
def test(call: Call) -> Effects:
    args = list(call.args)
    if call.name != "test":
        closing = "]" * len(call.name)
        if args[-1:] != [closing]:
            return call.shell_error(f"{call.name}: missing `{closing}'", 2)
        args.pop()
    if call.shell.dash and not call.is_program and len(args) == 3 and args[1] in ("==", "=~"):
        return call.shell_error(f"{call.name}: {args[0]}: unexpected operator", 2)
    try:
        expression = _Expression(call, args)
        return int(not (yield from expression.whole()))
    except _WrongError as error:
        return call.shell_error(f"{call.name}: {error}", error.status)


class _Expression:
    """Evaluates the words of one condition from the left."""

    def __init__(self, call: Call, args: list[str]) -> None:
        self._call, self._args, self._at, self._depth = call, args, 0, 0
        self._double = call.name == "[["
        self._negates = False
        """Whether an odd number of `!` stands before what is read now."""

    def whole(self) -> Steps[bool]:
        if not self._args:
            return False
        value = yield from self._either()
        if self._at < len(self._args):
            shown = self._args[self._at]
            few = (len(self._args) - self._at == 1 and len(self._args) < 4) or (self._at == 1 and len(self._args) == 3)
            raise _WrongError(f"{shown}: binary operator expected" if few else "too many arguments")
        return value

    def _next(self) -> str | None:
        return self._args[self._at] if self._at < len(self._args) else None

    def _either(self) -> Steps[bool]:
        value = yield from self._both()
        while self._next() in (("||",) if self._double else ("-o",)):
            self._at += 1
            other = yield from self._both()
            value = value or other
        return value

    def _both(self) -> Steps[bool]:
        value = yield from self._negated()
        while self._next() in (("&&",) if self._double else ("-a",)):
            self._at += 1
            other = yield from self._negated()
            value = value and other
        return value

    def _negated(self) -> Steps[bool]:
        bangs = 0
        while self._next() == "!" and len(self._args) - self._at > 1:
            self._at += 1
            bangs += 1
        yield from turn()
        self._negates = bool(bangs % 2)
        return (yield from self._primary()) != bool(bangs % 2)

    def _primary(self) -> Steps[bool]:
        rest = self._args[self._at : self._at + 3]
        if not rest:
            raise _WrongError("argument expected")
        if len(rest) == 3 and rest[1] in _BINARY:
            self._at += 3
            yield from self._traced(*rest)
            return self._binary(*rest)
        if rest[0] == "(" and len(rest) > 1:
            return (yield from self._group())
        if rest[0] in _UNARY and len(rest) > 1 and rest[1] not in ("-a", "-o", "&&", "||"):
            self._at += 2
            yield from self._traced(*rest[:2])
            return self._unary(rest[0], rest[1])
        if len(self._args) == 2 and len(rest) == 2:
            raise _WrongError(f"{rest[0]}: unary operator expected")
        self._at += 1
        yield from self._traced("-n", rest[0])
        return bool(rest[0])

    def _group(self) -> Steps[bool]:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _WrongError("too many arguments")
        self._at += 1
        value = yield from self._either()
        if self._next() != ")":
            raise _WrongError("`)' expected")
        self._at += 1
        self._depth -= 1
        return value

    def _traced(self, *words: str) -> Steps[None]:
        """Show a part of the condition, as `set -x` does of [[."""
        if self._double and is_traced(self._call.shell):
            shown = _PATTERN_ESCAPE.sub(r"\\\1", "! " * self._negates + " ".join(word or "''" for word in words))
            yield from trace(self._call.runner, f"[[ {shown} ]]", self._call.err)

    def _unary(self, operator: str, value: str) -> bool:
        shell = self._call.shell
        if operator in ("-z", "-n"):
            return bool(value) == (operator == "-n")
        if operator == "-v":
            return value in shell.variables
        if operator == "-t":
            return shell.terminal is not None
        if operator == "-o":
            return False
        try:
            entry = shell.files.stat(value, shell.access, follow=operator not in ("-h", "-L"))
        except FileSystemError:
            return False
        return _is(operator, entry, self._call)

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in ("=", "==", "!="):
            alike = fits(self._call.shell, left, right) if self._double else left == right
            return alike == (operator != "!=")
        if operator == "=~":
            return self._matched(left, right)
        if operator in "<>":
            return left < right if operator == "<" else left > right
        if operator in ("-nt", "-ot", "-ef"):
            return self._compared(left, operator, right)
        numbers = []
        for word in (left, right):
            plain = word.strip().lstrip("+-").isdecimal() and len(word) < 20
            if not plain and not self._double:
                raise _WrongError(f"{word}: integer expression expected")
            numbers.append(self._computed(word) if self._double else int(word))
        return _NUMERIC[operator](*numbers)

    def _computed(self, word: str) -> int:
        """Return what an operand of [[ is worth: it is an expression."""
        shell = self._call.shell
        try:
            return evaluate(word, shell.variables, partial(set_named, shell))
        except ExpressionError as error:
            raise _WrongError(str(error), 1) from error

    def _matched(self, left: str, right: str) -> bool:
        try:
            any_case = bool(self._call.shell.shopt.get("nocasematch"))
            found = compiled(encode(right), extended=True, ignore_case=any_case).search(encode(left), groups=True)
        except BadPatternError as error:
            raise _WrongError(str(error)) from error
        if found is None:
            return False
        data = encode(left)
        parts = [decode(data[start:end]) if start >= 0 else "" for start, end in found.spans]
        fill(self._call.shell, "BASH_REMATCH", parts)
        return True

    def _compared(self, left: str, operator: str, right: str) -> bool:
        shell, times = self._call.shell, []
        for path in (left, right):
            try:
                times.append(shell.files.stat(path, shell.access).mtime)
            except FileSystemError:
                times.append(-1)
        if operator == "-ef":
            return times[0] >= 0 and shell.files.locate(left, shell.access) == shell.files.locate(right, shell.access)
        return times[0] > times[1] if operator == "-nt" else times[0] < times[1]


def _is(operator: str, entry: Entry, call: Call) -> bool:
    identity = call.shell.identity
    permissions = {"-r": 4, "-w": 2, "-x": 1}
    if operator in permissions:
        if operator == "-x" and identity.uid == 0:
            return entry.kind == "dir" or bool(entry.mode & 0o111)
        return identity.may(entry, permissions[operator])
    if operator in ("-u", "-g", "-k"):
        return bool(entry.mode & {"-u": 0o4000, "-g": 0o2000, "-k": 0o1000}[operator])
    if operator in ("-O", "-G"):
        return entry.uid == identity.uid
    kinds = {
        "-f": "file",
        "-d": "dir",
        "-h": "link",
        "-L": "link",
        "-c": "device",
        "-b": "disk",
        "-p": "pipe",
        "-S": "socket",
    }
    return entry.size > 0 if operator == "-s" else entry.kind == kinds.get(operator, entry.kind)
