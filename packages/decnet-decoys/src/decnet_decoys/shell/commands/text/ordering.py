# SPDX-License-Identifier: MIT
"""Commands that order lines and drop repeated ones: sort, uniq, shuf (POSIX.1-2017; GNU coreutils)."""

import heapq
import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.environment.collation import lines_in_locale
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_LINE, MAX_OUTPUT, InputFile
from decnet_decoys.shell.syntax.escapes import unescape

MAX_SORTED = MAX_OUTPUT + MAX_LINE
"""Bytes that `sort` takes, line feeds included: what a pipe carries. For more it has no room, as sort(1) puts it."""
RUN = 500
"""Lines sorted at once."""
MAX_KEYS = 8
MAX_FIELDS = 1000
"""Of a line, that keys can name."""
_BLANK_FIELD = re.compile(rb"[ \t]*[^ \t]*")
_NUMBER = re.compile(rb"[ \t]*(-?\d{0,18}(?:\.\d{0,18})?)")
_SUFFIXES = {b"": 0, b"K": 1, b"k": 1, b"M": 2, b"G": 3, b"T": 4, b"P": 5, b"E": 6}
_MONTHS = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_LONG = {"reverse": "r", "numeric-sort": "n", "unique": "u", "key": "k:", "field-separator": "t:", "output": "o:",
         "human-numeric-sort": "h", "ignore-case": "f", "version-sort": "V",
         "random-sort": "R", "check": "c?", "stable": "s",
         "general-numeric-sort": "g", "month-sort": "M",
         "ignore-leading-blanks": "b", "dictionary-order": "d"}  # fmt: skip


class _TooMuchError(DecoysError):
    """There is more to sort than MAX_SORTED."""


class _Key(NamedTuple):
    """Of which fields and characters, and how they are compared."""

    first: int
    skip: int
    last: int
    length: int
    letters: str


@command("sort")
def sort(call: Call) -> Effects:
    """Sort lines. Short runs are sorted and merged, so that no step takes long."""
    found = options(call, "rnuk:t:o:hfVRcCsgMbdimzS:T:", _LONG, status=2)
    key, reverse = _ordering(found, lines_in_locale(call.shell.variables))
    sources = []
    for path in found.operands or ["-"]:
        yield from turn()
        try:
            sources.append((yield from call.input()) if path == "-" else InputFile(path, call.content(path)))
        except FileSystemError as error:
            return call.fail(
                f"cannot read: {path}: {error}" if "Is a" not in str(error) else f"read failed: {path}: {error}", 2
            )
    if found.any("cC"):
        return (yield from _checked(call, sources[0], key, found))
    end = b"\0" if "z" in found else b"\n"
    try:
        runs = yield from _runs(sources, key, end, reverse=reverse)
    except _TooMuchError:
        return call.fail(f"write failed: /tmp/sort{call.shell.pid % 4096:03x}kQx: No space left on device", 2)
    out = call.runner.buffer() if "o" in found else call.out
    last: Any = None
    first: dict[bytes, Any] = {}
    for run in filter(None, runs):  # whose keys `merge` wants at once
        first[run[0]] = key(run[0])
        yield from turn()
    for line in heapq.merge(*runs, key=lambda line: first[line] if line in first else key(line), reverse=reverse):
        this = key(line)[0] if "u" in found else None
        if "u" not in found or this != last:
            out.write(line + end)
        last = this
        yield from turn()
    if "o" in found:
        data = out.take()
        yield from call.runner.save(found.last("o"), data, err=call.err)
    return 0


def _checked(call: Call, source: InputFile, key: Callable[[bytes], Any], found: Options) -> Effects:
    last: bytes | None = None
    for number, line in enumerate(source.lines(), 1):
        yield from turn()
        if last is not None and key(line) < key(last):
            if "c" in found:
                call.fail(f"{source.name}:{number}: disorder: {line.decode('utf-8', 'replace')}")
            return 1
        last = line
    return 0


def _ordering(found: Options, place: Callable[[bytes], Any]) -> tuple[Callable[[bytes], Any], bool]:
    """Return the key by which lines are sorted, and whether all are in reverse."""
    everywhere = "".join(letter for letter in "nhfVgMbdRr" if letter in found)
    keys = [_parsed(text, everywhere) for text in found.values.get("k", [])[:MAX_KEYS]]
    separator = encode(unescape(found.last("t"))[0]) if "t" in found else None
    last = not found.any("su")
    if not keys:
        convert = _converter(everywhere, place)
        if convert is place:
            return (lambda line: (place(line),)), "r" in found
        return (lambda line: (convert(line), place(line) if last else b"")), "r" in found
    fields = [(key, _converter(key.letters, place)) for key in keys]
    down = ["r" in key.letters for key in keys]
    if all(down) or not any(down):
        return (lambda line: (tuple(convert(_field(line, key, separator)) for key, convert in fields),
                              place(line) if last else b"")), all(down)  # fmt: skip

    def sorted_by(line: bytes) -> tuple[Any, bytes]:
        values = [convert(_field(line, key, separator)) for key, convert in fields]
        turned = (_Reversed(value) if is_down else value for value, is_down in zip(values, down, strict=True))
        return tuple(turned), place(line) if last else b""

    return sorted_by, False


class _Reversed:
    """Compares the other way round: a key with r among others without."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "_Reversed") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]  # never a key


def _parsed(text: str, everywhere: str) -> _Key:
    match = re.fullmatch(
        r"(\d{1,6})(?:\.(\d{1,6}))?([bdfgiMhnRrV]*)(?:,(\d{1,6})(?:\.(\d{1,6}))?([bdfgiMhnRrV]*))?", text
    )
    if match is None:
        raise UsageError(f"invalid number at field start: invalid count at start of {quoted(text)}", 2)
    first, skip, letters, last, length, more = match.groups()
    if int(first) == 0:
        raise UsageError(f"field number is zero: invalid field specification {quoted(text)}", 2)
    own = letters + (more or "")
    return _Key(int(first), max(0, int(skip or 1) - 1), int(last or 0), int(length or 0), own or everywhere)


def _field(line: bytes, key: _Key, separator: bytes | None) -> bytes:
    if separator:
        fields = line.split(separator, MAX_FIELDS)
    else:
        fields = [found[0] for found in islice(_BLANK_FIELD.finditer(line[:MAX_LINE]), MAX_FIELDS)]
    chosen = fields[key.first - 1 : key.last or None]
    whole = (separator or b"").join(chosen)
    return whole[key.skip : key.skip + key.length] if key.length and key.first == key.last else whole[key.skip :]


def _converter(letters: str, place: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    for letter, convert in (("h", _human), ("n", _numeric), ("g", _numeric), ("V", _version), ("M", _month)):
        if letter in letters:
            return convert
    if "f" in letters:
        return lambda line: place(line.upper())
    if "b" in letters:
        return lambda line: place(line.lstrip())
    return place


def _numeric(line: bytes) -> float:
    match = _NUMBER.match(line)
    try:
        return float(match[1]) if match and match[1] not in (b"", b"-", b".", b"-.") else 0.0
    except ValueError:
        return 0.0


def _human(line: bytes) -> tuple[int, float]:
    match = re.match(rb"[ \t]*(-?\d{0,18}(?:\.\d{0,18})?)([KkMGTPE]?)", line)
    number = _numeric(line)
    power = _SUFFIXES[match[2]] if match and number else 0
    return (-power if number < 0 else power), number


def _version(line: bytes) -> list[tuple[int, bytes]]:
    return [(int(digits or 0), text) for text, digits in re.findall(rb"(\D{0,64})(\d{0,18})", line[:256])]


def _month(line: bytes) -> int:
    name = line.strip()[:3].upper()
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def _runs(
    sources: list[InputFile], key: Callable[[bytes], Any], end: bytes, *, reverse: bool
) -> Steps[list[list[bytes]]]:
    runs: list[list[bytes]] = []
    taken = 0
    pairs: list[tuple[Any, bytes]] = []
    """A run's lines with their keys: to compute one may take a millisecond, so there is a turn after each."""
    for source in sources:
        for line in source.lines(end_mark=end):
            taken += len(line) + 1
            if taken > MAX_SORTED:
                raise _TooMuchError
            pairs.append((key(line), line))
            if len(pairs) == RUN:
                runs.append(_ordered(pairs, reverse=reverse))
                pairs = []
            yield from turn()
    return [*runs, _ordered(pairs, reverse=reverse)]


def _ordered(pairs: list[tuple[Any, bytes]], *, reverse: bool) -> list[bytes]:
    pairs.sort(key=itemgetter(0), reverse=reverse)
    return [line for _, line in pairs]


_UNIQ = {"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i", "skip-fields": "f:", "skip-chars": "s:",
         "check-chars": "w:"}  # fmt: skip


@command("uniq")
def uniq(call: Call) -> Effects:
    """Drop repeated neighbours; -c counts them, -d shows only those, -u only the others."""
    found = options(call, "cduif:s:w:Dz", _UNIQ)
    sources = yield from call.sources(found.operands[:1])
    for line, times in _neighbours(sources, found):
        yield from turn()
        if line is None or ("d" in found and times < 2) or ("u" in found and times > 1):
            continue
        call.out.write((b"%7d " % times if "c" in found else b"") + line + b"\n")
    return int(not sources)


def _neighbours(sources: list[InputFile], found: Options) -> Iterator[tuple[bytes | None, int]]:
    """Yield each line that differs from the one before with how often it stood there; and None for each read."""
    kept: bytes | None = None
    compared, times = b"", 0
    for source in sources:
        for line in source.lines():
            this = _compared(line, found)
            if kept is not None and this == compared:
                times += 1
            else:
                yield kept, times
                kept, compared, times = line, this, 1
            yield None, 0
    yield kept, times


def _compared(line: bytes, found: Options) -> bytes:
    fields, characters = found.last("f"), found.last("s")
    if fields.isdecimal() and len(fields) < 4:
        for _ in range(int(fields)):
            line = line.lstrip().partition(b" ")[2]
    if characters.isdecimal() and len(characters) < 6:
        line = line[int(characters) :]
    if found.last("w").isdecimal() and len(found.last("w")) < 6:
        line = line[: int(found.last("w"))]
    return line.lower() if "i" in found else line


@command("shuf")
def shuf(call: Call) -> Effects:
    """Write lines, or with -i numbers and with -e arguments, in random order."""
    found = options(call, "n:i:ereo:z", {"head-count": "n:", "input-range": "i:", "echo": "e", "repeat": "r"})
    lines: list[bytes] = []
    if "i" in found:
        low, _, high = found.last("i").partition("-")
        if not (low.isdecimal() and high.isdecimal() and len(low) < 9 and len(high) < 9):
            return call.fail(f"invalid input range: {quoted(found.last('i'))}")
        lines = [b"%d" % number for number in range(int(low), min(int(high), int(low) + 20_000) + 1)]
    elif "e" in found:
        lines = [encode(arg) for arg in found.operands]
    else:
        for source in (yield from call.sources(found.operands)):
            for line in source.lines():
                yield from turn()
                if len(lines) < 50_000:
                    lines.append(line)
    asked = found.last("n")
    drawing = random.Random(call.shell.now)  # noqa: S311  # an order, not a secret
    for _ in range(min(len(lines), int(asked) if asked.isdecimal() and len(asked) < 9 else len(lines))):
        place = drawing.randrange(len(lines))
        lines[place], lines[-1] = lines[-1], lines[place]
        call.out.write(lines.pop() + b"\n")
        yield from turn()
    return 0
