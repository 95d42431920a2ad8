# SPDX-License-Identifier: MIT
"""Commands that compare files: cmp, diff, comm (POSIX.1-2017)."""

import posixpath
from typing import TYPE_CHECKING

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.commands.text.comparing_folders import compare_folders, entry_of
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, quoted
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import PIECE, InputFile

if TYPE_CHECKING:
    from difflib import Match, SequenceMatcher

MAX_COMPARED = 400
"""Lines of a file that `diff` compares one by one: its time grows with their product."""
MAX_COMPARED_BYTES = 1 << 16


def _pair(call: Call, paths: list[str]) -> Steps[list[InputFile]]:
    found = []
    for path in paths[:2]:
        yield from turn()
        if path == "-":
            found.append((yield from call.input()))
            continue
        try:
            found.append(InputFile(path, call.content(path)))
        except FileSystemError as error:
            call.fail(f"{path}: {error}")
    return found


@command("cmp")
def cmp(call: Call) -> Effects:
    """Say where two files differ first."""
    found = options(call, "bli:n:s", {"quiet": "s", "silent": "s", "verbose": "l"}, status=2)
    if not found.operands:
        raise tried(call, "missing operand after 'cmp'", 2)
    sources = yield from _pair(call, [*found.operands, "-"])
    if len(sources) < 2:
        return 2
    first, second = sources
    lines = 1
    for start in range(0, max(len(first), len(second)), PIECE):
        a, b = first.piece(start), second.piece(start)
        if a != b:
            return _report(call, found, (first, second), start, lines)
        lines += a.count(b"\n")
        yield from turn()
    return 0


def _report(call: Call, found: Options, pair: tuple[InputFile, InputFile], start: int, lines: int) -> int:
    first, second = pair
    a, b = first.piece(start), second.piece(start)
    at = next(
        (index for index, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )
    if "s" in found:
        return 1
    if at == min(len(a), len(b)):
        shorter = first if len(a) < len(b) else second
        call.print_error(f"cmp: EOF on {shorter.name} after byte {start + at}, line {lines + a[:at].count(10)}")
    else:
        call.print(f"{first.name} {second.name} differ: byte {start + at + 1}, line {lines + a[:at].count(10)}")
    return 1


_DIFF = {
    "unified": "u", "brief": "q", "recursive": "r", "report-identical-files": "s", "new-file": "N",
    "side-by-side": "y", "color": "color?",
}  # fmt: skip


@command("diff")
def diff(call: Call) -> Effects:
    """Show in which lines two files differ: as commands of ed, or with -u."""
    found = options(call, "uqbBwisrNy", _DIFF, status=2)
    if len(found.operands) != 2:
        after = f"missing operand after '{found.operands[-1] if found.operands else 'diff'}'"
        raise tried(call, after if len(found.operands) < 2 else f"extra operand '{found.operands[2]}'", 2)
    one, other = found.operands
    first, second = (path != "-" and _is_folder(call, path) for path in found.operands)
    if first and second:
        return (yield from compare_folders(call, found, (one, other), compare_files))
    paths = [one, other]
    if first and other != "-" and entry_of(call, other) is not None:
        paths[0] = posixpath.join(one, posixpath.basename(other))
    elif second and one != "-" and entry_of(call, one) is not None:
        paths[1] = posixpath.join(other, posixpath.basename(one))
    if first != second and paths == found.operands:  # what the folder is compared with is not there
        absent = other if first else one
        call.fail(f"{absent}: {NOT_FOUND}")
        return 2
    return (yield from compare_files(call, found, paths))


def _is_folder(call: Call, path: str) -> bool:
    entry = entry_of(call, path)
    return entry is not None and entry.kind == "dir"


def compare_files(call: Call, found: Options, paths: list[str], headline: str = "") -> Steps[int]:
    """Show in which lines two files differ, below the headline; one that there is not is empty with -N."""
    if "N" in found and any(entry_of(call, path) is None for path in paths):
        paths = [path if entry_of(call, path) is not None else "/dev/null" for path in paths]
    sources = yield from _pair(call, paths)
    if len(sources) < 2:
        return 2
    a, b = (source.whole(MAX_COMPARED_BYTES).split(b"\n") for source in sources)
    yield from turn()
    if a == b:
        if "s" in found:
            call.print(f"Files {sources[0].name} and {sources[1].name} are identical")
        return 0
    if "q" in found:
        call.print(f"Files {sources[0].name} and {sources[1].name} differ")
        return 1
    if headline:
        call.print(headline)
    one, other = (
        [decode(line)[:2048] for line in (lines[:-1] if not lines[-1] else lines)[:MAX_COMPARED]] for lines in (a, b)
    )
    if "y" in found:
        yield from _side_by_side(call, one, other)
    elif "u" in found:
        yield from _unified(call, sources, one, other)
    else:
        yield from _plain(call, one, other)
    return 1


def _unified(call: Call, sources: list[InputFile], one: list[str], other: list[str]) -> Steps[None]:
    names = []
    for source in sources:
        when = call.shell.date("%Y-%m-%d %H:%M:%S.000000000 +0000")
        names.append(f"{source.name}\t{when}")
    matcher = yield from _matcher(one, other)
    call.print(f"--- {names[0]}\n+++ {names[1]}")
    for group in matcher.get_grouped_opcodes(3):
        yield from turn()
        ranges = (_range(group[0][1], group[-1][2]), _range(group[0][3], group[-1][4]))
        call.print(f"@@ -{ranges[0]} +{ranges[1]} @@")
        for change, i1, i2, j1, j2 in group:
            if change == "equal":
                _marked(call, " ", one[i1:i2])
                continue
            _marked(call, "-", one[i1:i2])
            _marked(call, "+", other[j1:j2])


def _marked(call: Call, mark: str, lines: list[str]) -> None:
    for line in lines:
        call.print(mark + line)


def _range(start: int, stop: int) -> str:
    """Return the lines of a hunk as -u names them."""
    size = stop - start
    return str(start + 1) if size == 1 else f"{start + (size > 0)},{size}"


def _matcher(one: list[str], other: list[str]) -> "Steps[SequenceMatcher[str]]":
    """Return a matcher that knows what differs: by the longest common subsequence, a turn for each line of `one`.

    Its own search takes the cube of the lines where they repeat each other: a second for 400 of them.
    """
    from difflib import SequenceMatcher

    numbers: dict[str, int] = {}
    first, second = ([numbers.setdefault(line, len(numbers)) for line in lines] for lines in (one, other))
    common = [[0] * (len(second) + 1)]
    """Lengths of what is common from each pair of lines on, the last first."""
    for number in reversed(first):
        before, row, latest = common[-1], [0], 0
        for place, theirs in enumerate(reversed(second)):
            latest = before[place] + 1 if number == theirs else max(latest, before[place + 1])
            row.append(latest)
        common.append(row)
        yield from turn()
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    vars(matcher)["matching_blocks"] = _blocks(first, second, common[::-1])
    return matcher


def _blocks(first: list[int], second: list[int], common: list[list[int]]) -> "list[Match]":
    from difflib import Match

    found: list[Match] = []
    i = j = 0
    width = len(second)
    while i < len(first) and j < width:
        if first[i] == second[j]:
            if found and found[-1].a + found[-1].size == i and found[-1].b + found[-1].size == j:
                found[-1] = found[-1]._replace(size=found[-1].size + 1)
            else:
                found.append(Match(i, j, 1))
            i, j = i + 1, j + 1
        elif common[i + 1][width - j] >= common[i][width - j - 1]:
            i += 1
        else:
            j += 1
    return [*found, Match(len(first), width, 0)]


_COLUMN, _GAP = 61, 67
"""Characters that each side has, and where the right one begins, in a width of 130 (GNU diff's default)."""


def _side_by_side(call: Call, one: list[str], other: list[str]) -> Steps[None]:
    """Show both files beside each other, with a mark between lines that differ."""
    for change, i1, i2, j1, j2 in (yield from _matcher(one, other)).get_opcodes():
        for index in range(max(i2 - i1, j2 - j1)):
            yield from turn()
            left = one[i1 + index][:_COLUMN] if i1 + index < i2 else ""
            right = other[j1 + index][:_COLUMN] if j1 + index < j2 else None
            mark = "|" if i1 + index < i2 else ">"
            mark = "<" if right is None else " " if change == "equal" else mark
            call.print((_padded(left, mark) + (f"\t{right}" if right else "")).rstrip(" "))


def _padded(text: str, mark: str) -> str:
    """Return a text with blanks, as tabs where they can be, and a mark: which is left out between equal lines."""
    width, shown = len(text), text
    goal = _GAP - 3 if mark == " " else _COLUMN + 1
    while (width // 8 + 1) * 8 <= goal:
        shown, width = shown + "\t", (width // 8 + 1) * 8
    shown += " " * (goal - width)
    return shown.removesuffix("\t") if mark == " " else f"{shown}{mark}"


def _plain(call: Call, one: list[str], other: list[str]) -> Steps[None]:
    for change, i1, i2, j1, j2 in (yield from _matcher(one, other)).get_opcodes():
        yield from turn()
        if change == "equal":
            continue
        kind = {"insert": "append", "replace": "change"}.get(change, change)
        left = f"{i1 + 1}" + (f",{i2}" if i2 > i1 + 1 else "") if i2 > i1 else str(i1)
        right = f"{j1 + 1}" + (f",{j2}" if j2 > j1 + 1 else "") if j2 > j1 else str(j1)
        call.print(f"{left}{kind[0]}{right}")
        for line in one[i1:i2]:
            call.print(f"< {line}")
        if kind == "change":
            call.print("---")
        for line in other[j1:j2]:
            call.print(f"> {line}")


@command("comm")
def comm(call: Call) -> Effects:
    """Show which lines of two sorted files are in the first, the second, both (-1 -2 -3 omit a column)."""
    found = options(call, "123", {"check-order": "check", "nocheck-order": "nocheck"})
    if len(found.operands) != 2:
        raise tried(
            call, f"missing operand after {quoted(found.operands[-1])}" if found.operands else "missing operand"
        )
    sources = yield from _pair(call, found.operands)
    if len(sources) < 2:
        return 1
    left, right = (source.lines() for source in sources)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        yield from turn()
        if b is None or (a is not None and a < b):
            _column(call, found, 1, a)
            a = next(left, None)
        elif a is None or b < a:
            _column(call, found, 2, b)
            b = next(right, None)
        else:
            _column(call, found, 3, a)
            a, b = next(left, None), next(right, None)
    return 0


def _column(call: Call, found: Options, number: int, line: bytes | None) -> None:
    if str(number) not in found and line is not None:
        before = sum(str(earlier) not in found for earlier in range(1, number))
        call.out.write(b"\t" * before + line + b"\n")
