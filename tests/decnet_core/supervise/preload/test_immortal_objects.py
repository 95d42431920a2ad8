# SPDX-License-Identifier: MIT
"""Objects that are no longer counted, in processes of their own, for there is no way back.

Collected only under an interpreter that has immortal objects: see `conftest.py`.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_counts_do_not_move_any_more() -> None:
    done = run("""
        import gc, sys
        from decnet_core.supervise.preload.refcounts import IMMORTAL, make_immortal

        class Thing: ...
        def work(): return "a constant of this function"
        things = {"key": Thing(), "list": [Thing()], "text": "".join(["not ", "interned"])}
        assert make_immortal() > 1000
        for one in (Thing, things, things["key"], things["list"][0], things["text"], work, work.__code__, work()):
            held = [one] * 1000
            assert sys.getrefcount(one) == IMMORTAL, one
            del held
            assert sys.getrefcount(one) == IMMORTAL, one
        later = Thing()
        assert sys.getrefcount(later) == 2
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_running_still_lets_go_of_what_it_holds() -> None:
    done = run("""
        import gc, weakref
        from decnet_core.supervise.preload.refcounts import make_immortal

        class Thing: ...
        def numbers():
            yield 1
            thing = Thing()
            ends.append(weakref.ref(thing))
            yield 2
        ends = []
        running = numbers()
        next(running)
        make_immortal()
        gc.freeze()
        next(running)
        assert ends[0]() is not None
        assert list(running) == []
        assert ends[0]() is None
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_works_and_ends_its_interpreter_cleanly_as_does_its_parent() -> None:
    done = run("""
        import asyncio, gc, json, logging, os, sqlite3, sys, threading, weakref
        import msgspec
        from decnet_core.events.envelope import Event
        from decnet_core.supervise.preload.refcounts import make_immortal

        class Point(msgspec.Struct):
            x: int
        class Ring: ...

        def work():
            assert msgspec.json.decode(msgspec.json.encode(Point(3)), type=Point) == Point(3)
            database = sqlite3.connect(":memory:")
            assert database.execute("select ?", ("text",)).fetchone() == ("text",)
            database.close()
            async def main():
                asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no warning here
                queue = asyncio.Queue()
                await asyncio.gather(queue.put(1), queue.get(), asyncio.to_thread(json.dumps, {"a": [1.5]}))
            asyncio.run(main())
            ring = Ring()
            ring.itself = ring
            seen = weakref.ref(ring)
            del ring
            gc.collect()
            assert seen() is None
            made = type("Made", (Ring,), {"late": sys.intern("late" + str(os.getpid()))})
            assert made().late.startswith("late")

        work()
        gc.collect()
        make_immortal()
        gc.freeze()
        child = os.fork()
        for _ in range(20):
            work()
        if child == 0:
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    """)
    assert (done.returncode, done.stderr) == (0, "")
