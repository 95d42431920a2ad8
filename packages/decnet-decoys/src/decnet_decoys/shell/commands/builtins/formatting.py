# SPDX-License-Identifier: MIT
"""printf, as bash has it (POSIX.1-2017, printf; bash(1))."""

import re
from collections import deque

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

_FORMAT = re.compile(
    r"%(?:(%)|([-+ #0]*)(\*|\d{1,5})?(?:\.(\*|\d{0,5}))?[hlLjzt]*(\([^)]{0,64}\)T|.)|[-+ #0hlLqjzt\d.*]*$)|[^%]+|%",
    re.DOTALL,
)
MAX_WIDTH = 1000


@command("printf")
def printf(call: Call) -> Effects:  # noqa: C901  # what is wrong ends it in different ways
    """Write formatted arguments (POSIX.1-2017, printf); -v NAME sets a variable."""
    args = list(call.args)
    if args[:1] == ["--"]:
        args.pop(0)
    target = args[1] if args[:1] == ["-v"] and len(args) > 1 else None
    args = args[2:] if target is not None else args
    if not args:
        call.print_error("printf: usage: printf [-v var] format [arguments]")
        return 2
    layout, stop = unescape(args[0])
    pieces, values, status = list(_FORMAT.finditer(layout)), deque(args[1:]), 0
    shown: list[str] = []
    room = MAX_WORD
    for _ in range(MAX_REPEATS):
        before = len(values)
        for match in pieces:
            yield from turn()
            try:
                text = _formatted(call, match, values) if match[5] else _literal(match)
            except _BadNumberError as wrong:
                call.shell_error(f"printf: {wrong.args[0]}: invalid number")
                text, status = wrong.shown, 1
            except _BadFormatError as wrong:
                return call.shell_error(f"printf: {wrong}", 2 if call.shell.dash else 1)
            if target is None:
                call.print(text, end="")
            elif room > 0:
                room -= len(text) + 1
                shown.append(text)
        if not values or len(values) == before or stop:
            break
    if target is not None:
        call.shell.set(target, "".join(shown))
    return status


MAX_REPEATS = 2000
"""Times that a format is used again."""


class _BadFormatError(DecoysError):
    """The format has a conversion that there is not."""


class _BadNumberError(DecoysError):
    """An argument is no number."""

    shown = ""


def _literal(match: re.Match[str]) -> str:
    if match[0].startswith("%") and not match[1]:
        raise _BadFormatError(f"`{match[0][:200]}': missing format character")
    return match[1] or match[0]


def _formatted(call: Call, match: re.Match[str], values: deque[str]) -> str:
    _, flags, width, precision, letter = match.groups()

    def taken() -> str:
        return values.popleft() if values else ""

    known = "sbcdiuxXoeEfFgGaA" if call.shell.dash and not call.is_program else "sbcqQdiuxXoeEfFgGaAn"
    if not (letter.isalpha() and letter in known) and not letter.startswith("("):
        shown = letter if letter.isprintable() else "\\"  # bash has not made the escape a character yet
        raise _BadFormatError(f"`{shown}': invalid format character")
    wide = _integer(taken()) or 0 if width == "*" else int(width or 0)
    exact = None if precision is None else _integer(taken()) or 0 if precision == "*" else int(precision or 0)
    spec = "%" + flags + (str(max(-MAX_WIDTH, min(wide, MAX_WIDTH))) if wide else "")
    spec += "" if exact is None else f".{max(0, min(exact, MAX_WIDTH))}"
    value = taken()
    if letter.startswith("("):
        moment = _integer(value)
        return call.shell.date(letter[1:-2] or "%H:%M:%S", None if moment in (None, -1) else moment)
    if letter in "sbcq":
        text = {"b": lambda: unescape(value)[0], "c": lambda: value[:1], "q": lambda: _shell_quoted(value)}
        data = encode(text.get(letter, lambda: value)())  # widths are in bytes
        return decode((spec + "s").encode() % data)
    if letter in "diuxXoeEfFgG":
        return _number(spec, letter, value)
    return ""


def _integer(value: str) -> int | None:
    text = value.strip()
    if text[:1] in "\"'" and len(text) > 1:
        return ord(text[1])
    try:
        return (
            int(text[:20], 16)
            if text[:2].lower() == "0x"
            else int(text[:20], 8 if text[:1] == "0" and len(text) > 1 else 10)
        )
    except ValueError:
        return None


def _number(spec: str, letter: str, value: str) -> str:
    kind = "d" if letter in "iu" else letter
    if letter in "diuxXo":
        number = _integer(value) if value else 0
        shown = spec + kind
        if number is None:
            wrong = _BadNumberError(value[:200])
            digits = value[: len(value) - len(value.lstrip("0123456789"))]
            wrong.shown = shown % int(digits[:18] or 0)
            raise wrong
        return shown % (number if letter in "di" else number % (1 << 64))
    try:
        return (spec + kind) % float(value[:40] or 0)
    except (ValueError, OverflowError):
        wrong = _BadNumberError(value[:200])
        wrong.shown = (spec + kind) % 0.0
        raise wrong from None


def _shell_quoted(value: str) -> str:
    """Return a word as bash's %q shows it: with backslashes, or as $'...' where something is not to be printed."""
    value = value[:MAX_WIDTH]
    if not value.isprintable():
        return "$'" + "".join(_ESCAPED.get(one) or _octal(one) for one in value) + "'"
    shown = "".join(one if one.isalnum() or one in "_-./:=@%+~#" else "\\" + one for one in value)
    return "\\" + shown if shown.startswith(("~", "#")) else shown or "''"


def _octal(one: str) -> str:
    return one if one.isprintable() else "".join(f"\\{byte:03o}" for byte in encode(one))


_ESCAPED = {
    "\a": "\\a", "\b": "\\b", "\x1b": "\\E", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", "'": "\\'",
}  # fmt: skip
