# SPDX-License-Identifier: MIT
"""The command join (POSIX.1-2017, join): lines of two sorted files that have the same field."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options, tried
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, quoted
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

MAX_TABLE = 1 << 18
"""Bytes of lines that are held of each file."""
MAX_COLUMNS = 64
_ROW_BYTES = 64
"""What a line counts for besides its text."""
_Row = list[str]


class _Layout(NamedTuple):
    """How lines are parted, compared and shown."""

    separator: str | None
    keys: tuple[int, int]
    columns: list[tuple[int, int]]
    """File and field, from 1; (0, 0) is what was joined on; none for all."""
    empty: str
    folded: bool

    def key(self, row: _Row, file: int) -> str:
        at = self.keys[file]
        found = row[at] if at < len(row) else ""
        return found.lower() if self.folded else found

    def line(self, first: _Row | None, second: _Row | None) -> str:
        """Return one line of output; a file that has no such line gives empty fields."""
        rows = (first, second)
        row, file = (first, 0) if first is not None else (second, 1)
        at = self.keys[file]
        joined = row[at] if row is not None and at < len(row) else ""
        if self.columns:
            cells = [joined if file == 0 else self._cell(rows[file - 1], field) for file, field in self.columns]
        else:
            rest = (cell for file, row in enumerate(rows) for at, cell in enumerate(row or ()) if at != self.keys[file])
            cells = [joined, *rest]
        return (self.separator or " ").join(cells)

    def _cell(self, row: _Row | None, field: int) -> str:
        return (row[field - 1] if row is not None and field <= len(row) else "") or self.empty


@command("join")
def join(call: Call) -> Effects:
    """Join the lines of two sorted files that have the same field."""
    found = options(
        call, "t:1:2:a:v:o:e:j:iz", {"ignore-case": "i", "check-order": "x", "nocheck-order": "x", "header": "header"}
    )
    if len(found.operands) != 2:
        wanted = f"missing operand after {quoted(found.operands[-1])}" if found.operands else "missing operand"
        raise tried(call, f"extra operand {quoted(found.operands[2])}" if len(found.operands) > 2 else wanted)
    layout = _Layout(
        separator=found.last("t") or None,
        keys=(_field(found, "1"), _field(found, "2")),
        columns=_columns(found.values.get("o", [])),
        empty=found.last("e"),
        folded="i" in found,
    )
    sources = yield from call.sources(found.operands)
    if len(sources) < 2:
        return 1
    tables = []
    for file, source in enumerate(sources[:2]):
        tables.append((yield from _groups(source, layout, file)))
    alone = {one for one in (*found.values.get("a", []), *found.values.get("v", [])) if one in ("1", "2")}
    for first, second in _paired(*tables):
        yield from turn()
        both = bool(first and second)
        if "v" in found if both else ("1" if first else "2") not in alone:
            continue
        firsts: list[_Row | None] = [*first] or [None]
        seconds: list[_Row | None] = [*second] or [None]
        for one, other in product(firsts, seconds):
            call.print(layout.line(one, other))
            yield from turn()
    return 0


def _field(found: Options, letter: str) -> int:
    """Return the index of the field that a file is joined on."""
    asked = found.last(letter, found.last("j", "1"))
    if not asked.isdecimal() or len(asked) > 6 or not int(asked):
        raise UsageError(f"invalid field number: {quoted(asked[:64])}")
    return int(asked) - 1


def _columns(given: list[str]) -> list[tuple[int, int]]:
    found = []
    for name in " ".join(given).replace(",", " ").split()[:MAX_COLUMNS]:
        file, dot, field = name.partition(".")
        if name == "0":
            found.append((0, 0))
        elif name != "auto":
            if file not in ("1", "2") or not dot or not field.isdecimal() or len(field) > 6 or not int(field):
                raise UsageError(f"invalid field specifier: {quoted(name[:64])}")
            found.append((int(file), int(field)))
    return found


def _groups(source: InputFile, layout: _Layout, file: int) -> Steps[list[tuple[str, list[_Row]]]]:
    """Return the lines of a file, those together that follow each other with the same key."""
    found: list[tuple[str, list[_Row]]] = []
    held = 0
    for line in source.lines():
        held += len(line) + _ROW_BYTES
        if held > MAX_TABLE:
            raise UsageError("memory exhausted")
        row = decode(line).split(layout.separator)
        key = layout.key(row, file)
        if found and found[-1][0] == key:
            found[-1][1].append(row)
        else:
            found.append((key, [row]))
        yield from turn()
    return found


def _paired(
    first: list[tuple[str, list[_Row]]], second: list[tuple[str, list[_Row]]]
) -> Iterator[tuple[list[_Row], list[_Row]]]:
    """Yield the lines of both files key by key; an empty list for a file that has none."""
    at = other = 0
    while at < len(first) or other < len(second):
        if other == len(second) or (at < len(first) and first[at][0] < second[other][0]):
            yield first[at][1], []
            at += 1
        elif at == len(first) or second[other][0] < first[at][0]:
            yield [], second[other][1]
            other += 1
        else:
            yield first[at][1], second[other][1]
            at, other = at + 1, other + 1
