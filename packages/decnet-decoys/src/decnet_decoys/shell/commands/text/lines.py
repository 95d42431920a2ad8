# SPDX-License-Identifier: MIT
"""Commands that show and count the bytes and lines of files: cat, head, tail, wc, tee."""

from collections import deque

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.text.text_encoders import ENDLESS, count, noise
from decnet_decoys.shell.effects import Effects, Pause, Steps, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_OUTPUT, PIECE, InputFile


@command("cat", "tac", "more", "less", "zcat", "strings")
def cat(call: Call) -> Effects:
    """Write files one after the other; tac turns their lines round."""
    options, operands = call.flags()
    sources = yield from call.sources(operands)
    for source in sources:
        while source.name in ENDLESS:
            call.out.write(noise(source.name))
        if call.name == "tac":
            yield from _backwards(call, source)
        elif "n" in options:
            yield from _numbered(call, source)
        else:
            yield from _whole(call, source)
    return int(len(sources) < len(operands))


def _whole(call: Call, source: InputFile) -> Steps[None]:
    for piece in source.pieces():
        call.out.write(piece)
        yield from turn()


def _numbered(call: Call, source: InputFile) -> Steps[None]:
    for number, line in enumerate(source.lines(ends=True), 1):
        call.out.write(b"%6d\t%s" % (number, line))
        yield from turn()


def _backwards(call: Call, source: InputFile) -> Steps[None]:
    """Write the lines from the last to the first; read from the end, for no more than MAX_OUTPUT is written."""
    start, rest = len(source), b""
    while start > 0 and len(rest) < MAX_OUTPUT:
        size = min(PIECE, start)
        start -= size
        rest, *lines = _with_ends((source.piece(start, size) + rest).split(b"\n"))
        for line in reversed(lines):
            call.out.write(line)
            yield from turn()
    call.out.write(rest)


def _with_ends(lines: list[bytes]) -> list[bytes]:
    """Return lines that were split at their line feeds with these; the last is no line if it is empty."""
    whole = [line + b"\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] or not whole else whole


@command("head", "tail")
def head(call: Call) -> Effects:
    """Write the first or last lines (-n) or bytes (-c)."""
    short = {arg[1:]: index for index, arg in enumerate(call.args) if arg[1:].isdigit() and arg[0] == "-"}
    for digits, index in short.items():
        call.args[index : index + 1] = ["-n", digits]
    options, operands = call.flags("nc")
    asked = options.get("n", options.get("c", "10"))
    for source in (yield from call.sources(operands)):
        if len(operands) > 1:
            call.print(f"==> {source.name} <==")
        if "c" in options:
            yield from _bytes(call, source, asked)
        else:
            yield from _lines(call, source, asked)
        yield from turn()
    if call.name == "tail" and {"f", "F"} & options.keys():
        yield Pause(900)
    return 0


def _bytes(call: Call, source: InputFile, asked: str) -> Steps[None]:
    wanted, size = count(asked.lstrip("+")), len(source)
    first, end = 0, min(wanted, size)
    if call.name == "tail":
        first, end = max(0, wanted - 1 if asked.startswith("+") else size - wanted), size
    for start in range(first, end, PIECE):
        call.out.write(source.piece(start, min(PIECE, end - start)))
        yield from turn()


def _lines(call: Call, source: InputFile, asked: str) -> Steps[None]:
    wanted = count(asked.lstrip("+"))
    last: deque[bytes] = deque()
    held = 0
    for number, line in enumerate(source.lines(ends=True)):
        yield from turn()
        if call.name == "head" and number >= wanted:
            break
        if call.name == "head" or (asked.startswith("+") and number >= wanted - 1):
            call.out.write(line)
        elif not asked.startswith("+"):
            last.append(line)
            held += len(line)
            while last and (len(last) > wanted or held > MAX_OUTPUT):
                held -= len(last.popleft())
    for line in last:
        call.out.write(line)
        yield from turn()


@command("wc")
def wc(call: Call) -> Effects:
    options, operands = call.flags()
    for source in (yield from call.sources(operands)):
        counts = yield from _counts(source)
        chosen = [counts[letter] for letter in "lwc" if letter in options] or list(counts.values())
        name = "" if source.name == "-" else f" {source.name}"
        call.print(" ".join(str(n) if len(chosen) == 1 else f"{n:7}" for n in chosen) + name)
    return 0


def _counts(source: InputFile) -> Steps[dict[str, int]]:
    counts, in_word = {"l": 0, "w": 0, "c": len(source)}, False
    for piece in source.pieces():
        counts["l"] += piece.count(b"\n")
        counts["w"] += len(piece.split()) - (in_word and not piece[:1].isspace())
        in_word = not piece[-1:].isspace()
        yield from turn()
    return counts


@command("tee")
def tee(call: Call) -> Effects:
    options, operands = call.flags()
    data = (yield from call.input()).whole()
    for path in operands:
        yield from call.runner.save(path, data, append="a" in options, err=call.err)
        yield from turn()
    call.out.write(data)
    return 0
