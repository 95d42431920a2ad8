# SPDX-License-Identifier: MIT
"""What the functions of Lua's library ask of what a script gives them."""

import math

from decnet_decoys.redis.lua.running import Running
from decnet_decoys.redis.lua.values import Table, Value, got, kind, number_of, shown


class Checks:
    """The checks of one run, whose error has the line that is carried out."""

    def __init__(self, run: Running) -> None:
        self.run = run

    def text(self, value: Value) -> bytes:
        if isinstance(value, float):
            return shown(value)
        if not isinstance(value, bytes):
            raise self.run.fail(f"bad argument #1 to 'len' (string expected, got {kind(value)})")
        return value

    def table(self, value: Value) -> Table:
        if not isinstance(value, Table):
            raise self.run.fail(f"bad argument #1 to 'pairs' (table expected, got {kind(value)})")
        return value

    def made(self, text: bytes) -> bytes:
        """Count a string that is made, or the one that is as long."""
        self.run.made(len(text))
        return text

    def number(self, value: Value) -> float:
        number = number_of(value)
        if number is None:
            raise self.run.fail(f"bad argument #1 (number expected, got {got(value)})")
        return number


def integer(value: Value, default: int) -> int:
    """Return a number without its fraction."""
    number = number_of(value)
    if number is None or not math.isfinite(number):
        return default
    return int(max(-1e9, min(number, 1e9)))
