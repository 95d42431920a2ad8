# SPDX-License-Identifier: MIT
"""wc (POSIX.1-2017; GNU coreutils): what it counts, and how GNU's and BusyBox's show it."""

from typing import NamedTuple

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

_OPTIONS = {"lines": "l", "words": "w", "bytes": "c", "chars": "m", "max-line-length": "L", "total": "total:"}


class Tally(NamedTuple):
    letters: list[str]
    """What is asked for, in the order in which it is shown."""
    operands: list[str]
    rows: list[tuple[dict[str, int], str]]
    """The counts of each file that could be read, by letter, with its name: empty for the input."""
    whole: dict[str, int]
    """The sums, and the longest line of all."""

    @property
    def shown(self) -> list[tuple[dict[str, int], str]]:
        return [*self.rows, (self.whole, "total")] if len(self.operands) > 1 else self.rows

    @property
    def status(self) -> int:
        return int(len(self.rows) < len(self.operands))


@command("wc")
def wc(call: Call) -> Effects:
    """Count lines, words, characters, bytes and the longest line."""
    tally = yield from tallied(call)
    letters, operands = tally.letters, tally.operands
    width = len(str(tally.whole["c"])) if operands else (1 if len(letters) == 1 else 7)
    if (len(operands) == 1 and len(letters) == 1) or "-" in operands:
        width = 1 if len(letters) == 1 and len(operands) == 1 else 7
    for row, path in tally.shown:
        named = shell_quoted(path) if "\n" in path else path
        call.print(" ".join(f"{row[letter]:{width}}" for letter in letters) + (f" {named}" if path else ""))
    return tally.status


def tallied(call: Call) -> Steps[Tally]:
    """Count what the options ask for in each operand, or in the input; complains of files that cannot be read."""
    found = options(call, "lwcmL", _OPTIONS)
    letters = [letter for letter in "lwmcL" if letter in found] or ["l", "w", "c"]
    rows: list[tuple[dict[str, int], str]] = []
    for path in found.operands or [""]:
        yield from turn()
        source = (yield from call.input()) if path in ("", "-") else call.open(path)
        if source is not None:
            rows.append(((yield from _counts(source)), path))
    whole = {letter: sum(row[letter] for row, _ in rows) for letter in "lwmc"}
    whole["L"] = max((row["L"] for row, _ in rows), default=0)
    return Tally(letters, found.operands, rows, whole)


def _counts(source: InputFile) -> Steps[dict[str, int]]:
    counts, in_word, column = {"l": 0, "w": 0, "m": 0, "c": len(source), "L": 0}, False, 0
    for piece in source.pieces():
        lines = piece.split(b"\n")
        counts["l"] += len(lines) - 1
        counts["w"] += len(piece.split()) - (in_word and not piece[:1].isspace())
        counts["m"] += len(piece.decode("utf-8", "ignore"))
        longest = max(map(len, lines[1:-1]), default=0)
        counts["L"] = max(counts["L"], column + len(lines[0]), longest)
        column = len(lines[-1]) + (column if len(lines) == 1 else 0)
        in_word = not piece[-1:].isspace()
        yield from turn()
    counts["L"] = max(counts["L"], column)
    return counts
