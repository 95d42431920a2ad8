# SPDX-License-Identifier: MIT
"""Which pages may be dropped, and that a process works as before."""

from __future__ import annotations

import subprocess
import sys
from ctypes import CDLL

import pytest

from decnet_core.library_pages import clean_mappings

NOTHING = "Anonymous:             0 kB\nSwap:                  0 kB\nLocked:                0 kB\n"
TEXT = "7f00-8f00 r-xp 00001000 fe:00 77                  /usr/lib/libx.so.1\n"


def found(smaps: str) -> list[tuple[int, int]]:
    return list(clean_mappings(smaps.splitlines(keepends=True)))


def test_code_of_a_library_is_unchanged() -> None:
    assert found(TEXT + NOTHING) == [(0x7F00, 0x8F00)]


def test_every_unchanged_mapping_is_found_wherever_it_stands() -> None:
    other = TEXT.replace("7f00-8f00", "9f00-af00")
    assert found(TEXT + NOTHING + other + NOTHING) == [(0x7F00, 0x8F00), (0x9F00, 0xAF00)]


def test_relocated_pages_are_kept() -> None:
    assert found(TEXT.replace("r-xp", "r--p") + NOTHING.replace(" 0 kB", " 8 kB", 1)) == []


def test_pages_in_swap_are_kept() -> None:
    assert found(TEXT + NOTHING.replace("Swap:                  0", "Swap:                  4")) == []


def test_what_can_be_written_is_kept() -> None:
    assert found(TEXT.replace("r-xp", "rw-p") + NOTHING) == []


def test_what_is_shared_with_others_is_kept() -> None:
    assert found(TEXT.replace("r-xp", "r--s") + NOTHING) == []


def test_memory_without_a_file_is_kept() -> None:
    assert found("7f00-8f00 r-xp 00000000 00:00 0 \n" + NOTHING) == []


def test_a_mapping_of_which_the_kernel_does_not_tell_all_is_kept() -> None:
    assert found(TEXT + "Anonymous:             0 kB\n") == []


def test_a_process_goes_on_with_fewer_pages_of_libraries() -> None:
    program = """
import decimal, hashlib, sqlite3, ssl
from decnet_core.library_pages import drop_clean_pages
def mapped():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssFile:"))
ssl.create_default_context()
before = mapped()
drop_clean_pages()
after = mapped()
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert decimal.Decimal(1) / 4 == decimal.Decimal("0.25")
ssl.create_default_context()
print(before, after)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    before, after = map(int, done.stdout.split())
    assert after < before


HEAPS = """
import sys, tempfile, threading
from ctypes import CDLL, c_void_p
from decnet_core.library_pages import share_one_heap
if sys.argv[1] == "shared":
    share_one_heap()
libc = CDLL(None)
libc.malloc.restype = libc.fdopen.restype = c_void_p
threads = [threading.Thread(target=libc.malloc, args=(100,)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.TemporaryFile() as file:
    stream = c_void_p(libc.fdopen(file.fileno(), b"w"))
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    file.seek(0)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif(not hasattr(CDLL(None), "malloc_info"), reason="another C library than glibc")
def test_threads_take_from_one_heap() -> None:
    def heaps(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", HEAPS, how], check=True, capture_output=True).stdout)

    assert heaps("own") > 1
    assert heaps("shared") == 1
