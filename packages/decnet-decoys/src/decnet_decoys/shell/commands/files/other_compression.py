# SPDX-License-Identifier: MIT
"""bzip2 and xz: files, or standard input to standard output, within what a command may read and write."""

from __future__ import annotations

from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command

MAX_UNPACKED = 1 << 20
"""Bytes that a packed file may become; more is cut."""
MAX_PACKED = 4 << 10
"""Bytes that are packed in one step: these two take far longer for it than gzip does."""
MAX_READ = 4 << 10
"""Bytes that are unpacked in one step: some milliseconds of them."""
MAX_MEMORY = 10 << 20
"""Bytes of a dictionary, of which only as many are touched as are unpacked."""
XZ_MAGIC = b"\xfd7zXZ\0"
_PROGRAMS = {"bzip2": ("bzip2", ".bz2"), "bunzip2": ("bzip2", ".bz2"), "bzcat": ("bzip2", ".bz2"),
             "xz": ("xz", ".xz"), "unxz": ("xz", ".xz"), "xzcat": ("xz", ".xz")}  # fmt: skip


@command(*_PROGRAMS, families=("debian",))
def bzip2(call: Call) -> Effects:
    """Pack or unpack."""
    options, operands = call.flags("")
    format_, ending = _PROGRAMS[call.name]
    unpack = call.name not in ("bzip2", "xz") or "d" in options
    to_output = call.name.endswith("cat") or "c" in options
    if not operands or operands == ["-"]:
        return (yield from _piped(call, format_, unpack=unpack))
    status = 0
    for path in operands:
        yield from turn()
        if "l" in options and format_ == "xz":
            status = (yield from _listed(call, path, header=path == operands[0])) or status
            continue
        told = {"unpack": unpack, "to_output": to_output, "kept": "k" in options}
        status = (yield from _one(call, path, format_, ending, **told)) or status
    return status


def _piped(call: Call, format_: str, *, unpack: bool) -> Effects:
    data = (yield from call.input()).whole()
    answer = yield from turned(data, format_, unpack=unpack)
    if answer is None:
        return not_in_format(call, "(stdin)", format_)
    call.out.write(answer)
    return 0


def _listed(call: Call, path: str, *, header: bool) -> Effects:
    """Show the sizes of a packed file, as `xz -l` does; `header` for the first one."""
    try:
        data = whole_of(call.shell.files.read(path, call.shell.access))
    except FileSystemError as error:
        return call.fail(f"{path}: {error}")
    answer = (yield from turned(data, "xz", unpack=True)) if data.startswith(XZ_MAGIC) else None
    if answer is None:
        return not_in_format(call, path, "xz")
    if header:
        call.print("Strms  Blocks   Compressed Uncompressed  Ratio  Check   Filename")
    sizes = (f"{size:,} B" if size < 1000 else f"{size / 1024:,.1f} KiB" for size in (len(data), len(answer)))
    packed, whole = sizes
    ratio = len(data) / len(answer) if answer else 10.0
    shown = f"{ratio:.3f}" if ratio < 9.9995 else "---"
    call.print(f"    1       1 {packed:>12} {whole:>12}  {shown:>5}  CRC64   {path}")
    return 0


def not_in_format(call: Call, name: str, format_: str) -> int:
    """Say that what has this name cannot be unpacked; returns the status of the program that says so."""
    called = call.name if call.name in _PROGRAMS else format_
    if format_ == "bzip2":
        call.print_error(f"{called}: {name} is not a bzip2 file.")
        return 2
    call.print_error(f"{called}: {name}: File format not recognized")
    return 1


def _one(call: Call, path: str, format_: str, ending: str, *, unpack: bool, to_output: bool, kept: bool) -> Effects:
    files, access = call.shell.files, call.shell.access
    try:
        data = whole_of(files.read(path, access))
    except FileSystemError as error:
        bzip2_says = f"{call.name}: Can't open input file {path}: {error}."
        call.print_error(bzip2_says if format_ == "bzip2" else f"xz: {path}: {error}")
        return 1
    answer = yield from turned(data, format_, unpack=unpack)
    if answer is None:
        return not_in_format(call, path, format_)
    if to_output:
        call.out.write(answer)
        return 0
    yield from call.runner.save(path.removesuffix(ending) if unpack else path + ending, answer, err=call.err)
    if not kept:
        files.remove(path, access)
    return 0


def turned(data: bytes, format_: str, *, unpack: bool) -> Steps[bytes | None]:
    """Return the data packed or unpacked, None for what is not in the format; a turn for each piece."""
    import bz2
    import lzma

    found = bytearray()
    if not unpack:
        packer: Any = bz2.BZ2Compressor(1) if format_ == "bzip2" else lzma.LZMACompressor(preset=0)
        for start in range(0, min(len(data), MAX_UNPACKED), MAX_PACKED):
            found += packer.compress(data[start : start + MAX_PACKED])
            yield from turn()
        return bytes(found + packer.flush())
    unpacker: Any = bz2.BZ2Decompressor() if format_ == "bzip2" else lzma.LZMADecompressor(memlimit=MAX_MEMORY)
    try:
        at = 0
        while not unpacker.eof and len(found) < MAX_UNPACKED and (at < len(data) or not unpacker.needs_input):
            piece = data[at : at + MAX_READ] if unpacker.needs_input else b""
            at += len(piece)
            found += unpacker.decompress(piece, MAX_PACKED * 4)
            yield from turn()
    except (OSError, lzma.LZMAError, EOFError):
        return None
    return bytes(found) if unpacker.eof or at else None
