# SPDX-License-Identifier: MIT
"""Fixes the reference counts of a zygote's objects, so that its children do not copy their pages by using them.

CPython keeps an object's reference count inside the object, so a child that merely uses what its parent imported writes
into the shared pages and gets each of them for itself. Since 3.12 an object whose count has one special value is
*immortal* (PEP 683): the interpreter no longer counts its references, hence never writes to it. CPython does this to
None, small integers and its own types; `make_immortal` does it to all objects of the zygote. Measured on 3.13: a fleet
of eight workers takes 140 MiB instead of 182, for 0.3 s at the start.

This is safe because an immortal object behaves like one that is referenced for ever, as modules are anyway: it is never
freed, so nothing that its end would cause (a weak reference's callback, the closing of a file) happens. Therefore close
before the fork what must not stay open. Frames, generators and coroutines are skipped: their end releases what their
variables refer to. An extension built for the stable ABI of older versions still counts, as it does with None; PEP 683
allows for that, a count has 2**31 to go before the object is mortal again.

Where the value lies and which it is were read from CPython 3.12 and 3.13 (Include/object.h): on 64-bit builds with a
GIL the low 32 bits of the first word of the object, all ones. 3.11 has no such value; free-threaded and debug builds
and later versions keep it in other ways. There, and wherever a probe finds anything else, nothing is done.
"""

import gc
import sys
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType, TracebackType

IMMORTAL = 0xFFFFFFFF
"""The reference count of an immortal object."""

KNOWN = ((3, 12), (3, 13))
"""The versions whose layout was read."""
_ENDING = frozenset({FrameType, GeneratorType, CoroutineType, AsyncGeneratorType, TracebackType})
"""None of them can have subclasses."""
_WORDS = 1 << 46
"""As many of 32 bits as an address space of 48 bits has; user space is no larger unless a program asks for it."""


def supported() -> bool:
    """Return whether this interpreter stores reference counts in the way that `make_immortal` relies on."""
    return (
        sys.implementation.name == "cpython"
        and sys.version_info[:2] in KNOWN
        and sys.abiflags == ""  # "t" is free-threaded, "d" debug
        and not hasattr(sys, "getobjects")  # counts are traced
        and sys.maxsize > 1 << 32
        and sys.byteorder == "little"
        and sys.getrefcount(None) == IMMORTAL
        and _counts_are_first()
    )


def make_immortal() -> int:
    """Make every object that the collector tracks, and all that these refer to, immortal; return how many became so.

    Call it with a single thread, right before `gc.freeze()`; does nothing unless `supported()`.
    """
    if not supported():
        return 0
    from ctypes import c_uint32

    words = (c_uint32 * _WORDS).from_address(0)  # a view of all memory; one made for each object takes twice the time
    counted, made, waiting = sys.getrefcount, 0, gc.get_objects()
    while waiting:
        fresh = []
        for one in waiting:
            if counted(one) != IMMORTAL and type(one) not in _ENDING:
                words[id(one) >> 2] = IMMORTAL
                fresh.append(one)
        made += len(fresh)
        waiting = gc.get_referents(*fresh)
        for code in fresh:
            if type(code) is CodeType:
                waiting.extend(_parts(code))
    return made


def _parts(code: CodeType) -> tuple[object, ...]:
    """Return what a code object refers to; the collector does not traverse code objects."""
    return (
        code.co_consts,
        code.co_names,
        code.co_filename,
        code.co_name,
        code.co_qualname,
        code.co_linetable,
        code.co_exceptiontable,
    )


def _counts_are_first() -> bool:
    """Probe whether the first 32 bits of an object are its reference count."""
    from ctypes import c_uint32

    probe = object()
    held = [probe] * 1000
    seen = c_uint32.from_address(id(probe)).value
    return seen == sys.getrefcount(probe) - 1 == len(held) + 1
