# SPDX-License-Identifier: MIT
"""The files of programs: sizes and headers (elf(5)) of Debian 12's, which bots read to tell machines apart."""

import struct
from functools import cache
from pathlib import Path

from decnet_decoys.personas.schema import Persona
from decnet_decoys.shell.machine.tree import Entry, Filler

_ELF_MACHINE = {"x86_64": 62, "aarch64": 183}
_PROGRAM_HEADER, _SECTION_HEADER, _HEADER = 56, 64, 64
"""Bytes of each."""


@cache
def _known() -> dict[str, tuple[int, ...]]:
    """Return by program: size, entry point, place of its section headers, how many of both kinds, the names' index.

    The numbers of the file beside are hexadecimal.
    """
    lines = Path(__file__).with_name("elf_headers.txt").read_text(encoding="utf-8").splitlines()
    return {name: tuple(int(one, 16) for one in rest) for name, *rest in (line.split() for line in lines)}


def program_file(persona: Persona, name: str, mtime: int, size: int) -> Entry:
    """Return the file of a program; `size` is meant, in bytes, where the distribution's own is not known."""
    kind = _ELF_MACHINE.get(persona.machine, 62)
    entry, sections, counts = 0x1060, size - 1984, [13, 31, 30]
    if kind == 62 and persona.os.startswith("Debian"):
        size, entry, sections, *counts = _known().get(name, (size, entry, sections, *counts))
    programs, many, names = counts
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQI", 3, kind, 1, entry, _HEADER, sections, 0)
    head += struct.pack("<HHHHHH", _HEADER, _PROGRAM_HEADER, programs, _SECTION_HEADER, many, names)
    return Entry("file", 0o755, mtime=mtime, content=Filler(head, size, f"{persona.name}/{name}"))
