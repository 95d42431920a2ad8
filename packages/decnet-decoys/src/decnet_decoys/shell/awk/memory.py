# SPDX-License-Identifier: MIT
"""An awk program's variables and arrays, of the program and of each function that runs: counted and bounded."""

from __future__ import annotations

import sys

from decnet_decoys.errors import DecoysError
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText, Value, number

MAX_ELEMENTS = 20_000
"""Of all arrays."""
MAX_HELD = 8 << 20
"""Bytes of all variables and elements."""

Array = dict[str, Value]
Frame = dict[str, "Value | Array"]


class AwkError(DecoysError):
    """The program cannot go on; the message is awk's."""


class Memory:
    """What the names of a program stand for; raises AwkError where there is no room for more."""

    def __init__(self, lease: MemoryLease, variables: dict[str, str], environment: dict[str, str]) -> None:
        self.globals: Frame = {
            "FS": " ", "OFS": " ", "RS": "\n", "ORS": "\n", "NR": 0.0, "FNR": 0.0, "FILENAME": "", "SUBSEP": "\x1c",
            "RSTART": 0.0, "RLENGTH": -1.0, "CONVFMT": "%.6g", "OFMT": "%.6g",
        }  # fmt: skip
        self.globals |= {name: NumericText(value) for name, value in variables.items()}
        self.globals["ENVIRON"] = {name: NumericText(value) for name, value in environment.items()}
        self._lease = lease
        self._frames: list[Frame] = []
        self._elements = self._held = 0

    @property
    def depth(self) -> int:
        """How many functions are running."""
        return len(self._frames)

    def release(self) -> None:
        """Give back all memory at the end."""
        self._hold(-self._held)

    def enter(self, frame: Frame) -> None:
        """Begin a function with its own variables."""
        self._hold(sum(map(_size, frame.values())))
        self._frames.append(frame)

    def leave(self, passed: set[int]) -> None:
        """End a function; give back the memory of its own variables, but not of the arrays that it was given."""
        for value in self._frames.pop().values():
            if isinstance(value, dict) and id(value) not in passed:
                self.empty(value)
            self._hold(-_size(value))

    def variable(self, name: str) -> Value | Array:
        return self._frame(name).get(name, "")

    def set(self, name: str, value: Value) -> None:
        """Set a variable."""
        frame = self._frame(name)
        kept = _kept(value)
        self._hold(_size(kept) - _size(frame.get(name, 0.0)))
        frame[name] = kept

    def count(self, name: str) -> None:
        """Add one to a number."""
        value = self.globals[name]
        self.globals[name] = (0.0 if isinstance(value, dict) else number(value)) + 1

    def _frame(self, name: str) -> Frame:
        """Return where a name is kept: with the function that runs, or with the program."""
        return self._frames[-1] if self._frames and name in self._frames[-1] else self.globals

    def array(self, name: str) -> Array:
        frame = self._frame(name)
        found = frame.get(name)
        if not isinstance(found, dict):
            found = frame[name] = {}
        return found

    def empty(self, array: Array) -> None:
        for key, value in array.items():
            self._hold(-_size(key) - _size(value))
        self._elements -= len(array)
        array.clear()

    def put(self, array: Array, key: str, value: Value) -> None:
        kept = _kept(value)
        if key in array:
            self._hold(_size(kept) - _size(array[key]))
        else:
            if self._elements >= MAX_ELEMENTS:
                raise AwkError("out of memory")
            self._hold(_size(key) + _size(kept))
            self._elements += 1
        array[key] = kept

    def _hold(self, more: int) -> None:
        """Count more of the session's memory as held by variables and elements, or less."""
        if (more > 0 and self._held + more > MAX_HELD) or not self._lease.hold(more):
            raise AwkError("out of memory")
        self._held += more

    def delete(self, array: Array, key: str) -> None:
        """Remove an element if there is one."""
        old = array.pop(key, None)
        if old is not None:
            self._hold(-_size(key) - _size(old))
            self._elements -= 1


def _kept(value: Value) -> Value:
    """Return a value as it is kept: a text up to its limit."""
    return value[:MAX_TEXT] if isinstance(value, str) and len(value) > MAX_TEXT else value


def _size(value: Value | Array) -> int:
    return sys.getsizeof(value) if isinstance(value, str) else 0
