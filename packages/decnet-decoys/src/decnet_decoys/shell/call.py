# SPDX-License-Identifier: MIT
"""One call of a command: its arguments, its input and where its output goes, all bounded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.effects import ReadAll, Step, Steps
from decnet_decoys.shell.machine.fs_errors import FileFault

if TYPE_CHECKING:
    from decnet_decoys.shell.interpreter import Shell

MAX_OUTPUT = 1 << 20
"""Bytes one command may print or pipe before it is ended as if by SIGPIPE."""
MAX_WRITTEN = 8 << 20
"""Bytes all commands of one line may write together."""

Handler = Callable[["Call"], "int | Steps"]


class OutputFullError(DecoysError):
    """The command printed more than is carried; it ends like a process whose reader is gone."""


class Allowance:
    """Bytes that all commands of one line may still write, pipes and files included."""

    def __init__(self, size: int) -> None:
        self.left = size


class Sink:
    """Collects what a command writes."""

    def __init__(self, allowance: Allowance, limit: int = MAX_OUTPUT) -> None:
        self.data = bytearray()
        self._allowance = allowance
        self._left = limit

    def write(self, data: bytes) -> None:
        """Take `data`; raises OutputFullError when the limit is reached."""
        room = min(self._left, self._allowance.left)
        self.data += data[: max(0, room)]
        self._left -= len(data)
        self._allowance.left -= len(data)
        if room < len(data):
            raise OutputFullError

    def take(self) -> bytes:
        """Return what was collected and begin anew; the limit goes on."""
        data, self.data = bytes(self.data), bytearray()
        return data


class Feed:
    """What is piped or redirected into commands; those that share it take it one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def line(self) -> bytes | None:
        """Return the next line without its end, None at the end of the data."""
        if self._at >= len(self._data):
            return None
        end = self._data.find(b"\n", self._at)
        end = len(self._data) if end < 0 else end
        line, self._at = self._data[self._at : end], end + 1
        return line

    def rest(self) -> bytes:
        """Return all that is left."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest


class Streams(NamedTuple):
    """Where a command reads and writes; stdin None is the terminal or channel."""

    stdin: Feed | None
    out: Sink
    err: Sink


class Call:
    """What a command's function is given."""

    def __init__(self, shell: Shell, words: list[str], stdin: Feed | None, out: Sink, err: Sink, *, tty: bool) -> None:
        self.shell = shell
        self.name = words[0]
        self.args = words[1:]
        self.stdin = stdin
        """What a pipe or redirection feeds; None: the terminal or channel."""
        self.out = out
        self.err = err
        self.tty = tty
        """Whether standard output is the terminal."""

    def print(self, text: str = "", end: str = "\n") -> None:
        """Write a line to standard output."""
        self.out.write(encode(text + end))

    def fail(self, message: str, status: int = 1) -> int:
        """Write `name: message` to standard error and return `status`."""
        self.err.write(encode(f"{self.name}: {message}\n"))
        return status

    def input(self) -> Generator[Step, Any, bytes]:
        """Return all of standard input; asks for it when nothing is piped in."""
        if self.stdin is not None:
            return self.stdin.rest()
        data = yield ReadAll()
        return bytes(data or b"")

    def sources(self, paths: list[str]) -> Generator[Step, Any, list[tuple[str, bytes]]]:
        """Return name and content of each path, `-` or none being standard input; complains about the others."""
        found: list[tuple[str, bytes]] = []
        for path in paths or ["-"]:
            if path == "-":
                found.append(("-", (yield from self.input())))
                continue
            data = self.read(path)
            if data is not None:
                found.append((path, data))
        return found

    def read(self, path: str) -> bytes | None:
        """Return a file's content; complains and returns None when it cannot be read."""
        try:
            return self.shell.files.read(path, self.shell.identity, self.shell.cwd)
        except FileFault as fault:
            self.fail(f"{path}: {fault}")
            return None

    def flags(self, takes_value: str = "") -> tuple[dict[str, str], list[str]]:
        """Split the arguments into options and operands; letters in `takes_value` are followed by a value.

        `-la` is {"l": "", "a": ""}, `--name=x` {"name": "x"}; after `--` everything is an operand.
        """
        options: dict[str, str] = {}
        operands: list[str] = []
        args = iter(self.args)
        for arg in args:
            if arg == "--":
                operands.extend(args)
            elif arg.startswith("--"):
                name, _, value = arg[2:].partition("=")
                options[name] = value
            elif arg.startswith("-") and len(arg) > 1:
                _letters(arg[1:], takes_value, options, args)
            else:
                operands.append(arg)
        return options, operands


def _letters(cluster: str, takes_value: str, options: dict[str, str], args: Any) -> None:
    for place, letter in enumerate(cluster):
        if letter in takes_value:
            options[letter] = cluster[place + 1 :] or next(args, "")
            return
        options[letter] = ""


def encode(text: str) -> bytes:
    """Return text as the terminal's bytes; what came in as stray bytes goes out as them."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decode(data: bytes) -> str:
    """Return bytes as text that `encode` turns back into the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def quoted(text: str) -> str:
    """Return text between the quotation marks that GNU programs use in a UTF-8 locale."""
    return f"\u2018{text}\u2019"
