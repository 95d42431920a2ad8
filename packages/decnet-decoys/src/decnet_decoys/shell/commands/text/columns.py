# SPDX-License-Identifier: MIT
"""Commands about the columns of lines: cut, paste, column (POSIX.1-2017)."""

from itertools import islice, zip_longest

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_OUTPUT
from decnet_decoys.shell.syntax.escapes import unescape

MAX_RANGES = 64
MAX_TABLE = 1 << 18
"""Bytes that `column -t` lays out."""
_ROW_BYTES = 64
"""What a line counts for besides its text."""
_END = 1 << 30
_CUT = {"fields": "f:", "delimiter": "d:", "bytes": "b:", "characters": "c:", "only-delimited": "s",
        "complement": "complement", "output-delimiter": "out:", "zero-terminated": "z"}  # fmt: skip


@command("cut")
def cut(call: Call) -> Effects:
    """Write some fields (-f), characters (-c) or bytes (-b) of each line."""
    found = options(call, "f:d:b:c:snz", _CUT)
    lists = [letter for letter in "fbc" if letter in found]
    if len(lists) != 1 or len(found.values[lists[0]]) > 1:
        wrong = "only one list may be specified" if lists else "you must specify a list of bytes, characters, or fields"
        raise tried(call, wrong)
    ranges = _ranges(call, found.last(lists[0]), "fields" if lists == ["f"] else "byte/character positions")
    delimiter = unescape(found.last("d", "\t"))[0] if "d" not in found else found.last("d")
    if len(delimiter) != 1:
        raise tried(call, "the delimiter must be a single character")
    sources = yield from call.sources(found.operands)
    for source in sources:
        for line in source.lines():
            shown = (
                _of_fields(line, encode(delimiter), ranges, found) if lists == ["f"] else _of_bytes(line, ranges, found)
            )
            if shown is not None:
                call.out.write(shown + b"\n")
            yield from turn()
    return int(len(sources) < len(found.operands))


def _ranges(call: Call, text: str, what: str) -> list[tuple[int, int]]:
    ranges = []
    for piece in text.replace(" ", ",").split(",")[:MAX_RANGES]:
        first, dash, last = piece.partition("-")
        if not all(one.isdecimal() and len(one) < 9 for one in (first, last) if one) or piece in ("-", ""):
            wrong = "invalid field value" if what == "fields" else "invalid byte/character position"
            shown = f"{wrong} \u2018{piece}\u2019" if piece not in ("-", "") else f"{what} are numbered from 1"
            raise tried(call, "invalid range with no endpoint: -" if piece == "-" else shown)
        low = int(first or 1)
        high = int(last) if last else (_END if dash else low)
        if low == 0:
            raise tried(call, f"{what} are numbered from 1")
        if high < low:
            raise tried(call, "invalid decreasing range")
        ranges.append((low, high))
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found, at = [], 1
    for low, high in ranges:
        if low > at:
            found.append((at, low - 1))
        at = high + 1
    return [*found, (at, _END)]


def _of_fields(line: bytes, delimiter: bytes, ranges: list[tuple[int, int]], found: Options) -> bytes | None:
    if delimiter not in line:
        return None if "s" in found else line
    fields = line.split(delimiter)
    wanted = _complement(ranges) if "complement" in found else ranges
    joint = encode(found.last("out")) if "out" in found else delimiter
    most = MAX_OUTPUT // max(1, len(joint)) + 2  # more than can be written
    return joint.join(islice((field for low, high in wanted for field in fields[low - 1 : high]), most))


def _of_bytes(line: bytes, ranges: list[tuple[int, int]], found: Options) -> bytes:
    wanted = _complement(ranges) if "complement" in found else ranges
    return encode(found.last("out")).join(line[low - 1 : high] for low, high in wanted)


@command("paste")
def paste(call: Call) -> Effects:
    """Join lines: of several files beside each other, or with -s those of each."""
    found = options(call, "d:sz", {"delimiters": "d:", "serial": "s"})
    marks = [encode(one) for one in unescape(found.last("d", "\t"))[0]] or [b""]
    paths = found.operands or ["-"]
    shared = (yield from call.input()).lines() if "-" in paths else iter(())
    readers = []
    for path in paths[:64]:
        source = None if path == "-" else call.open(path)
        if source is None and path != "-":
            return 1
        readers.append(shared if source is None else source.lines())
    if "s" in found:
        for reader in readers:
            first = True
            for index, line in enumerate(reader):
                call.out.write((b"" if first else marks[(index - 1) % len(marks)]) + line)
                first = False
                yield from turn()
            call.out.write(b"\n")
        return 0
    while True:
        row = []
        for reader in readers:
            row.append(next(reader, None))
            yield from turn()
        if all(one is None for one in row):
            return 0
        joined = b"".join(
            (marks[(index - 1) % len(marks)] if index else b"") + (one or b"") for index, one in enumerate(row)
        )
        call.out.write(joined + b"\n")
        yield from turn()


@command("column")
def column(call: Call) -> Effects:
    """Make a table of lines (-t), or fill the terminal's width with them."""
    found = options(call, "ts:o:c:nN:R:H:exd", {"table": "t", "separator": "s:", "output-separator": "o:"})
    rows: list[list[str]] = []
    held = 0
    separator = found.last("s") or None
    for source in (yield from call.sources(found.operands)):
        for line in source.lines():
            yield from turn()
            held += len(line) + _ROW_BYTES
            if line.strip() and held < MAX_TABLE:
                text = decode(line)
                rows.append(text.split(separator)[:200] if "t" in found else [text])
    if "t" in found:
        yield from _table(call, rows, found.last("o", "  "))
    else:
        yield from _filled(call, [row[0] for row in rows], call.shell.columns)
    return 0


def _table(call: Call, rows: list[list[str]], joint: str) -> Steps[None]:
    widths: list[int] = []
    for row in rows:
        widths = [max(a, b) for a, b in zip_longest(widths, map(len, row), fillvalue=0)]
        yield from turn()
    most = MAX_OUTPUT // max(1, len(joint)) + 2  # more than can be written
    for row in rows:
        cells = [cell.ljust(min(width, 4096)) for cell, width in zip(row[:-1], widths, strict=False)]
        call.print(joint.join([*cells, row[-1]][:most]))
        yield from turn()


def _filled(call: Call, cells: list[str], width: int) -> Steps[None]:
    wide = min((max(map(len, cells), default=0) // 8 + 1) * 8, 4096)
    across = max(1, width // wide)
    down = -(-len(cells) // across)
    for row in range(down):
        line = cells[row::down]
        call.print("".join(cell + "\t" * -(-(wide - len(cell)) // 8) for cell in line[:-1]) + line[-1])
        yield from turn()
