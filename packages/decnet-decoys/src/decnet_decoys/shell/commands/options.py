# SPDX-License-Identifier: MIT
"""Options as getopt_long(3) of GNU reads them: permuted, clustered, long names abbreviated, others refused.

A command that is refused says so in the words of GNU's programs; `interpreter` prints that and returns its status.
"""

from collections.abc import Iterator, Mapping

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call

MAX_OPTIONS = 512
"""Letters and long names that are read; further ones are passed over."""


class UsageError(DecoysError):
    """A command was called in a way that it refuses; the text is what it writes, without its name."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Options:
    """Each option's values by its letter, or by its long name; and the operands."""

    def __init__(self, values: Mapping[str, list[str]], operands: list[str]) -> None:
        self.values = values
        self.operands = operands

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def last(self, name: str, default: str = "") -> str:
        return self.values[name][-1] if name in self.values else default

    def any(self, names: str) -> bool:
        return any(letter in self.values for letter in names)


def tried(call: Call, message: str, status: int = 1) -> UsageError:
    """Return the error with the hint that GNU's programs add."""
    return UsageError(f"{message}\nTry '{call.called} --help' for more information.", status)


def colons_after(letter: str, letters: str) -> str | None:
    """Return the colons behind a letter among `letters` as getopt(3) has them; None when it is not one of them.

    With one colon a value follows, with two it may.
    """
    _, found, after = letters.partition(letter) if letter != ":" else (letters, "", "")
    return after[: len(after) - len(after.lstrip(":"))] if found else None


def options(
    call: Call, letters: str, long: Mapping[str, str] | None = None, *, status: int = 1, permute: bool = True
) -> Options:
    """Return the options of a call; raises UsageError.

    A letter of `letters` that a colon follows takes a value. `long` maps a long name to the letter or name under which
    it is kept, with a colon behind it if it takes a value, a question mark if it may.
    """
    return _Reader(call, letters, long or {}, status).read(permute=permute)


class _Reader:
    def __init__(self, call: Call, letters: str, long: Mapping[str, str], status: int) -> None:
        self._call = call
        self._letters = letters
        self._long = long
        self._status = status
        self._values: dict[str, list[str]] = {}
        self._count = 0

    def read(self, *, permute: bool) -> Options:
        operands: list[str] = []
        args = iter(self._call.args)
        for arg in args:
            if arg == "--" or (operands and not permute):
                operands.extend([arg] if arg != "--" else [])
                operands.extend(args)
            elif arg.startswith("--"):
                self._named(arg[2:], args)
            elif arg.startswith("-") and len(arg) > 1:
                self._cluster(arg[1:], args)
            else:
                operands.append(arg)
        return Options(self._values, operands)

    def _keep(self, name: str, value: str) -> None:
        self._count += 1
        if self._count <= MAX_OPTIONS:
            self._values.setdefault(name, []).append(value)

    def _cluster(self, cluster: str, args: Iterator[str]) -> None:
        for index, letter in enumerate(cluster[: max(0, MAX_OPTIONS - self._count)]):
            colons = colons_after(letter, self._letters)
            if colons is None:
                raise tried(self._call, f"invalid option -- '{letter}'", self._status)
            if not colons:
                self._keep(letter, "")
                continue
            value: str | None = cluster[index + 1 :] or ("" if colons == "::" else next(args, None))
            if value is None:
                raise tried(self._call, f"option requires an argument -- '{letter}'", self._status)
            self._keep(letter, value)
            return

    def _named(self, text: str, args: Iterator[str]) -> None:
        name, equals, value = text.partition("=")
        fitting = [name] if name in self._long else [one for one in self._long if one.startswith(name)]
        if not fitting:
            raise tried(self._call, f"unrecognized option '--{text}'", self._status)
        if len({self._long[one] for one in fitting}) > 1:
            shown = " ".join(f"'--{one}'" for one in fitting)
            raise tried(self._call, f"option '--{name}' is ambiguous; possibilities: {shown}", self._status)
        kept = self._long[fitting[0]]
        if kept.endswith(":") and not equals:
            given = next(args, None)
            if given is None:
                raise tried(self._call, f"option '--{fitting[0]}' requires an argument", self._status)
            value = given
        if equals and not kept.endswith((":", "?")):
            raise tried(self._call, f"option '--{fitting[0]}' doesn't allow an argument", self._status)
        self._keep(kept.rstrip(":?"), value)
