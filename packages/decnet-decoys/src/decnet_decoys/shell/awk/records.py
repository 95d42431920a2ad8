# SPDX-License-Identifier: MIT
"""awk's input: records of several sources one after the other, and the fields of the current one."""

from __future__ import annotations

from collections.abc import Iterator

from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.streams import InputFile

MAX_FIELDS = 4000


def records(source: InputFile, separator: str) -> Iterator[bytes | None]:
    """Yield the records of a source: lines, paragraphs (an empty separator), or what one character separates.

    None after each piece of the source: there may be no record in it, and others want their turn.
    """
    if separator == "\n":
        yield from source.lines()
        return
    mark = encode(separator[:1]) if separator else b"\n\n"
    rest = b""
    for piece in source.pieces():
        *whole, rest = (rest + piece).split(mark)
        for record in whole:
            if separator or record.strip(b"\n"):
                yield record.strip(b"\n") if not separator else record
        if len(rest) >= MAX_TEXT:
            yield rest
            rest = b""
        yield None
    rest = rest.removesuffix(b"\n")
    if rest:
        yield rest[:MAX_TEXT]


def split(text: str, separator: str) -> Steps[list[str]]:
    """Return the parts of a text: at blanks (a space), at a character, or where a regular expression fits."""
    if separator == " ":
        found: list[str] = [NumericText(part) for part in text.split(None, MAX_FIELDS)]
        return found[:MAX_FIELDS]
    if not text:
        return []
    if not separator:
        return [NumericText(one) for one in text[:MAX_FIELDS]]
    if (len(separator) == 1 and separator not in "|\\^$.[]()*+?{}") or separator in ("|", "."):
        return [NumericText(part) for part in text.split(separator, MAX_FIELDS)]
    return [NumericText(part) for part in (yield from _split_at_pattern(encode(text), separator))]


def _split_at_pattern(data: bytes, separator: str) -> Steps[list[str]]:
    try:
        pattern = compiled(encode(separator), extended=True)
    except BadPatternError:
        return [decode(data)]
    parts: list[str] = []
    at = 0
    for _ in range(MAX_FIELDS):
        yield from turn()  # a search may take ten milliseconds
        found = pattern.search(data, at)
        if found is None or found.end == found.start:
            break
        parts.append(decode(data[at : found.start]))
        at = found.end
    return [*parts, decode(data[at:])]


class Record:
    """The current record with its fields; each follows from the other when it is changed."""

    def __init__(self) -> None:
        self._whole = ""
        self._fields: list[str] | None = []
        self._stale = False

    def set(self, text: str) -> None:
        self._whole, self._fields, self._stale = text[:MAX_TEXT], None, False

    def whole(self, joint: str) -> str:
        if self._stale and self._fields is not None:
            self._whole, self._stale = joint.join(self._fields)[:MAX_TEXT], False
        return NumericText(self._whole)

    def fields(self, separator: str) -> Steps[list[str]]:
        if self._fields is None:
            self._fields = yield from split(self._whole, separator)
        return self._fields

    def set_field(self, index: int, value: str, separator: str) -> Steps[None]:
        fields = yield from self.fields(separator)
        if 0 < index <= MAX_FIELDS:
            fields.extend([""] * (index - len(fields)))
            fields[index - 1] = NumericText(value)
            self._stale = True

    def set_count(self, count: int, separator: str) -> Steps[None]:
        fields = yield from self.fields(separator)
        count = max(0, min(count, MAX_FIELDS))
        del fields[count:]
        fields.extend([""] * (count - len(fields)))
        self._stale = True
