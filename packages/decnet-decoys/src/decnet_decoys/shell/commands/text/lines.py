# SPDX-License-Identifier: MIT
"""Commands that show and count the bytes and lines of files: cat, head, tail, tee (POSIX.1-2017; GNU coreutils)."""

import re
from collections import deque

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.commands.text.text_encoders import count
from decnet_decoys.shell.effects import AskLine, Effects, Pause, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import IS_DIRECTORY, NOT_FOUND, FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_OUTPUT, PIECE, InputFile

_CAT = {"number": "n", "show-all": "A", "number-nonblank": "b", "show-ends": "E", "show-tabs": "T",
        "squeeze-blank": "s",
        "show-nonprinting": "v", "help": "help"}  # fmt: skip


@command("cat")
def cat(call: Call) -> Effects:
    """Write files one after the other; -n -b number the lines, -A -E -T -v -s change what is shown."""
    found = options(call, "nAbEeTtsuv", _CAT)
    if "help" in found:
        call.print("Usage: cat [OPTION]... [FILE]...\nConcatenate FILE(s) to standard output.")
        return 0
    changes = found.any("nAbEeTtsv")
    if call.stdin is None and call.shell.terminal is not None and not (found.operands or changes):
        while (line := (yield AskLine(""))) is not None:  # shown as soon as it is typed
            call.out.write(line + b"\n")
            yield from call.runner.flush()
        return 0
    sources = yield from call.sources(found.operands)
    if changes:
        yield from _changed(call, sources, found)
    else:
        for source in sources:
            yield from _whole(call, source)
    return int(len(sources) < len(found.operands))


def _whole(call: Call, source: InputFile) -> Steps[None]:
    for piece in source.pieces():
        call.out.write(piece)
        yield from turn()


def _changed(call: Call, sources: list[InputFile], found: Options) -> Steps[None]:
    number, empty = 0, False
    for source in sources:
        for line in source.lines(ends=True):
            yield from turn()
            body = line.removesuffix(b"\n")
            if "s" in found and not body and empty:
                continue
            empty = not body
            head = b""
            if ("b" in found and body) or ("n" in found and "b" not in found):
                number += 1
                head = b"%6d\t" % number
            if found.any("Aevt"):
                body = _visible(body)
            if found.any("ATt"):
                body = body.replace(b"\t", b"^I")
            ends = b"$\n" if found.any("AEe") else b"\n"
            call.out.write(head + body + (ends if line.endswith(b"\n") else b""))


def _visible(body: bytes) -> bytes:
    return b"".join(map(_VISIBLE.__getitem__, body))


def _caret(byte: int) -> bytes:
    high, byte = b"M-" if byte > 127 else b"", byte & 127
    return high + (b"^" + bytes((byte ^ 64,)) if byte < 32 or byte == 127 else bytes((byte,)))


_VISIBLE = [bytes((byte,)) if byte == 9 or 32 <= byte < 127 else _caret(byte) for byte in range(256)]


@command("zcat")
def zcat(call: Call) -> Effects:
    """Unpack files and write them."""
    found = options(call, "cdfFhlLNRSXiI", {"version": "V"})
    status, paths = 0, []
    for path in found.operands:
        yield from turn()
        known = call.name != "zcat" or path == "-" or call.shell.files.exists(path, call.shell.access)
        named = path if known or path.endswith(".gz") else f"{path}.gz"
        if known or call.shell.files.exists(named, call.shell.access):
            paths.append(named)
        else:
            call.print_error(f"gzip: {named}: {NOT_FOUND}")
            status = 1
    if status and not paths:
        return status
    found.operands[:] = paths
    sources = yield from call.sources(found.operands)
    for source in sources:
        if call.name in ("zcat", "zless"):
            from decnet_decoys.shell.commands.files.compression import unpacked

            data = unpacked(source.whole())
            if data is None:
                return (
                    call.fail(f"{source.name}: not in gzip format") if call.name != "zcat" else _not_gzip(call, source)
                )
            source = InputFile(source.name, data)  # noqa: PLW2901
        yield from _whole(call, source)
    return status or int(len(sources) < len(found.operands))


def _not_gzip(call: Call, source: InputFile) -> int:
    call.print_error(f"\ngzip: {'stdin' if source.name == '-' else source.name}: not in gzip format")
    return 1


@command("tac")
def tac(call: Call) -> Effects:
    """Write the lines from the last to the first."""
    found = options(call, "brs:", {})
    status = 0
    for path in found.operands or ["-"]:
        source = (yield from call.input()) if path == "-" else call.open_quoted(path, "failed to open", " for reading")
        status = status if source is not None else 1
        if source is not None:
            yield from _backwards(call, source)
    return status


def _backwards(call: Call, source: InputFile) -> Steps[None]:
    """Write the lines from the last to the first; read from the end, for no more than MAX_OUTPUT is written."""
    start, rest = len(source), b""
    while start > 0 and len(rest) < MAX_OUTPUT:
        size = min(PIECE, start)
        start -= size
        yield from turn()
        rest, *lines = _with_ends((source.piece(start, size) + rest).split(b"\n"))
        for line in reversed(lines):
            call.out.write(line)
            yield from turn()
    call.out.write(rest)


def _with_ends(lines: list[bytes]) -> list[bytes]:
    """Return lines that were split at their line feeds with these; the last is no line if it is empty."""
    whole = [line + b"\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] or not whole else whole


_HEAD = {"lines": "n:", "bytes": "c:", "quiet": "q", "silent": "q", "verbose": "v", "follow": "f?", "retry": "F",
         "pid": "pid:", "sleep-interval": "s:", "zero-terminated": "z"}  # fmt: skip


@command("head", "tail")
def head(call: Call) -> Effects:
    """Write the first or last lines (-n) or bytes (-c)."""
    call.args[:] = _modern(call.name, call.args)
    found = options(call, "n:c:qvfFs:z", _HEAD)
    asked = found.last("n", found.last("c", "10"))
    if not re.fullmatch(r"[-+]?\d{1,9}[bkKMG]?i?B?", asked):
        what = "bytes" if "c" in found else "lines"
        raise UsageError(f"invalid number of {what}: {quoted(asked)}")
    failed, shown = False, 0
    for path in found.operands or ["-"]:
        yield from turn()
        source = (yield from call.input()) if path == "-" else _opened(call, path)
        if source is None:
            failed = True
            continue
        if (len(found.operands) > 1 or "v" in found) and "q" not in found:
            name = "standard input" if path == "-" else source.name
            call.print(("\n" if shown else "") + f"==> {name} <==")
        shown += 1
        if "c" in found:
            yield from _bytes(call, source, asked)
        else:
            yield from _lines(call, source, asked)
    if call.name == "tail" and found.any("fF"):
        yield Pause(900)
    return int(failed)


def _modern(name: str, args: list[str]) -> list[str]:
    """Return the arguments with `-5` as `-n 5`, and tail's `+5` as `-n +5`."""
    found: list[str] = []
    for arg in args:
        if found[-1:] in (["-n"], ["-c"], ["--lines"], ["--bytes"]):
            found.append(arg)
        elif re.fullmatch(r"-\d{1,9}[cbkm]?", arg):
            found += ["-c" if arg[-1] == "c" else "-n", arg[1:].rstrip("cbkm")]
        elif name == "tail" and re.fullmatch(r"\+\d{1,9}", arg):
            found += ["-n", arg]
        else:
            found.append(arg)
    return found


def _opened(call: Call, path: str) -> InputFile | None:
    try:
        return InputFile(path, call.content(path))
    except FileSystemError as error:
        shown = shell_quoted(path)
        where = f"error reading {shown}" if str(error) == IS_DIRECTORY else f"cannot open {shown} for reading"
        call.fail(f"{where}: {error}")
        return None


def _bytes(call: Call, source: InputFile, asked: str) -> Steps[None]:
    wanted, size = count(asked.lstrip("+-")), len(source)
    if call.name == "tail":
        first, end = max(0, wanted - 1 if asked.startswith("+") else size - wanted), size
    else:
        first, end = 0, max(0, size - wanted) if asked.startswith("-") else min(wanted, size)
    for start in range(first, end, PIECE):
        call.out.write(source.piece(start, min(PIECE, end - start)))
        yield from turn()


def _lines(call: Call, source: InputFile, asked: str) -> Steps[None]:
    wanted = count(asked.lstrip("+-"))
    if call.name == "head":
        yield from (_all_but(call, source, wanted) if asked.startswith("-") else _first(call, source, wanted))
        return
    last: deque[bytes] = deque()
    held = 0
    for number, line in enumerate(source.lines(ends=True)):
        yield from turn()
        if asked.startswith("+"):
            if number >= wanted - 1:
                call.out.write(line)
            continue
        last.append(line)
        held += len(line)
        while last and (len(last) > wanted or held > MAX_OUTPUT):
            held -= len(last.popleft())
    for line in last:
        call.out.write(line)
        yield from turn()


def _first(call: Call, source: InputFile, wanted: int) -> Steps[None]:
    if not wanted:
        return
    for number, line in enumerate(source.lines(ends=True), 1):
        call.out.write(line)
        yield from turn()
        if number >= wanted:
            return


def _all_but(call: Call, source: InputFile, wanted: int) -> Steps[None]:
    waiting: deque[bytes] = deque()
    held = 0
    for line in source.lines(ends=True):
        yield from turn()
        waiting.append(line)
        held += len(line)
        while waiting and (len(waiting) > wanted or held > MAX_OUTPUT):
            first = waiting.popleft()
            held -= len(first)
            if len(waiting) >= wanted:
                call.out.write(first)


@command("tee")
def tee(call: Call) -> Effects:
    found = options(call, "aip", {"append": "a", "ignore-interrupts": "i"})
    data = (yield from call.input()).whole()
    status = 0
    for path in found.operands:
        try:
            call.shell.files.write(path, b"", call.shell.access, append="a" in found)
        except FileSystemError as error:
            status = call.fail(f"{path}: {error}")
            continue
        yield from call.runner.save(path, data, append="a" in found, err=call.err)
        yield from turn()
    call.out.write(data)
    return status
