# SPDX-License-Identifier: MIT
"""What a running shell requests from its driver: it yields effects and is sent the results.

So the shell stays pure, and a test drives a line without waiting, a terminal or a disk.
"""

import importlib
import sys
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple, TypeVar

from decnet_decoys.processor import turn as loop_turn

T = TypeVar("T")


class Print(NamedTuple):
    """Show bytes; `error` marks standard error where the two are separate."""

    data: bytes
    error: bool = False


class Pause(NamedTuple):
    """Let time pass, in seconds."""

    seconds: float


class Turn(NamedTuple):
    """Let others run: the line has computed for a slice and goes on afterwards."""


class AskLine(NamedTuple):
    """Read one line; the answer is bytes without line end, None at the end of input."""

    prompt: str
    echo: bool = True


class AskKeys(NamedTuple):
    """Read the keys that come next, unechoed; the answer is some bytes, none after `seconds`, None at the end."""

    seconds: float | None = None


class ReadAll(NamedTuple):
    """Read standard input to its end; the answer is bytes."""


class Captured(NamedTuple):
    """A file was written whose content the attacker chose: keep it.

    `partial` when it grew by an append: more is likely to follow, so it may be kept later.
    """

    path: str
    data: bytes
    partial: bool = False


class Requested(NamedTuple):
    """The attacker wanted something from the network: record it. Nothing is fetched."""

    action: str
    detail: dict[str, str]


Effect = Print | Pause | Turn | AskLine | AskKeys | ReadAll | Captured | Requested
Steps = Generator[Effect, Any, T]
"""Work of a command line: yields effects, is sent their answers, returns what it found."""
Effects = Generator[Effect, Any, int]
"""A running command: yields effects, is sent their answers, returns its exit status."""


def turn() -> Steps[None]:
    """Yield Turn if the line has computed for long enough: for the body of every loop whose length an attacker decides.

    By the clock, not by counting, for no step costs the same with every input. Between two turns nothing may take more
    than a few milliseconds, so what is handled in one step is bounded in size.
    """
    if loop_turn.is_over():
        yield Turn()


def listed(found: Iterable[T]) -> Steps[list[T]]:
    """Return what is found as a list, with a turn after each: a walk through a whole machine takes long."""
    kept: list[T] = []
    for one in found:
        kept.append(one)
        yield from turn()
    return kept


def load(modules: Iterable[str]) -> Steps[None]:
    """Import what a rare command needs, a module a turn: all of it at once takes longer than a turn."""
    for name in modules:
        if name not in sys.modules:
            importlib.import_module(name)
            yield Turn()
