# SPDX-License-Identifier: MIT
"""Commands that compare files: cmp, diff, comm (POSIX.1-2017)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import PIECE, InputFile

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


@command("diff")
def diff(call: Call) -> Effects:
    """Show in which lines two files differ: as commands of ed, or with -u."""
    found = options(call, "uqbBwisrNy", {"unified": "u", "brief": "q", "recursive": "r", "report-identical-files": "s",
                                        "side-by-side": "y", "color": "color?"}, status=2)  # fmt: skip
    if len(found.operands) != 2:
        after = f"missing operand after '{found.operands[-1] if found.operands else 'diff'}'"
        raise tried(call, after if len(found.operands) < 2 else f"extra operand '{found.operands[2]}'", 2)
    sources = yield from _pair(call, found.operands)
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
    one, other = (
        [decode(line)[:2048] for line in (lines[:-1] if not lines[-1] else lines)[:MAX_COMPARED]] for lines in (a, b)
    )
    if "u" in found:
        yield from _unified(call, sources, one, other)
    else:
        yield from _plain(call, one, other)
    return 1


def _unified(call: Call, sources: list[InputFile], one: list[str], other: list[str]) -> Steps[None]:
    import difflib

    names = []
    for source in sources:
        when = call.shell.date("%Y-%m-%d %H:%M:%S.000000000 +0000")
        names.append(f"{source.name}\t{when}")
    for line in difflib.unified_diff(one, other, names[0], names[1], lineterm=""):
        call.print(line)
        yield from turn()


def _plain(call: Call, one: list[str], other: list[str]) -> Steps[None]:
    import difflib

    for change, i1, i2, j1, j2 in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
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
