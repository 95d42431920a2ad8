# SPDX-License-Identifier: MIT
"""Gaps between shared objects, in processes of their own: what is taken is never let go."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHONMALLOC": "pymalloc"},  # -X dev would put guards around each block
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_new_objects_lie_on_pages_of_their_own() -> None:
    run("""
        from decnet_core.supervise.preload import heap_fill

        def pages(objects):
            return {id(one) // 4096 for one in objects}

        strewn = [bytes(100) for _ in range(20000)]
        shared = pages(strewn)
        del strewn[::2]
        assert pages([bytes(100) for _ in range(100)]) <= shared  # they would fill the gaps
        heap_fill.fill()
        later = [bytes(100) for _ in range(100)]
        assert not pages(later) & pages(strewn)
        assert len(pages(later)) <= 6
    """)


def test_the_heap_of_libraries_does_not_grow_by_filling_it() -> None:
    run("""
        import ctypes
        from decnet_core.supervise.preload import heap_fill

        libc = ctypes.CDLL(None)
        libc.sbrk.restype = ctypes.c_void_p
        strewn = [bytes(3000) for _ in range(2000)]
        del strewn[::2]
        end = libc.sbrk(0)
        heap_fill.fill()
        assert libc.sbrk(0) <= end + (1 << 20)
        later = [bytes(3000) for _ in range(100)]
        assert min(map(id, later)) > max(map(id, strewn))
    """)


def test_it_ends_when_there_is_nothing_left_to_fill() -> None:
    run("""
        from decnet_core.supervise.preload import heap_fill
        for _ in range(3):
            heap_fill.fill()
    """)
