# SPDX-License-Identifier: MIT
"""Objects that are no longer counted: in processes of their own, for there is no way back."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from decnet_core.supervise import immortal

KNOWN = sys.implementation.name == "cpython" and sys.version_info[:2] in ((3, 12), (3, 13)) and sys.abiflags == ""

fixed = pytest.mark.skipif(not KNOWN, reason="this interpreter counts all references")


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_is_supported_where_the_layout_is_known() -> None:
    assert immortal.supported() == KNOWN


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this version has immortal objects")
def test_nothing_happens_on_a_version_without_immortal_objects() -> None:
    done = run("""
        import sys
        from decnet_core.supervise.immortal import immortalise
        one = [object()]
        before = sys.getrefcount(one[0])
        assert immortalise() == 0
        assert sys.getrefcount(one[0]) == before
    """)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "difference",
    [
        {"version_info": (3, 14, 0)},
        {"abiflags": "t"},
        {"abiflags": "d"},
        {"implementation": SimpleNamespace(name="pypy")},
        {"maxsize": (1 << 31) - 1},
        {"byteorder": "big"},
        {"getrefcount": lambda _: 0xC0000000},
        {"getobjects": list},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_an_interpreter_that_differs_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, difference: dict[str, object]
) -> None:
    as_known = {
        "version_info": (3, 13, 0),
        "abiflags": "",
        "implementation": SimpleNamespace(name="cpython"),
        "maxsize": sys.maxsize,
        "byteorder": "little",
        "getrefcount": lambda _: immortal.IMMORTAL,
    }
    monkeypatch.setattr(immortal, "_counts_are_first", lambda: True)
    monkeypatch.setattr(immortal, "sys", SimpleNamespace(**as_known))
    assert immortal.supported()
    monkeypatch.setattr(immortal, "sys", SimpleNamespace(**as_known | difference))
    assert not immortal.supported()
    assert immortal.immortalise() == 0


@fixed
def test_counts_do_not_move_any_more() -> None:
    done = run("""
        import gc, sys
        from decnet_core.supervise.immortal import IMMORTAL, immortalise

        class Thing: ...
        def work(): return "a constant of this function"
        things = {"key": Thing(), "list": [Thing()], "text": "".join(["not ", "interned"])}
        assert immortalise() > 1000
        for one in (Thing, things, things["key"], things["list"][0], things["text"], work, work.__code__, work()):
            held = [one] * 1000
            assert sys.getrefcount(one) == IMMORTAL, one
            del held
            assert sys.getrefcount(one) == IMMORTAL, one
        later = Thing()
        assert sys.getrefcount(later) == 2
    """)
    assert (done.returncode, done.stderr) == (0, "")


@fixed
def test_what_is_running_still_lets_go_of_what_it_holds() -> None:
    done = run("""
        import gc, weakref
        from decnet_core.supervise.immortal import immortalise

        class Thing: ...
        def numbers():
            yield 1
            thing = Thing()
            ends.append(weakref.ref(thing))
            yield 2
        ends = []
        running = numbers()
        next(running)
        immortalise()
        gc.freeze()
        next(running)
        assert ends[0]() is not None
        assert list(running) == []
        assert ends[0]() is None
    """)
    assert (done.returncode, done.stderr) == (0, "")


@fixed
def test_a_child_works_and_ends_its_interpreter_cleanly_as_does_its_parent() -> None:
    done = run("""
        import asyncio, gc, json, logging, os, sqlite3, sys, threading, weakref
        import msgspec
        from decnet_core.events.envelope import Event
        from decnet_core.supervise.immortal import immortalise

        class Point(msgspec.Struct):
            x: int
        class Ring: ...

        def work():
            assert msgspec.json.decode(msgspec.json.encode(Point(3)), type=Point) == Point(3)
            database = sqlite3.connect(":memory:")
            assert database.execute("select ?", ("text",)).fetchone() == ("text",)
            database.close()
            async def main():
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
        immortalise()
        gc.freeze()
        child = os.fork()
        for _ in range(20):
            work()
        if child == 0:
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    """)
    assert (done.returncode, done.stderr) == (0, "")
