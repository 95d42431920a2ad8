# SPDX-License-Identifier: MIT
"""What a running shell requests from its driver: it yields effects and is sent the results.

So the shell stays pure, and a test drives a line without waiting, a terminal or a disk.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple


class Print(NamedTuple):
    """Show bytes; `error` marks standard error where the two are separate."""

    data: bytes
    error: bool = False


class Pause(NamedTuple):
    """Let time pass, in seconds."""

    seconds: float


class AskLine(NamedTuple):
    """Read one line; the answer is bytes without line end, None at the end of input."""

    prompt: str
    echo: bool = True


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


Effect = Print | Pause | AskLine | ReadAll | Captured | Requested
Effects = Generator[Effect, Any, int]
"""A running command: yields effects, is sent their answers, returns its exit status."""
