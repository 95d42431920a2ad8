# SPDX-License-Identifier: MIT
"""Perl's values: None for undef, texts of bytes (each character a byte, as Latin-1 has it), numbers, references."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.perl.syntax.tree import Block
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer

MAX_TEXT = 1 << 16
"""Characters of a value."""
MAX_ITEMS = 10_000
"""Of an array, hash or list."""

Value = Any
"""None, str, int, float, Ref or Handle."""
_NUMBER = re.compile(r"\s*([-+]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][-+]?\d{1,4})?)")
_INFINITE = re.compile(r"\s*([-+]?)(inf|nan)", re.IGNORECASE)


class Box:
    """Holds a scalar, so that it can be referred to."""

    __slots__ = ("value",)

    def __init__(self, value: Value = None) -> None:
        self.value = value


class Sub:
    """A function: its body with the variables around it, or one that is built in."""

    def __init__(self, name: str, body: Block, scope: Any, package: str = "main") -> None:
        self.name, self.body, self.scope, self.package = name, body, scope, package


class Ref:
    """A reference to a Box, list, dict, Sub, or a compiled pattern."""

    __slots__ = ("kind", "package", "target")

    def __init__(self, kind: str, target: Any, package: str = "") -> None:
        self.kind, self.target, self.package = kind, target, package


class Handle:
    """A file, pipe, directory or socket that is open."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reader: InputBuffer | None = None
        self.out: OutputBuffer | None = None
        self.names: list[str] = []
        """What is left of a directory."""
        self.path = ""
        """Where what is written goes when it is closed; a command where `piped`."""
        self.piped = False
        self.is_open = True
        self.at_end = False
        self.lines = 0


class DiedError(DecoysError):
    """`die` was run, or something that cannot be."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class LoopError(DecoysError):
    """last, next or redo was run."""

    def __init__(self, kind: str, label: str) -> None:
        super().__init__(kind)
        self.kind, self.label = kind, label


class ReturnedError(DecoysError):
    """`return` was run."""

    def __init__(self, values: list[Value]) -> None:
        super().__init__()
        self.values = values


def text(value: Value) -> str:  # noqa: PLR0911  # one return for each kind of value
    """Return a value as a text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else text(real(value))
    if isinstance(value, float):
        return _of_float(value)
    if isinstance(value, Handle):
        return f"GLOB(0x{0x55D3A0000000 + id(value) % 0xFFFFFF:x})"
    if value.kind == "Regexp":
        return str(value.target)
    head = f"{value.package}=" if value.package else ""
    return f"{head}{value.kind}(0x{0x55D3A0000000 + id(value.target) % 0xFFFFFF:x})"


def _of_float(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    return re.sub(r"e([-+])(\d)$", r"e\g<1>0\2", f"{value:.15g}")


def number(value: Value) -> int | float:
    """Return a value as a number: of a text what it begins with."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        found = _NUMBER.match(value[:1000])
        if found is None:
            infinite = _INFINITE.match(value[:16])
            return float(infinite[1] + infinite[2]) if infinite else 0
        digits = found[1]
        return int(digits) if digits.lstrip("+-").isdecimal() and len(digits) < 20 else float(digits)
    return 0 if value is None else id(getattr(value, "target", value)) % 0xFFFFFF


def real(value: Value) -> float:
    """Return a value as a floating-point number, infinity where it is too large for one."""
    found = number(value)
    try:
        return float(found)
    except OverflowError:
        return math.inf if found > 0 else -math.inf


def integer(value: Value, most: int = 1 << 63) -> int:
    """Return a value as a whole number, no further from zero than `most`."""
    found = number(value)
    if isinstance(found, float):
        found = 0 if math.isnan(found) else most if found >= most else -most if found <= -most else math.trunc(found)
    return max(-most, min(found, most))


def is_true(value: Value) -> bool:
    return value not in (None, "", "0", 0, 0.0) if not isinstance(value, (Ref, Handle)) else True


def of_bytes(data: bytes) -> str:
    return data.decode("latin-1")


def to_bytes(value: str) -> bytes:
    """Return a text as it is written: bytes, or UTF-8 where a character is none."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def of_shell(word: str) -> str:
    """Return a text of the shell as Perl has it."""
    return of_bytes(encode(word))


def to_shell(value: Value) -> str:
    """Return a value as the shell has it."""
    return decode(to_bytes(text(value)[:MAX_TEXT]))


Native = Callable[..., Any]
