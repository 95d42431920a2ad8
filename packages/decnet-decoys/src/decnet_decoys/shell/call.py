# SPDX-License-Identifier: MIT
"""One call of a command: what its function is given to read arguments, use the machine and write output."""

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from decnet_decoys.shell.effects import Effects, ReadAll, Steps, turn
from decnet_decoys.shell.encoding import QUOTE, encode, single_quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Filler
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import InputFile, Streams

Handler = Callable[["Call"], "int | Effects"]
"""What a command is. One that returns its status at once must take no more than a few milliseconds, whatever its
arguments; any other is a generator that takes a turn (`effects.turn`) in each loop over what the attacker chose."""

STANDARD_INPUT = frozenset(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
_QUOTING = frozenset(
    [
        "b2sum",
        "base32",
        "base64",
        "basenc",
        "cat",
        "cksum",
        "comm",
        "csplit",
        "cut",
        "expand",
        "fmt",
        "fold",
        "join",
        "md5sum",
        "nl",
        "od",
        "paste",
        "pr",
        "ptx",
        "sha1sum",
        "sha224sum",
        "sha256sum",
        "sha384sum",
        "sha512sum",
        "sort",
        "split",
        "sum",
        "tail",
        "tsort",
        "unexpand",
        "uniq",
        "wc",
    ]
)
"""Programs of coreutils that put a path into quotation marks where a shell would need them."""
_SPECIAL = re.compile(r"[\s*?\[\]$&;|<>(){}'\"\\`!#~=^]")
MAX_SHOWN = 4096
MAX_FLAGS = 64
"""Letters read of one argument as options."""


class Call:
    """What one command is run with: arguments, streams and the shell."""

    def __init__(self, runner: Runner, name: str, args: list[str], streams: Streams, *, tty: bool) -> None:
        self.runner = runner
        self.shell = runner.shell
        self.name = name
        self.called = name
        """What it names itself in what is wrong: for GNU's programs the path by which they were run."""
        self.path = name
        """Its first argument: the word by which it was run."""
        self.is_program = False
        """Whether it is the program of that name, and not the builtin."""
        self.args = args
        self.streams = streams
        self.stdin, self.out, self.err = streams
        self.tty = tty
        """Whether standard output is the terminal."""

    def print(self, text: str = "", end: str = "\n") -> None:
        self.out.write(encode(text + end))

    def print_error(self, text: str, end: str = "\n") -> None:
        text = self.shell.in_locale(text) if QUOTE in text else text
        self.err.write(encode(text + end))

    def fail(self, message: str, status: int = 1) -> int:
        """Write `name: message` to standard error and return `status`."""
        self.print_error(f"{self.called}: {message}")
        return status

    def shell_error(self, message: str, status: int = 1) -> int:
        """Write `message` to standard error as one of the shell's own and return `status`."""
        self.print_error(self.shell.complaint(message))
        return status

    def for_each(self, paths: list[str], action: Callable[[str], object], failure: str) -> Effects:
        """Call `action` for each path; returns 1 when one was refused. `%s` in `failure` is the refused path."""
        status = 0
        for path in paths:
            try:
                action(path)
            except FileSystemError as error:
                status = self.fail(f"{failure.replace('%s', path)}: {error}")
            yield from turn()
        return status

    def input(self) -> Steps[InputFile]:
        """Return standard input to its end; asks for it when nothing is piped in."""
        if self.stdin is not None:
            return self.stdin.rest()
        data = yield ReadAll()
        return InputFile("-", bytes(data or b""))

    def sources(self, paths: list[str]) -> Steps[list[InputFile]]:
        """Return what there is to read at each path, `-` or none being standard input; complains about the others."""
        found = []
        for path in paths or ["-"]:
            yield from turn()
            source = (yield from self.input()) if path == "-" or path in STANDARD_INPUT else self.open(path)
            if source is not None:
                found.append(source)
        return found

    def open(self, path: str) -> InputFile | None:
        """Return a file's content; complains and returns None when it cannot be read."""
        try:
            return InputFile(path, self.content(path))
        except FileSystemError as error:
            quotes = self.name in _QUOTING and (not path or _SPECIAL.search(path[:MAX_SHOWN]))
            self.fail(f"{shell_quoted(path) if quotes else path}: {error}")
            return None

    def content(self, path: str) -> bytes | Filler:
        """Return a file's content, or that of a process substitution; raises FileSystemError."""
        return self.shell.content(path)

    def open_quoted(self, path: str, failure: str, purpose: str = "") -> InputFile | None:
        """Return a file's content as `open` does; complains in the form `failure 'path' purpose` of coreutils."""
        try:
            return InputFile(path, self.content(path))
        except FileSystemError as error:
            self.fail(f"{failure} {shell_quoted(path)}{purpose}: {error}")
            return None

    @property
    def words(self) -> list[str]:
        """The arguments that do not begin with a dash."""
        return [arg for arg in self.args if not arg.startswith("-")]

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


def shell_quoted(path: str) -> str:
    """Return a path as coreutils quote it in what they complain about: gnulib's style shell-escape-always."""
    if path.isprintable():
        plain = "'" in path and not any(one in path for one in '"$`\\!')
        return f'"{path}"' if plain else single_quoted(path)
    runs = [("".join(run), shown) for shown, run in groupby(path, str.isprintable)]
    shown = "".join(single_quoted(run) if plain else _escaped(run) for run, plain in runs)
    return shown if path[0].isprintable() else "''" + shown


def _escaped(run: str) -> str:
    return "$'" + "".join(_ESCAPES.get(byte) or f"\\{byte:03o}" for byte in encode(run)) + "'"


_ESCAPES = dict(zip(b"\a\b\t\n\v\f\r", ("\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"), strict=True))


def _letters(cluster: str, takes_value: str, options: dict[str, str], args: Iterator[str]) -> None:
    for index, letter in enumerate(cluster[:MAX_FLAGS]):
        if letter in takes_value:
            options[letter] = cluster[index + 1 :] or next(args, "")
            return
        options[letter] = ""
