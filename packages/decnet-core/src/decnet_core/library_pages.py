# SPDX-License-Identifier: MIT
"""Unmaps the pages of libraries that only a program's start needed, and trims the C library's heap.

What an interpreter reads once while it imports stays mapped: libraries' tables of symbols, OpenSSL's self-tests,
initialisers. Such pages are clean copies of a file. Unmapped, they belong to the kernel's cache and no longer to this
process; when needed again they come back by a page fault, without reading the disk while they are cached. Measured: a
zygote of eleven workers maps 24 MiB of libraries, of which it and its children ever use 16 again.

A page that was written to, usually by relocation, is no copy of its file and would be lost. So only read-only mappings
in which the kernel counts no page of our own (`Anonymous`, `Swap`, proc(5)) are dropped.
"""

import re
from collections.abc import Iterable, Iterator
from ctypes import CDLL, c_int, c_size_t, c_void_p
from pathlib import Path

_MADV_DONTNEED = 4  # madvise(2)
_M_MMAP_THRESHOLD = -3  # mallopt(3)
_M_ARENA_MAX = -8
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (.{4}) [0-9a-f]+ \S+ (\d+)")
_OUR_OWN = ("Anonymous:", "Swap:", "Locked:")


def drop_clean_pages() -> None:
    """Drop all clean pages; worth doing after a start or a burst of work. Does nothing without /proc/self/smaps."""
    try:
        with Path("/proc/self/smaps").open(encoding="utf-8", errors="replace") as lines:
            mappings = list(clean_mappings(lines))
    except OSError:
        return
    madvise = CDLL(None).madvise
    madvise.argtypes = (c_void_p, c_size_t, c_int)
    for begin, end in mappings:
        madvise(begin, end - begin, _MADV_DONTNEED)


def trim_heap() -> None:
    """Return the free pages of glibc's heap to the kernel; does nothing with another C library."""
    if (malloc_trim := getattr(CDLL(None), "malloc_trim", None)) is not None:
        malloc_trim(c_size_t(0))


def map_large_blocks(kib: int = 256) -> None:
    """Have glibc map blocks of `kib` KiB and more one by one, so that each is returned as soon as it is freed.

    Without this, mallopt(3), the threshold grows to the largest block that was ever freed, up to 32 MiB: what comes
    later lies in the heap, between small blocks that keep it. Does nothing with another C library.
    """
    _mallopt(_M_MMAP_THRESHOLD, kib << 10)


def share_one_heap() -> None:
    """Have glibc give threads that start later no heap of their own; call it when few of them allocate at once.

    What one thread frees, another one then uses. Does nothing with another C library.
    """
    _mallopt(_M_ARENA_MAX, 1)


def _mallopt(option: int, value: int) -> None:
    if (mallopt := getattr(CDLL(None), "mallopt", None)) is not None:
        mallopt(option, value)


def clean_mappings(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each private read-only mapping of a file in which no page differs from the file."""
    candidate: tuple[int, int] | None = None
    zeros = 0
    for line in smaps:
        if heading := _MAPPING.match(line):
            if candidate and zeros == len(_OUR_OWN):
                yield candidate
            begin, end, permissions, inode = heading.groups()
            of_file = inode != "0" and "w" not in permissions and permissions[3] == "p"
            candidate, zeros = (int(begin, 16), int(end, 16)) if of_file else None, 0
        elif line.startswith(_OUR_OWN):
            zeros += line.split()[1] == "0"
    if candidate and zeros == len(_OUR_OWN):
        yield candidate
