# SPDX-License-Identifier: MIT
"""Lets go of the pages of code and data that only a program's start needed.

What an interpreter reads once while it imports stays mapped: libraries' tables of symbols, OpenSSL's self-tests,
initialisers. Such pages are unchanged copies of a file. Unmapped, they are the kernel's cache and no longer this
process's; whoever needs one again gets it by a page fault, without reading the disk while it is cached. Measured: a
warm parent of eleven workers maps 24 MiB of libraries, of which it and its children ever use 16 again.

A page that was written to, by relocation as a rule, is no copy of its file and would be lost. So only mappings that
cannot be written and in which the kernel counts no page of our own (`Anonymous`, `Swap`, proc(5)) are let go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ctypes import CDLL, c_int, c_size_t, c_void_p
from pathlib import Path

_MADV_DONTNEED = 4  # madvise(2)
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (.{4}) [0-9a-f]+ \S+ (\d+)")
_OUR_OWN = ("Anonymous:", "Swap:", "Locked:")


def let_go() -> None:
    """Unmap them; call it once, when the start is over. Does nothing where /proc does not tell what is ours."""
    try:
        with Path("/proc/self/smaps").open(encoding="utf-8", errors="replace") as lines:
            found = list(unchanged(lines))
    except OSError:
        return
    madvise = CDLL(None).madvise
    madvise.argtypes = (c_void_p, c_size_t, c_int)
    for begin, end in found:
        madvise(begin, end - begin, _MADV_DONTNEED)


def trim() -> None:
    """Give back whole free pages of glibc's heap; another C library keeps what it has."""
    if (malloc_trim := getattr(CDLL(None), "malloc_trim", None)) is not None:
        malloc_trim(c_size_t(0))


def unchanged(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each mapping of a file that cannot be written and of which every page is the file's."""
    candidate: tuple[int, int] | None = None
    told = 0
    for line in smaps:
        if heading := _MAPPING.match(line):
            if candidate and told == len(_OUR_OWN):
                yield candidate
            begin, end, permissions, inode = heading.groups()
            of_file = inode != "0" and "w" not in permissions and permissions[3] == "p"
            candidate, told = (int(begin, 16), int(end, 16)) if of_file else None, 0
        elif line.startswith(_OUR_OWN):
            told += line.split()[1] == "0"
    if candidate and told == len(_OUR_OWN):
        yield candidate
