# SPDX-License-Identifier: MIT
"""re, as far as RE2 has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Match, Pattern, compiled
from decnet_decoys.shell.python.imports.functions import fixed, natives
from decnet_decoys.shell.python.values import (
    MAX_TEXT,
    Native,
    RaisedError,
    Record,
    kind_name,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

MAX_FOUND = 500
MAX_GROUPS = 32
"""Of a pattern: a search takes as much longer as there are groups, and each keeps its text."""


def pattern(source: Any, flags: int) -> Pattern:
    if isinstance(source, Record):
        return source.names["__items__"][0]  # type: ignore[no-any-return]
    data = encode(source) if isinstance(source, str) else source
    if data.count(b"(") > MAX_GROUPS:
        raise RaisedError(ValueError(f"sorry, but this version only supports {MAX_GROUPS} named groups"))
    prefix = ("m" if flags & 8 else "") + ("s" if flags & 16 else "")
    try:
        return compiled(
            b"(?" + prefix.encode() + b")" + data if prefix else data,
            extended=True,
            ignore_case=bool(flags & 2),
            perl=True,
        )
    except BadPatternError as error:
        raise RaisedError(ValueError(str(error))) from error


def piece(text: bytes, span: tuple[int, int], subject: Any) -> Any:
    found = text[span[0] : span[1]] if span[0] >= 0 else None
    return decode(found) if isinstance(subject, str) and found is not None else found


def matched(program: Program, found: Match | None, text: bytes, subject: Any) -> Record | None:
    if found is None:
        return None
    groups = [program.kept(piece(text, span, subject)) for span in found.spans]

    def group(_program: Program, *wanted: Any) -> Any:
        chosen = [groups[one] for one in wanted or (0,)]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)

    return Record(
        "re.Match",
        natives(
            group=group,
            groups=fixed(tuple(groups[1:])),
            start=fixed(found.start),
            end=fixed(found.end),
            span=fixed((found.start, found.end)),
        )
        | {"__items__": tuple(groups)},
    )


def data_of(subject: Any) -> bytes:
    if not isinstance(subject, str | bytes):
        raise TypeError(f"expected string or bytes-like object, got '{kind_name(subject)}'")
    return encode(subject) if isinstance(subject, str) else subject


def search(program: Program, source: Any, subject: Any, flags: int = 0) -> Record | None:
    text = data_of(subject)
    return matched(program, pattern(source, flags).search(text, groups=True), text, subject)


def match(program: Program, source: Any, subject: Any, flags: int = 0) -> Record | None:
    text = data_of(subject)
    found = pattern(source, flags).search(text, groups=True)
    return matched(program, found if found is not None and found.start == 0 else None, text, subject)


def fullmatch(program: Program, source: Any, subject: Any, flags: int = 0) -> Record | None:
    text = data_of(subject)
    found = pattern(source, flags).search(text, groups=True)
    whole = found is not None and (found.start, found.end) == (0, len(text))
    return matched(program, found if whole else None, text, subject)


def every(program: Program, source: Any, subject: Any, flags: int) -> Steps[list[Match]]:
    text, wanted = data_of(subject), pattern(source, flags)
    found: list[Match] = []
    at = 0
    while at <= len(text) and len(found) < MAX_FOUND and (one := wanted.search(text, at, groups=True)) is not None:
        yield from program.step()
        found.append(one)
        at = one.end if one.end > one.start else one.end + 1
    return found


def findall(program: Program, source: Any, subject: Any, flags: int = 0) -> Steps[list[Any]]:
    text = data_of(subject)
    found = []
    for one in (yield from every(program, source, subject, flags)):
        groups = [piece(text, span, subject) or ("" if isinstance(subject, str) else b"") for span in one.spans]
        found.append(groups[0] if len(groups) == 1 else groups[1] if len(groups) == 2 else tuple(groups[1:]))
    return found


def finditer(program: Program, source: Any, subject: Any, flags: int = 0) -> Steps[list[Any]]:
    text = data_of(subject)
    found: list[Any] = []
    for one in (yield from every(program, source, subject, flags)):
        found.append(program.kept(matched(program, one, text, subject)))
        yield from turn()
    return found


def filled(template: list[bytes], found: Match, text: bytes) -> bytes:
    """Return what is put in the place of a match; `template` is text and numbers of groups in turn."""
    pieces, size = template[:], 0
    for index in range(1, len(template), 2):
        number = int(template[index])
        start, end = found.spans[number] if number < len(found.spans) else (0, 0)
        pieces[index] = text[max(0, start) : max(0, end)]
        size += len(pieces[index])
        if size > MAX_TEXT:
            raise RaisedError(MemoryError())
    return b"".join(pieces)


def sub(program: Program, source: Any, new: Any, subject: Any, *, count: int = 0, flags: int = 0) -> Steps[Any]:
    text, at, size = data_of(subject), 0, 0
    template = _template(new, data_of(source) if isinstance(source, str | bytes) else b"")
    pieces: list[bytes] = []
    for one in (yield from every(program, source, subject, flags))[: count or MAX_FOUND]:
        yield from program.step()
        if isinstance(new, str | bytes):
            put = filled(template, one, text)
            size += len(template)
        else:
            put = data_of((yield from program.called(new, [matched(program, one, text, subject)], {})))
        pieces += [text[at : one.start], put]
        at, size = one.end, size + len(put)
        if size > MAX_TEXT:
            raise RaisedError(MemoryError())
    whole = b"".join([*pieces, text[at:]])
    return decode(whole) if isinstance(subject, str) else whole


def split(program: Program, source: Any, subject: Any, *_others: Any) -> Steps[list[Any]]:
    text, at = data_of(subject), 0
    found = []
    for one in (yield from every(program, source, subject, 0)):
        found.append(piece(text, (at, one.start), subject))
        at = one.end
    return [*found, piece(text, (at, len(text)), subject)]


_REFERENCE = re.compile(rb"\\(?:(\d)|g<(\w{1,64})>)")
_NAMED = re.compile(rb"\(\?P<(\w{1,64})>|\((?!\?)")


def _template(new: Any, source: bytes) -> list[bytes]:
    """Return the text of a replacement, and the numbers of groups, in turn."""
    if not isinstance(new, str | bytes):
        return []
    names = {one[1]: index for index, one in enumerate(_NAMED.finditer(source.replace(b"\\(", b"")), 1) if one[1]}
    text, found, at = data_of(new), list[bytes](), 0
    for one in _REFERENCE.finditer(text):
        name = one[1] or one[2]
        number = name if name.isdigit() else b"%d" % names.get(name, 0)
        found += [text[at : one.start()], number[:4]]
        at = one.end()
    return [*found, text[at:]]


functions: dict[str, Callable[..., Any]] = {
    "search": search,
    "match": match,
    "fullmatch": fullmatch,
    "findall": findall,
    "finditer": finditer,
    "sub": sub,
    "split": split,
}


def of_pattern(play: Callable[..., Any], made: Record) -> Callable[..., Any]:
    return lambda program, *args: play(program, made, *args)


def compile_(_program: Program, source: Any, flags: int = 0) -> Record:
    made = Record("re.Pattern", {"pattern": source})
    made.names["__items__"] = (pattern(source, flags),)
    for name, play in functions.items():
        made.names[name] = Native(name, of_pattern(play, made))
    return made


def re_module(_program: Program) -> dict[str, Any]:
    return {
        **natives(**functions, escape=lambda _program, text: re.escape(text)),
        "compile": Native("compile", compile_),
        "I": 2,
        "IGNORECASE": 2,
        "M": 8,
        "MULTILINE": 8,
        "S": 16,
        "DOTALL": 16,
        "X": 64,
        "error": ValueError,
    }


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"re": re_module}
