# SPDX-License-Identifier: MIT
"""What file(1) tells of an ELF file by its header (elf(5)): intruders bring such files for many machines."""

import struct

_KINDS = {1: "relocatable", 2: "executable", 3: "shared object", 4: "core file"}
_MACHINES = {
    2: "SPARC", 3: "Intel 80386", 4: "Motorola m68k", 8: "MIPS", 20: "PowerPC or cisco 4500",
    21: "64-bit PowerPC or cisco 7500", 40: "ARM", 42: "Renesas SH", 62: "x86-64", 93: "ARC Cores Tangent-A5",
    183: "ARM aarch64", 243: "UCB RISC-V",
}  # fmt: skip
_SYSTEMS = {0: "SYSV", 1: "HP-UX", 2: "NetBSD", 3: "GNU/Linux", 6: "Solaris", 9: "FreeBSD", 12: "OpenBSD", 97: "ARM"}
_MIPS = ("MIPS-I", "MIPS-II", "MIPS-III", "MIPS-IV", "MIPS-V", "MIPS32", "MIPS64", "MIPS32 rel2", "MIPS64 rel2")
MAX_PROGRAM_HEADERS = 16


def elf_described(data: bytes) -> str:
    """Return what the first bytes of an ELF file tell; `data` has at least 20 of them."""
    wide = data[4] == 2
    order = ">" if data[5] == 2 else "<"
    words = ["ELF", {1: "32-bit", 2: "64-bit"}.get(data[4], "unknown class"), "MSB" if data[5] == 2 else "LSB"]
    kind, machine = struct.unpack_from(f"{order}HH", data, 16)
    parts = [
        f"{' '.join(words)} {_KINDS.get(kind, 'no file type')}",
        _MACHINES.get(machine, f"*unknown arch {machine:#x}*"),
    ]
    version = int.from_bytes(data[20:24], "big" if order == ">" else "little")
    place = 48 if wide else 36
    flags = struct.unpack_from(f"{order}I", data, place)[0] if len(data) >= place + 4 else None
    told = f"version {version} ({_SYSTEMS.get(data[7], 'SYSV')})" if version else "invalid version"
    if version and machine == 8 and flags is not None:
        level = flags >> 28
        parts.append(f"{_MIPS[level]} {told}" if level < len(_MIPS) else told)
    elif machine == 40 and flags is not None and flags >> 24:
        parts.append(f"EABI{flags >> 24} {told}")
    else:
        parts.append(told)
    parts += _linking(data, order, wide=wide)
    return ", ".join(parts)


def _linking(data: bytes, order: str, *, wide: bool) -> list[str]:
    """Return how the program is linked, if its program headers are among the first bytes."""
    layout, place = (f"{order}QQIHHH", 32) if wide else (f"{order}IIIHHH", 28)
    if len(data) < place + struct.calcsize(layout):
        return []
    headers, sections, _, _, size, count = struct.unpack_from(layout, data, place)
    kinds = [
        struct.unpack_from(f"{order}I", data, headers + index * size)[0]
        for index in range(min(count, MAX_PROGRAM_HEADERS))
        if headers + index * size + 4 <= len(data)
    ]
    if not kinds:
        return []
    linked = ["dynamically linked" if 2 in kinds else "statically linked"]
    return [*linked, "no section header" if not sections else "stripped"]
