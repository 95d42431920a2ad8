# SPDX-License-Identifier: MIT
"""A sed script to commands with their addresses."""

from __future__ import annotations

from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Pattern, compiled

MAX_SCRIPT = 1 << 15
MAX_COMMANDS = 500
_PLAIN = "=dDgGhHlnNpPqQxz"


class SedError(DecoysError, ValueError):
    """The script is none, or cannot go on; the message is sed's."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Address(NamedTuple):
    """A line number, the last line, a pattern, or every `step`th line from `line` on."""

    kind: str
    """line, last, pattern, step or more."""
    line: int = 0
    step: int = 0
    pattern: Pattern | None = None


class Command(NamedTuple):
    name: str
    first: Address | None
    last: Address | None
    negated: bool
    text: str = ""
    """A text, label, file or exit code."""
    pattern: Pattern | None = None
    new: bytes = b""
    flags: str = ""
    target: int = -1
    """Where `{` goes on if it does not apply."""


class Script:
    """One script, to be read (`read`); `commands` are in their order, and `labels` say where each leads."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text[:MAX_SCRIPT]
        self._extended = extended
        self._at = 0
        self._open: list[int] = []
        self._last_pattern: bytes = b""
        self.commands: list[Command] = []
        self.labels: dict[str, int] = {}

    def _error(self, message: str) -> SedError:
        return SedError(f"-e expression #1, char {self._at}: {message}")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def read(self) -> Steps[None]:
        """Read it all, a turn before each command: patterns take long to compile. Raises SedError."""
        while True:
            yield from turn()
            while self._peek() and self._peek() in " \t\n;":
                self._at += 1
            if not self._peek():
                break
            if self._peek() == "#":
                self._line()
                continue
            self._command()
            if len(self.commands) > MAX_COMMANDS:
                raise self._error("too many commands")
        if self._open:
            self._at = 0
            raise self._error("unmatched `{'")

    def _command(self) -> None:
        first = self._address()
        last = None
        if first is not None and self._peek() == ",":
            self._at += 1
            self._blanks()
            last = self._address(second=True)
            if last is None:
                raise self._error("unexpected `,'")
        self._blanks()
        negated = self._peek() == "!"
        while self._peek() == "!" or (negated and self._peek() == " "):
            self._at += 1
        name = self._peek()
        self._at += 1
        if not name:
            raise self._error("missing command")
        self._named(name, Command(name, first, last, negated))

    def _named(self, name: str, command: Command) -> None:
        if name in _PLAIN:
            code = self._digits() if name in "qQ" else ""
            self._end()
            self.commands.append(command._replace(text=code))
        elif name == "s":
            self._substitution(command)
        elif name == "y":
            self._translation(command)
        elif name in "aic":
            self.commands.append(command._replace(text=self._appended()))
        elif name in "btT:rRwW":
            self._labelled(name, command)
        elif name == "{":
            self._open.append(len(self.commands))
            self.commands.append(command)
        elif name == "}":
            self._close()
        else:
            raise self._error(f"unknown command: `{name}'")

    def _labelled(self, name: str, command: Command) -> None:
        self._blanks()
        text = (self._line() if name in "rRwW" else self._label()).strip()
        if name in "rRwW" and not text:
            raise self._error("missing filename in r/R/w/W commands")
        if name == ":":
            if not text:
                raise self._error('":" lacks a label')
            self.labels[text] = len(self.commands)
        else:
            self.commands.append(command._replace(text=text))

    def _close(self) -> None:
        if not self._open:
            raise self._error("unexpected `}'")
        place = self._open.pop()
        self.commands[place] = self.commands[place]._replace(target=len(self.commands))
        self._end()

    def _blanks(self) -> None:
        while self._peek() in (" ", "\t"):
            self._at += 1

    def _digits(self) -> str:
        self._blanks()
        start = self._at
        while self._peek().isdecimal() and self._at - start < 9:
            self._at += 1
        return self._text[start : self._at]

    def _line(self) -> str:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        line, self._at = self._text[self._at : end], end
        return line

    def _label(self) -> str:
        start = self._at
        while self._peek() and self._peek() not in "\n;}":
            self._at += 1
        return self._text[start : self._at]

    def _end(self) -> None:
        self._blanks()
        if self._peek() and self._peek() not in "\n;}#":
            self._at += 1
            raise self._error("extra characters after command")

    def _address(self, *, second: bool = False) -> Address | None:
        one = self._peek()
        if second and one in ("+", "~"):
            self._at += 1
            return Address("more", int(self._digits() or "0"))
        if one.isdecimal():
            line = int(self._digits())
            if self._peek() == "~":
                self._at += 1
                return Address("step", line, int(self._digits() or "0"))
            return Address("line", line)
        if one == "$":
            self._at += 1
            return Address("last")
        if one in ("/", "\\"):
            self._at += 1 + (one == "\\")
            source = self._delimited(self._text[self._at - 1 : self._at], "unterminated address regex")
            ignore = self._peek() == "I"
            self._at += ignore
            return Address("pattern", pattern=self._compiled(source, ignore_case=ignore))
        return None

    def _compiled(self, source: str, *, ignore_case: bool) -> Pattern:
        data = encode(source) or self._last_pattern
        self._last_pattern = data
        try:
            return compiled(data, extended=self._extended, ignore_case=ignore_case)
        except BadPatternError as error:
            raise self._error(str(error)) from error

    def _delimited(self, mark: str, complaint: str) -> str:
        """Return what stands up to `mark`; a mark behind a backslash is itself."""
        found: list[str] = []
        bracket = False
        while True:
            one = self._peek()
            if not one or (one == "\n" and "address" in complaint):
                raise self._error(complaint)
            self._at += 1
            if one == "\\":
                following = self._peek()
                self._at += 1
                found.append(following if following == mark and mark not in "|.*[" else one + following)
            elif one == mark and not bracket:
                return "".join(found)
            else:
                bracket = one == "[" or (bracket and one != "]")
                found.append(one)

    def _substitution(self, command: Command) -> None:
        mark = self._peek()
        self._at += 1
        source = self._delimited(mark, "unterminated `s' command") if mark else ""
        if not mark:
            raise self._error("unterminated `s' command")
        new = self._replacement(mark)
        flags = ""
        while self._peek() and self._peek() in "gpIiemM0123456789":
            flags += self._peek()
            self._at += 1
        target = ""
        if self._peek() == "w":
            self._at += 1
            target = self._line().strip()
        elif self._peek() and self._peek() not in " \t\n;}#":
            self._at += 1
            raise self._error("unknown option to `s'")
        self._end()
        pattern = self._compiled(source, ignore_case="i" in flags.lower())
        self.commands.append(command._replace(pattern=pattern, new=encode(new), flags=flags, text=target))

    def _replacement(self, mark: str) -> str:
        found: list[str] = []
        while (one := self._peek()) != mark:
            if not one:
                raise self._error("unterminated `s' command")
            self._at += 1
            if one == "\\":
                following = self._peek()
                self._at += 1
                one = following if following == mark and mark != "&" else one + following
            found.append(one)
        self._at += 1
        return "".join(found)

    def _translation(self, command: Command) -> None:
        mark = self._peek()
        self._at += 1
        old = self._delimited(mark, "unterminated `y' command").replace("\\n", "\n").replace("\\\\", "\\")
        new = self._delimited(mark, "unterminated `y' command").replace("\\n", "\n").replace("\\\\", "\\")
        if len(old) != len(new):
            raise self._error("strings for `y' command are different lengths")
        self._end()
        self.commands.append(command._replace(text=old, flags=new))

    def _appended(self) -> str:
        """Return the text of a, i or c: up to the end of the line, a backslash at which goes on."""
        self._blanks()
        if self._peek() == "\\":
            self._at += 1
            self._blanks()
            self._at += self._peek() == "\n"
        if not self._peek():
            raise self._error("expected \\ after `a', `c' or `i'")
        lines = [self._line()]
        while lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1]
            self._at += 1
            lines.append(self._line())
        return "\n".join(lines) + "\n"
