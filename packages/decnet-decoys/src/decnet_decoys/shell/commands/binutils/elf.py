# SPDX-License-Identifier: MIT
"""readelf, objdump, nm and size, as far as the header goes that a decoy's programs have (elf(5)); ldconfig."""

from __future__ import annotations

import struct
from typing import NamedTuple

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.describing import LIBRARIES_OF
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import Entry, Filler
from decnet_decoys.shell.programs import command

MAX_FILES = 64
"""Files that one command looks into."""
_MACHINES = {
    2: "Sparc", 3: "Intel 80386", 8: "MIPS R3000", 20: "PowerPC", 40: "ARM", 42: "Renesas / SuperH SH",
    62: "Advanced Micro Devices X86-64", 183: "AArch64", 243: "RISC-V",
}  # fmt: skip
_TYPES = {
    0: "NONE (None)", 1: "REL (Relocatable file)", 2: "EXEC (Executable file)",
    3: "DYN (Position-Independent Executable file)", 4: "CORE (Core file)",
}  # fmt: skip
_TARGETS = {3: ("elf32-i386", "i386"), 62: ("elf64-x86-64", "i386:x86-64"), 183: ("elf64-littleaarch64", "aarch64")}
_SYSTEMS = {0: "UNIX - System V", 3: "UNIX - GNU", 9: "UNIX - FreeBSD", 97: "ARM"}


class _Header(NamedTuple):
    """The header of an ELF file."""

    ident: bytes
    kind: int
    machine: int
    version: int
    entry: int
    program_headers: int
    section_headers: int
    flags: int
    sizes: tuple[int, ...]
    """Of this header, of a program header and how many, of a section header and how many, and the names' index."""


def _header(data: bytes) -> _Header | None:
    """Return the header with which a file begins, None when it is no ELF file."""
    if not data.startswith(b"\x7fELF") or len(data) < 64:
        return None
    order = ">" if data[5] == 2 else "<"
    wide = "QQQ" if data[4] == 2 else "III"
    layout = f"{order}HHI{wide}IHHHHHH"
    kind, machine, version, entry, programs, sections, flags, *sizes = struct.unpack_from(layout, data, 16)
    return _Header(data[:16], kind, machine, version, entry, programs, sections, flags, tuple(sizes))


def _shown(header: _Header) -> str:
    ident, sizes = header.ident, header.sizes
    kind = _TYPES.get(header.kind, f"<unknown>: {header.kind:x}")
    rows = (
        ("Class", {1: "ELF32", 2: "ELF64"}.get(ident[4], f"<unknown: {ident[4]:x}>")),
        ("Data", f"2's complement, {'big' if ident[5] == 2 else 'little'} endian"),
        ("Version", f"{ident[6]}{' (current)' if ident[6] == 1 else ' <unknown>'}"),
        ("OS/ABI", _SYSTEMS.get(ident[7], f"<unknown: {ident[7]:x}>")), ("ABI Version", str(ident[8])),
        ("Type", kind), ("Machine", _MACHINES.get(header.machine, f"<unknown>: 0x{header.machine:x}")),
        ("Version", f"0x{header.version:x}"), ("Entry point address", f"0x{header.entry:x}"),
        ("Start of program headers", f"{header.program_headers} (bytes into file)"),
        ("Start of section headers", f"{header.section_headers} (bytes into file)"), ("Flags", f"0x{header.flags:x}"),
        ("Size of this header", f"{sizes[0]} (bytes)"), ("Size of program headers", f"{sizes[1]} (bytes)"),
        ("Number of program headers", str(sizes[2])), ("Size of section headers", f"{sizes[3]} (bytes)"),
        ("Number of section headers", str(sizes[4])), ("Section header string table index", str(sizes[5])),
    )  # fmt: skip
    magic = "".join(f"{byte:02x} " for byte in ident)
    return f"ELF Header:\n  Magic:   {magic}\n" + "\n".join(f"  {name + ':':<34} {value}" for name, value in rows)


def _entry(call: Call, path: str) -> Entry | str:
    """Return a file, or why it is none."""
    try:
        return call.shell.files.stat(path, call.shell.access)
    except FileSystemError as error:
        return str(error)


def needed(entry: Entry) -> list[str]:
    """Return the libraries that a program names itself: those up to the C library, behind which are theirs."""
    if not isinstance(entry.content, Filler):
        return []
    found = LIBRARIES_OF.get(entry.content.seed.rpartition("/")[2], "libc.so.6").split()
    return found[: found.index("libc.so.6") + 1] if "libc.so.6" in found else found


_USAGE = "Usage: readelf <option(s)> elf-file(s)"
_HEADERS = frozenset(("h", "a", "e", "file-header", "all", "headers"))
_LIBRARIES = frozenset(("d", "a", "dynamic", "all"))


@command("readelf", families=("debian",))
def readelf(call: Call) -> Effects:
    """Show the header (-h) and the libraries (-d) of programs."""
    options, operands = call.flags("wxpR")
    if not operands or not options:
        call.print_error(_USAGE if not options else f"readelf: Warning: Nothing to do.\n{_USAGE}")
        return 1
    status = 0
    for path in operands[:MAX_FILES]:
        yield from turn()
        entry = _entry(call, path)
        header = None if isinstance(entry, str) or entry.kind != "file" else _header(entry.piece(0, 64))
        if isinstance(entry, str) or header is None:
            call.print_error(f"readelf: Error: {_refusal(path, entry)}")
            status = 1
            continue
        if len(operands) > 1:
            call.print(f"\nFile: {path}")
        if _HEADERS & options.keys():
            call.print(_shown(header))
        libraries = needed(entry)
        if _LIBRARIES & options.keys() and libraries:
            call.print(f"\nDynamic section at offset 0x{entry.size // 8 * 6:x} contains {len(libraries) + 25} entries:")
            call.print("  Tag        Type                         Name/Value")
            for library in libraries:
                call.print(f" 0x0000000000000001 (NEEDED)             Shared library: [{library}]")
        elif _LIBRARIES & options.keys():
            call.print("\nThere is no dynamic section in this file.")
    return status


def _refusal(path: str, entry: Entry | str) -> str:
    if isinstance(entry, str):
        return f"'{path}': No such file" if entry == NOT_FOUND else f"Input file '{path}' is not readable."
    if entry.kind != "file":
        return f"'{path}' is not an ordinary file"
    return "Not an ELF file - it has the wrong magic bytes at the start"


@command("objdump", "nm", "size", families=("debian",))
def objdump(call: Call) -> Effects:
    """Tell of a program what its header tells: its format (objdump -f); it has no symbols (nm)."""
    options, operands = call.flags("bjmM")
    if call.name == "objdump" and not (options and operands):
        call.print_error("Usage: objdump <option(s)> <file(s)>")
        return 2
    status = 0
    told = False
    for path in (operands or ["a.out"])[:MAX_FILES]:
        yield from turn()
        entry = _entry(call, path)
        header = None if isinstance(entry, str) or entry.kind != "file" else _header(entry.piece(0, 64))
        if isinstance(entry, str):
            status = call.fail(f"'{path}': No such file" if entry == NOT_FOUND else f"{path}: {entry}")
        elif header is None:
            status = call.fail(f"{path}: file format not recognized", 3 if call.name == "size" else 1)
        elif call.name == "nm":
            call.print_error(f"nm: {path}: no symbols")
        elif call.name == "size":
            if not told:
                call.print("   text\t   data\t    bss\t    dec\t    hex\tfilename")
            text, told = entry.size * 3 // 4, True
            call.print(f"{text:7}\t{1104:7}\t{408:7}\t{text + 1512:7}\t{text + 1512:7x}\t{path}")
        else:
            form, machine = _TARGETS.get(header.machine, ("elf64-little", "UNKNOWN!"))
            call.print(f"\n{path}:     file format {form}")
            if "f" in options:
                call.print(f"architecture: {machine}, flags 0x00000150:\nHAS_SYMS, DYNAMIC, D_PAGED")
                call.print(f"start address 0x{header.entry:016x}\n")
    return status


@command("ldconfig", folder="/usr/sbin")
def ldconfig(call: Call) -> int:
    """Say nothing, or list the libraries that there are (-p)."""
    if call.shell.machine.persona.family != "debian" or not {"-p", "--print-cache"} & set(call.args):
        return 0
    names = {name for names in LIBRARIES_OF.values() for name in names.split()} | {"libm.so.6", "libdl.so.2"}
    call.print(f"{len(names) + 1} libs found in cache `/etc/ld.so.cache'")
    kind, folder = (
        ("libc6,AArch64", "aarch64") if call.shell.machine.persona.machine == "aarch64" else ("libc6,x86-64", "x86_64")
    )
    for name in sorted(names, reverse=True):
        call.print(f"\t{name} ({kind}) => /lib/{folder}-linux-gnu/{name}")
    loader = f"ld-linux-{folder.replace('_', '-')}.so.{1 if folder == 'aarch64' else 2}"
    call.print(f"\t{loader} ({kind}) => /lib/{folder}-linux-gnu/{loader}")
    call.print("Cache generated by: ldconfig (Debian GLIBC 2.36-9+deb12u8) stable release version 2.36")
    return 0
