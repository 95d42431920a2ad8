# SPDX-License-Identifier: MIT
"""How bash's builtins and keywords are used, in a line each."""

from functools import cache
from pathlib import Path


@cache
def synopses() -> tuple[tuple[str, str], ...]:
    """Return name and synopsis of each, in the order in which `help` lists them."""
    lines = Path(__file__).with_name("synopses.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(": ", 1) for line in lines)
    return tuple((name, synopsis) for name, synopsis in pairs)


def synopsis_of(name: str) -> str:
    """Return how a builtin is used, empty if it is none."""
    return dict(synopses()).get(name, "")
