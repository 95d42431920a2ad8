# SPDX-License-Identifier: MIT
"""Tests of a file, and what joins them. A test may run programs, so it is a generator of steps."""

from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.machine.tree import Entry


class Seen(NamedTuple):
    """A file that is looked at: as it is shown, where it is, what it is, how deep below its root."""

    shown: str
    path: str
    entry: Entry
    depth: int


Test = Callable[[Seen], Steps[bool]]


def always(_seen: Seen) -> Steps[bool]:
    yield from ()
    return True


def pure(fits: Callable[[Seen], bool]) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        yield from turn()
        return fits(seen)

    return test


def either(left: Test, right: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return (yield from left(seen)) or (yield from right(seen))

    return test


def both(left: Test, right: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return (yield from left(seen)) and (yield from right(seen))

    return test


def negated(inner: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return not (yield from inner(seen))

    return test
