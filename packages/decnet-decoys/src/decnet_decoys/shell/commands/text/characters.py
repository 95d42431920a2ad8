# SPDX-License-Identifier: MIT
"""Commands that change characters: tr, rev, fold, expand, unexpand, iconv, nl (POSIX.1-2017)."""

import codecs
import re
from encodings.aliases import aliases
from typing import NamedTuple

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode, quoted
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_LINE
from decnet_decoys.shell.syntax.escapes import unescape

MAX_SET = 1024
"""Characters of a set of tr."""
MAX_EXPANDED = 4 * MAX_LINE
"""Bytes that `expand` makes of a line."""
_OF_PYTHON = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"))
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z", "space": " \t\n\r\f\v",
    "blank": " \t", "punct": "!-/:-@[-`{-~",
    "print": " -~", "graph": "!-~", "cntrl": "\x00-\x1f\x7f", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_UNIT = re.compile(rb"\[:([a-z]{1,8}):\]|(.)-(.)|\[(.)\*(\d{0,6})\]|(.)", re.DOTALL)


class _Change(NamedTuple):
    """What tr does to bytes."""

    table: bytes | None
    deleted: bytes
    squeezed: bytes


@command("tr")
def tr(call: Call) -> Effects:
    """Translate (two sets), delete (-d), squeeze (-s) bytes; -c takes those that are in none."""
    found = options(call, "cCdst", {"complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"})
    change = _change(call, found)
    squeeze = re.compile(b"([" + re.escape(change.squeezed) + rb"])\1+", re.DOTALL) if change.squeezed else None
    last = b""
    for piece in (yield from call.input()).pieces():
        changed = piece.translate(change.table, change.deleted)
        if squeeze is not None and changed:
            if last and last in change.squeezed:
                changed = changed.lstrip(last)
            changed = squeeze.sub(rb"\1", changed)
            last = changed[-1:] or last
        call.out.write(changed)
        yield from turn()
    return 0


def _change(call: Call, found: Options) -> _Change:
    sets = found.operands
    both = "d" in found and "s" in found
    _check(call, sets, found, least=2 if both or not found.any("ds") else 1)
    first = _set(sets[0])
    if found.any("cC"):
        first = bytes(sorted(set(range(256)) - set(first)))
    second = _set(sets[1]) if len(sets) == 2 else b""
    if "d" in found:
        return _Change(None, first, second if both else b"")
    if len(sets) == 2:
        return _Change(_table(first, second), b"", second if "s" in found else b"")
    return _Change(None, b"", first)


def _check(call: Call, sets: list[str], found: Options, least: int) -> None:
    if not sets:
        raise tried(call, "missing operand")
    if len(sets) < least:
        doing = "both deleting and squeezing repeats" if "d" in found else "translating"
        raise tried(call, f"missing operand after {quoted(sets[-1])}\nTwo strings must be given when {doing}.")
    if len(sets) > 2 or (len(sets) == 2 and "d" in found and "s" not in found):
        only = "\nOnly one string may be given when deleting without squeezing repeats." if "d" in found else ""
        raise tried(call, f"extra operand {quoted(sets[2 if len(sets) > 2 else 1])}{only}")


def _set(text: str) -> bytes:
    data = encode(unescape(text[:MAX_SET])[0])
    found = bytearray()
    for match in _UNIT.finditer(data):
        name, low, high, repeated, times, one = match.groups()
        if name is not None:
            found += _set(_CLASSES.get(name.decode(), ""))
        elif low is not None:
            if high < low:
                shown = f"{decode(low)}-{decode(high)}"
                raise UsageError(f"range-endpoints of '{shown}' are in reverse collating sequence order")
            found += bytes(range(low[0], high[0] + 1))
        elif repeated is not None:
            found += repeated * min(int(times or 256), 256)
        else:
            found += one
    return bytes(found)


def _table(first: bytes, second: bytes) -> bytes:
    if not second:
        raise UsageError("when not truncating set1, string2 must be non-empty")
    table = bytearray(range(256))
    for index, byte in enumerate(first):
        table[byte] = second[min(index, len(second) - 1)]
    return bytes(table)


@command("rev")
def rev(call: Call) -> Effects:
    for source in (yield from call.sources(options(call, "").operands)):
        for line in source.lines(ends=True):
            body = line.removesuffix(b"\n")
            call.out.write(encode(decode(body)[::-1]) + line[len(body) :])
            yield from turn()
    return 0


@command("fold")
def fold(call: Call) -> Effects:
    """Break lines at a width (-w)."""
    found = options(call, "bsw:", {"width": "w:", "spaces": "s", "bytes": "b"})
    asked = found.last("w", "80")
    if not asked.isdecimal() or not 0 < len(asked) < 9 or not int(asked):
        raise UsageError(f"invalid number of columns: {quoted(asked)}")
    width = int(asked)
    for source in (yield from call.sources(found.operands)):
        for line in source.lines(ends=True):
            body = line.removesuffix(b"\n")
            pieces = []
            while len(body) > width:
                cut = body.rfind(b" ", 0, width) + 1 if "s" in found else 0
                pieces.append(body[: cut or width])
                body = body[cut or width :]
                yield from turn()
            call.out.write(b"\n".join([*pieces, body]) + (b"\n" if line.endswith(b"\n") else b""))
            yield from turn()
    return 0


@command("expand", "unexpand")
def expand(call: Call) -> Effects:
    """Turn tabs into blanks, or leading blanks into tabs."""
    found = options(call, "iat:", {"tabs": "t:", "initial": "i", "all": "a"})
    asked = found.last("t", "8")
    size = int(asked) if asked.isdecimal() and 0 < len(asked) < 4 else 8
    for source in (yield from call.sources(found.operands)):
        for line in source.lines(ends=True):
            if call.name == "expand":
                call.out.write(_expanded(line, size or 8))
            else:
                body = line.lstrip(b" ")
                blanks = len(line) - len(body)
                call.out.write(b"\t" * (blanks // (size or 8)) + b" " * (blanks % (size or 8)) + body)
            yield from turn()
    return 0


def _expanded(line: bytes, size: int) -> bytes:
    """Return a line with its tabs as blanks, up to MAX_EXPANDED bytes."""
    if len(line) + line.count(b"\t") * size <= MAX_EXPANDED:
        return line.expandtabs(size)
    found = bytearray()
    for piece in line.split(b"\t"):
        found += piece + b" " * (size - (len(found) + len(piece)) % size)
        if len(found) > MAX_EXPANDED:
            break
    return bytes(found[:MAX_EXPANDED])


@command("iconv")
def iconv(call: Call) -> Effects:
    """Convert between encodings (-f, -t)."""
    found = options(call, "f:t:clo:s", {"from-code": "f:", "to-code": "t:", "list": "l", "output": "o:"})
    before, after = (found.last(letter, "utf-8").partition("//")[0] for letter in "ft")
    if not _known(before) or not _known(after):
        raise UsageError(
            f"conversion from {quoted(before)} is not supported"
            + "\nTry `iconv --help' or `iconv --usage' for more information."
        )
    for source in (yield from call.sources(found.operands)):
        for line in source.lines(ends=True):
            try:
                call.out.write(line.decode(before).encode(after))
            except UnicodeError:
                return call.fail("cannot convert")
            yield from turn()
    return 0


_ENCODINGS = frozenset((*aliases, *aliases.values(), "koi8_u", "cp720"))


def _known(name: str) -> bool:
    """Return whether iconv has an encoding: Python's own are slow (punycode takes the square of a line) or none."""
    if name.lower().replace("-", "_") not in _ENCODINGS:  # Python keeps each name that it was ever asked for
        return False
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return found._is_text_encoding and found.name not in _OF_PYTHON


MAX_NUMBER_WIDTH = 100


def _small(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 10 else 1


@command("nl")
def nl(call: Call) -> Effects:
    """Number the lines: those that are not empty, or all (-ba)."""
    found = options(call, "b:n:s:w:v:i:h:f:d:l:p", {"body-numbering": "b:"})
    everything = found.last("b", "t") == "a"
    width, number, step = (_small(found.last(letter, usual)) for letter, usual in (("w", "6"), ("v", "1"), ("i", "1")))
    width, number = max(1, min(width, MAX_NUMBER_WIDTH)), number - step
    for source in (yield from call.sources(found.operands)):
        for line in source.lines():
            if line or everything:
                number += step
                call.out.write(f"{number:{width}}{found.last('s', chr(9))}".encode() + line + b"\n")
            else:
                call.out.write(b" " * (width + 1) + b"\n")
            yield from turn()
    return 0
