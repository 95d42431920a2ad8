# SPDX-License-Identifier: MIT
"""Commands that make files and cut them: truncate, mkfifo, shred, split, mktemp."""

import os
import posixpath
from collections.abc import Iterator
from itertools import islice

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.permissions import MAX_MODE, MODE, mode_after
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.commands.text.text_encoders import count
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

MAX_SIZE = 8 << 20
MAX_PASSES = 32
"""Passes of shred that are told of."""
MAX_PARTS = 200
MAX_LINES = 10_000
"""Of one part."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@command("truncate")
def truncate(call: Call) -> Effects:
    """Cut files, or make them longer with zeros."""
    found = options(call, "s:cor:", {"size": "s:", "no-create": "c", "reference": "r:"})
    if "s" not in found and "r" not in found:
        raise tried(call, "you must specify either '--size' or '--reference'")
    if not found.operands:
        raise tried(call, "missing file operand")
    given = found.last("s", "0").lstrip("+-<>/%")
    if not given[:1].isdecimal():
        return call.fail(f"Invalid number: {quoted(given)}")
    size = min(count(given), MAX_SIZE)

    def cut(path: str) -> None:
        files, access = call.shell.files, call.shell.access
        old = whole_of(files.read(path, access)) if files.exists(path, access) else b""
        files.write(path, old[:size].ljust(size, b"\0"), access)

    return (yield from call.for_each(found.operands, cut, "cannot open '%s' for writing"))


@command("mkfifo")
def mkfifo(call: Call) -> Effects:
    """Make named pipes."""
    found = options(call, "m:Z", {"mode": "m:"})
    if not found.operands:
        raise tried(call, "missing operand")
    files, access, mode = call.shell.files, call.shell.access, found.last("m")[:MAX_MODE]
    if mode and not MODE.fullmatch(mode):
        return call.fail("invalid mode")

    def make(path: str) -> None:
        files.make_pipe(path, access)
        if mode:
            files.change(path, access, mode=mode_after(mode, 0o666))

    return (yield from call.for_each(found.operands, make, "cannot create fifo '%s'"))


@command("mknod")
def mknod(call: Call) -> Effects:
    """Make a named pipe or, as root, a character device."""
    found = options(call, "m:Z", {"mode": "m:"})
    path, kind, *numbers = [*found.operands, "", ""][: max(2, len(found.operands))]
    if not kind:
        after = f" after {quoted(path)}" if path else ""
        raise tried(call, f"missing operand{after}")
    if kind != "p" and len(numbers) < 2:
        text = (
            f"missing operand after {quoted(found.operands[-1])}\nSpecial files require major and minor device numbers."
        )
        raise tried(call, text)
    if kind not in ("p", "b", "c", "u"):
        raise tried(call, f"invalid device type {quoted(kind)}")
    files, access = call.shell.files, call.shell.access
    if kind != "p" and access.identity.uid != 0:
        return call.fail(f"{path}: Operation not permitted")

    def make(path: str) -> None:
        if kind == "p":
            files.make_pipe(path, access)
        else:
            files.make_device(path, ", ".join(number[:8] for number in numbers[:2]), access)

    return (yield from call.for_each([path], make, "%s"))


@command("shred")
def shred(call: Call) -> Effects:
    """Overwrite files, with -u remove them."""
    found = options(call, "fn:s:uvxz", {"remove": "u", "force": "f", "iterations": "n:", "verbose": "v", "zero": "z"})
    if not found.operands:
        raise tried(call, "missing file operand")
    if not found.last("n", "3").isdecimal():
        return call.fail(f"invalid number of passes: {quoted(found.last('n'))}")
    status, files = 0, call.shell.files
    for path in found.operands:
        yield from turn()
        try:
            size = files.stat(path, call.shell.access).size
            files.write(path, os.urandom(min(size, 4096)), call.shell.access)
            yield from _tell_passes(call, path, found)
            if "u" in found:
                files.remove(path, call.shell.access, only="file")
        except FileSystemError as error:
            status = call.fail(f"{path}: failed to open for writing: {error}")
    return status


def _tell_passes(call: Call, path: str, found: Options) -> Steps[None]:
    """Tell what `shred -v` tells: each pass, and the names under which the file goes until it is removed."""
    if "v" not in found:
        return
    passes = int(found.last("n", "3")[:4]) + ("z" in found)
    for number in range(1, min(passes, MAX_PASSES) + 1):
        yield from turn()
        zeros = "z" in found and number == passes
        what = "000000" if zeros else "ffffff" if passes > 3 and number % 3 == 2 else "random"
        call.fail(f"{path}: pass {number}/{passes} ({what})...")
    if "u" in found:
        call.fail(f"{path}: removing")
        name, folder = path, posixpath.dirname(path)
        for length in range(min(len(posixpath.basename(path)), MAX_PASSES), 0, -1):
            shorter = posixpath.join(folder, "0" * length)
            call.fail(f"{name}: renamed to {shorter}")
            name = shorter
        call.fail(f"{path}: removed")


@command("split")
def split(call: Call) -> Effects:
    """Cut a file into parts of so many bytes (-b) or lines (-l)."""
    found = options(call, "b:l:a:dn:", {"bytes": "b:", "lines": "l:", "suffix-length": "a:"})
    path, prefix = [*found.operands, "-", "x"][0], found.operands[1] if len(found.operands) > 1 else "x"
    source = (yield from call.input()) if path == "-" else call.open_quoted(path, "cannot open")
    if source is None:
        return 1
    each = max(1, count(found.last("b" if "b" in found else "l", "1000")))
    pieces = _of_bytes(source.whole(MAX_SIZE), each) if "b" in found else _of_lines(source, each)
    for index, piece in enumerate(islice(pieces, MAX_PARTS)):
        yield from turn()
        suffix = f"{index:02}" if "d" in found else chr(97 + index // 26) + chr(97 + index % 26)
        yield from call.runner.save(prefix + suffix, piece, err=call.err)
    return 0


def _of_bytes(data: bytes, each: int) -> Iterator[bytes]:
    return (data[at : at + each] for at in range(0, len(data), each))


def _of_lines(source: InputFile, each: int) -> Iterator[bytes]:
    """Yield parts of so many lines, or of as many as there is room for."""
    lines = source.lines(ends=True)
    while part := list(islice(lines, min(each, MAX_LINES))):
        yield b"".join(part)


@command("mktemp")
def mktemp(call: Call) -> int:
    """Make a file or, with -d, a directory with a name that nothing has."""
    found = options(
        call, "dqup:t", {"directory": "d", "dry-run": "u", "quiet": "q", "tmpdir": "p?", "suffix": "suffix:"}
    )
    template = found.operands[0] if found.operands else "tmp.XXXXXXXXXX"
    stem = template.rstrip("X")
    marks = len(template) - len(stem)
    if marks < 3:
        return call.fail(f"too few X's in template {quoted(template)}")
    drawn = "".join(_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(min(marks, 100)))
    path = stem + drawn + found.last("suffix")
    if not found.operands or found.any("pt"):
        path = posixpath.join(found.last("p") or "/tmp", path)  # noqa: S108  # in the decoy's memory
    try:
        if "u" not in found and "d" in found:
            call.shell.files.mkdir(path, call.shell.access)
            call.shell.files.change(path, call.shell.access, mode=0o700)
        elif "u" not in found:
            call.shell.files.write(path, b"", call.shell.access)
            call.shell.files.change(path, call.shell.access, mode=0o600)
    except FileSystemError as error:
        kind = "directory" if "d" in found else "file"
        return call.fail(f"failed to create {kind} via template {quoted(template)}: {error}")
    call.print(path)
    return 0
