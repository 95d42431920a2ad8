# SPDX-License-Identifier: MIT
"""Formats of Python: `%`, str.format and formatted strings, with a bound on every width."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.dates import of_date
from decnet_decoys.shell.python.values import MAX_TEXT, NotPlayedError, RaisedError, kind_name

if TYPE_CHECKING:
    from decnet_decoys.shell.python.evaluator import Evaluator

MAX_CONVERSIONS = 200
_CONVERSION = re.compile(r"%(?:\(([^()]{0,64})\))?([-+ #0]{0,5})(\*|\d{0,4})(?:\.(\*|\d{0,3}))?[hlL]?([a-zA-Z%])")
_SPEC = re.compile(r"(?:[^{}]?[<>=^])?[-+ ]?#?0?\d{0,4}[,_]?(?:\.\d{1,3})?[bcdeEfFgGnosxX%]?", re.DOTALL)
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}!:]{0,64})(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]{0,16}\}){0,64}))?\}")
_KINDS = "diouxXeEfFgGcrsa%"


def percent(program: Evaluator, layout: str | bytes, values: Any) -> Steps[str | bytes]:
    """Return `layout % values`; raises TypeError or ValueError of the program."""
    text = layout.decode("latin-1") if isinstance(layout, bytes) else layout
    if "%" in _CONVERSION.sub("", text):
        raise NotPlayedError
    left = list(values) if isinstance(values, tuple) else [values]
    found: list[str] = []
    at = size = 0
    for count, match in enumerate(_CONVERSION.finditer(text)):
        if count > MAX_CONVERSIONS or size > MAX_TEXT:
            raise RaisedError(MemoryError())
        piece = "%" if match[5] == "%" else (yield from _converted(program, match, left, values))
        found += [text[at : match.start()], piece]
        at, size = match.end(), size + len(piece)
    if left and not isinstance(values, dict):
        raise TypeError("not all arguments converted during string formatting")
    whole = "".join([*found, text[at:]])
    return whole.encode("latin-1", "replace") if isinstance(layout, bytes) else whole


def _converted(program: Evaluator, match: re.Match[str], left: list[Any], values: Any) -> Steps[str]:
    """Return one conversion of a format."""
    name, flags, width, places, kind = match.groups()
    if kind not in _KINDS:
        raise ValueError(f"unsupported format character '{kind}' ({ord(kind):#x}) at index {match.end() - 1}")
    if "*" in (width, places):
        raise NotPlayedError
    if name is None and not left:
        raise TypeError("not enough arguments for format string")
    value = left.pop(0) if name is None else values[name]
    if kind == "s":
        value = value.decode("latin-1") if isinstance(value, bytes) else (yield from program.text(value))
    elif kind in "ra":
        value = yield from program.repr(value)
    dot = "" if places is None else f".{places}"
    return f"%{flags}{width}{dot}{'s' if kind in 'ra' else kind}" % (value,)


def formatted(program: Evaluator, value: Any, spec: str, conversion: str = "") -> Steps[str]:
    """Return a value as a formatted string has it."""
    if conversion:
        value = (yield from program.repr(value)) if conversion in "ra" else (yield from program.text(value))
    if not spec:
        return (yield from program.text(value))
    if isinstance(value, date):
        return str(of_date(value, "strftime", [spec], {}))
    if not _SPEC.fullmatch(spec):
        raise ValueError(f"Invalid format specifier '{spec}' for object of type '{kind_name(value)}'")
    if not isinstance(value, str | int | float | complex):
        raise TypeError(f"unsupported format string passed to {kind_name(value)}.__format__")
    return format(value, spec)


def filled(program: Evaluator, layout: str, args: list[Any], named: dict[str, Any]) -> Steps[str]:
    """Return what str.format makes of a text."""
    pieces: list[str] = []
    at, number, size = 0, 0, 0
    for count, match in enumerate(_FIELD.finditer(layout)):
        if count > MAX_CONVERSIONS or size > MAX_TEXT:
            raise RaisedError(MemoryError())
        pieces.append(layout[at : match.start()])
        at = match.end()
        if match[0] in ("{{", "}}"):
            pieces.append(match[0][0])
            continue
        name, conversion, spec = match[1], match[2] or "", match[3] or ""
        if not name:
            name, number = str(number), number + 1
        head, *rest = re.split(r"[.\[\]]", name)
        if head.isdecimal():
            if int(head) >= len(args):
                raise IndexError(f"Replacement index {head} out of range for positional args tuple")
            value = args[int(head)]
        else:
            value = named[head]
        if rest and rest != [""]:
            key = rest[0]
            value = value[int(key) if key.isdecimal() else key] if "[" in name else program.attribute(value, key)
        if "{" in spec:
            spec = yield from filled(program, spec.replace("{}", f"{{{number}}}") if "{" in spec else spec, args, named)
        pieces.append((yield from formatted(program, value, spec, conversion)))
        size += len(pieces[-1])
    rest_of = layout[at:]
    if "{" in _FIELD.sub("", layout) or "}" in _FIELD.sub("", layout):
        raise ValueError(
            "Single '}' encountered in format string" if "}" in rest_of else "expected '}' before end of string"
        )
    return "".join([*pieces, rest_of])
