# SPDX-License-Identifier: MIT
"""/etc/sudoers as sudo reads it (sudoers(5)): who may run what as whom, and where a line is no such rule."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.state import ShellState

MAX_FILES, MAX_LINES, MAX_LINE = 50, 500, 1024
MAX_RULES = 2000
"""Rules of one user that are kept; what follows them counts for nothing."""
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|(?:[^\s=,:()!\\]|\\.)+|[=,:()!])')
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")
_TAGS = frozenset(
    ("EXEC", "NOEXEC", "FOLLOW", "NOFOLLOW", "LOG_INPUT", "NOLOG_INPUT", "LOG_OUTPUT", "NOLOG_OUTPUT", "MAIL",
     "NOMAIL", "INTERCEPT", "NOINTERCEPT", "PASSWD", "NOPASSWD", "SETENV", "NOSETENV")
)  # fmt: skip
_OTHER_LINES = re.compile(r"\s*(?:#|@include|Defaults|(?:User|Runas|Host|Cmnd|Cmd)_Alias\b|$)")


class SudoersError(DecoysError):
    """A line is none of sudoers(5)."""

    def __init__(self, text: str, column: int, token: str) -> None:
        super().__init__(text)
        self.column, self.token = column, token


class Rule(NamedTuple):
    users: tuple[str, ...]
    run_as: str
    """As it is listed: `root` where none is given."""
    free: bool
    """Whether no password is asked for."""
    command: str


class _Line:
    """The tokens of one rule from the left."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return found[1] if found is not None else ""

    def take(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self.wrong()
        self._at = found.end()
        return found[1]

    def takes(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self.take()
        return True

    def wrong(self, text: str = "syntax error") -> SudoersError:
        found = _TOKEN.match(self._text, self._at)
        column = found.start(1) if found is not None else len(self._text.rstrip())
        return SudoersError(text, column + 1, found[1] if found is not None else "")

    def listed(self) -> tuple[str, ...]:
        found = []
        while True:
            bang = "!" if self.takes("!") else ""
            if self.peek() in ("=", ",", ":", "(", ")", ""):
                raise self.wrong()
            found.append(bang + self.take())
            if not self.takes(","):
                return tuple(found)

    def rest_of_command(self) -> str:
        """Return the arguments of a path: whatever comes before `,`, `:` or the end."""
        words = []
        while self.peek() not in (",", ":", ""):
            words.append(self.take())
        return " ".join(words)


def rules_in(text: str) -> Iterator[Rule]:
    """Yield the rules of one line; raises SudoersError."""
    if _OTHER_LINES.match(text):
        return
    line = _Line(text.partition(" #")[0])
    users = line.listed()
    while True:
        line.listed()  # hosts: every rule is taken for one of this machine
        if not line.takes("="):
            raise line.wrong()
        yield from _commands(line, users)
        if not line.takes(":"):
            break
    if line.peek():
        raise line.wrong()


def _commands(line: _Line, users: tuple[str, ...]) -> Iterator[Rule]:
    run_as, free = "root", False
    while True:
        if line.takes("("):
            run_as = _run_as(line)
        word = ("!" if line.takes("!") else "") + line.peek()
        while word in _TAGS:
            line.take()
            if not line.takes(":"):
                break
            free = {"NOPASSWD": True, "PASSWD": False}.get(word, free)
            word = ("!" if line.takes("!") else "") + line.peek()
        else:
            name = word.lstrip("!")
            if name in ("", "=", ",", ":", "(", ")"):
                raise line.wrong()
            if not name.startswith(("/", "^", '"')) and not _ALIAS.fullmatch(name) and name not in ("sudoedit", "list"):
                raise line.wrong("expected a fully-qualified path name")
            line.take()
            given = line.rest_of_command() if name.startswith("/") else ""
            yield Rule(users, run_as, free, f"{word} {given}".strip())
        if not line.takes(","):
            return


def _run_as(line: _Line) -> str:
    users = line.listed() if line.peek() not in (":", ")") else ()
    groups = line.listed() if line.takes(":") and line.peek() != ")" else ()
    if not line.takes(")"):
        raise line.wrong()
    return ", ".join(users) + (f" : {', '.join(groups)}" if groups else "") or "root"


def files_of(shell: ShellState) -> list[str]:
    """Return the paths that sudo reads."""
    try:
        names = sorted(shell.files.names("/etc/sudoers.d"))
    except FileSystemError:
        names = []
    return [
        "/etc/sudoers",
        *(f"/etc/sudoers.d/{one}" for one in names[:MAX_FILES] if "." not in one and one[-1] != "~"),
    ]


def lines_of(shell: ShellState, path: str) -> list[str]:
    """Return the lines of a file, without what is beyond bounds; raises FileSystemError."""
    text = whole_of(shell.files.read(posixpath.join(shell.cwd, path)))[: MAX_LINES * MAX_LINE].decode(
        "utf-8", "replace"
    )
    return [line[:MAX_LINE] for line in text.split("\n")[:MAX_LINES]]


def fault_in(lines: Sequence[str]) -> Steps[tuple[int, SudoersError] | None]:
    """Return the number of the first line that is wrong, and how."""
    for number, line in enumerate(lines, 1):
        yield from turn()
        try:
            list(rules_in(line))
        except SudoersError as error:
            return number, error
    return None


def rules_of(shell: ShellState, name: str) -> Steps[list[Rule]]:
    """Return what a user may run, in the order of the files, at most MAX_RULES; a line that is wrong is none."""
    user = shell.account(name)
    groups = shell.groups_of(user) if user is not None else {}
    mine = {"ALL", name, *(f"%{group}" for group in groups)}
    found: list[Rule] = []
    for path in files_of(shell):
        try:
            lines = lines_of(shell, path)
        except FileSystemError:
            continue
        for line in lines:
            yield from turn()
            try:
                found += [rule for rule in rules_in(line) if mine.intersection(rule.users)]
            except SudoersError:
                continue
            if len(found) >= MAX_RULES:
                return found[:MAX_RULES]
    return found


def rule_for(rules: Sequence[Rule], target: str, path: str, args: Sequence[str]) -> Steps[Rule | None]:
    """Return the last rule that fits a command, which is what counts; None where it denies that, or none does."""
    command = " ".join([path, *args])[:MAX_LINE]
    for rule in reversed(rules):
        yield from turn()
        names = rule.run_as.partition(" : ")[0].split(", ")
        if target not in names and "ALL" not in names:
            continue
        wanted = rule.command.lstrip("!")
        whole = wanted in ("ALL", path) or (wanted.endswith("/") and path.rpartition("/")[0] == wanted.rstrip("/"))
        if whole or _matches(command, wanted.replace(' ""', "")):
            return None if rule.command.startswith("!") else rule
    return None


def _matches(command: str, pattern: str) -> bool:
    return re.match(fnmatch.translate(pattern), command) is not None  # `fnmatchcase` keeps 32,768 patterns
