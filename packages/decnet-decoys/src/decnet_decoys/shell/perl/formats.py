# SPDX-License-Identifier: MIT
"""Perl's sprintf, pack and unpack (perlfunc(1), perlpacktut(1))."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from itertools import islice

from decnet_decoys.shell.perl.values import MAX_ITEMS, MAX_TEXT, Value, integer, number, of_bytes, text, to_bytes

MAX_WIDTH = 1000
MAX_PIECES = 2000
"""Conversions of a format, and texts between them."""
_CODES = f"utf-32-{sys.byteorder[0]}e"
_PIECE = re.compile(r"%(?:(%)|([-+ #0]*)(v?)(\*|\d{1,6})?(?:\.(\*|\d{0,6}))?[hlLqV]*([a-zA-Z]))|[^%]+|%")
_TEMPLATE = re.compile(r"\s*([a-zA-Z])([<>!]*)(\d{1,6}|\*|\[\d{1,4}\])?")
_GROUPS = re.compile(r"\(([^()]*)\)(\d{1,4}|\*)?|[^()]+")
_WORDS = {"c": "b", "C": "B", "s": "<h", "S": "<H", "l": "<i", "L": "<I", "q": "<q", "Q": "<Q", "n": ">H", "N": ">I",
          "v": "<H", "V": "<I", "i": "<i", "I": "<I", "j": "<q", "J": "<Q", "f": "<f", "d": "<d"}  # fmt: skip


def formatted(values: list[Value]) -> str:
    """Return the first value filled in with the others."""
    rest = list(values[1:])[::-1]
    found: list[str] = []
    size = 0
    for match in islice(_PIECE.finditer(text(values[0])[:MAX_TEXT] if values else ""), MAX_PIECES):
        found.append(_converted(match, rest) if match[6] else "%" if match[1] else match[0])
        size += len(found[-1])
        if size > MAX_TEXT:
            break
    return "".join(found)


def _converted(match: re.Match[str], rest: list[Value]) -> str:  # noqa: PLR0911  # one return for each kind
    _, flags, dotted, width, precision, letter = match.groups()
    wide = integer((rest.pop() if rest else 0) if width == "*" else int(width or 0), MAX_WIDTH)
    exact = None if precision is None else (rest.pop() if rest else 0) if precision == "*" else int(precision or 0)
    spec = "%" + flags + (str(wide) if wide else "")
    spec += "" if exact is None else f".{max(0, integer(exact, MAX_WIDTH))}"
    value = rest.pop() if rest else None
    if dotted:
        shown = text(value)[: MAX_TEXT // 2 + 1]  # of more the result is too long in any case
        codes = memoryview(shown.encode(_CODES, "surrogatepass")).cast("I")
        return (spec + "s") % ".".join(map(str, codes))
    if letter in "sc":
        return (spec + "s") % (text(value) if letter == "s" else chr(integer(value) % 0x110000))
    if letter in "bB":
        shown = f"{integer(value) & (1 << 64) - 1:b}"
        shown = shown.rjust(abs(wide), "0") if "0" in flags else shown
        return ("%" + flags.replace("0", "").replace("#", "") + (str(wide) if wide else "") + "s") % shown
    try:
        if letter in "diuxXo":
            whole = integer(value)
            return (spec + ("d" if letter in "iu" else letter)) % (whole & (1 << 64) - 1 if letter in "uxXo" else whole)
        if letter in "eEfFgG":
            return (spec + letter) % float(number(value))
    except (OverflowError, ValueError):
        return "Inf"
    return match[0]


def packed(template: str, values: list[Value]) -> str:
    """Return the bytes that a template makes of values."""
    rest, found = list(values)[::-1], bytearray()
    for letter, order, given, to_end in _pieces(template, len(rest)):
        if to_end and not rest:
            break
        count = _count(given, len(rest))
        if letter in "aAZhHbB":
            found += _packed_text(letter, text(rest.pop() if rest else ""), given, count)
        elif letter == "x":
            found += bytes(min(count, MAX_ITEMS))
        elif letter in "Uw":
            found += "".join(chr(integer(rest.pop()) % 0xD800) for _ in range(min(count, len(rest)))).encode()
        elif letter in _WORDS:
            layout = _order(_WORDS[letter], order)
            count = min(count, MAX_ITEMS)
            given_for, rest = rest[::-1][:count], rest[: max(0, len(rest) - count)]
            found += b"".join(_one(layout, value) for value in given_for)
            found += bytes(struct.calcsize(layout) * (count - len(given_for)))
        if len(found) > MAX_TEXT:
            break
    return of_bytes(bytes(found))


def _pieces(template: str, most: int) -> Iterator[tuple[str, str, str, bool]]:
    """Yield letter, byte order and count of all that a template asks for, its groups repeated, MAX_ITEMS in all.

    The last item tells what is of a group that is repeated to the end of what there is, at most so often.
    """
    return islice(_unbounded(template, most), MAX_ITEMS)


def _unbounded(template: str, most: int) -> Iterator[tuple[str, str, str, bool]]:
    for match in _GROUPS.finditer(template[:200]):
        inner, count = match.groups()
        pieces = _TEMPLATE.findall(match[0] if inner is None else inner)
        for _ in range((most if count == "*" else int(count or 1)) if pieces else 0):
            for letter, order, given in pieces:
                yield letter, order, given, count == "*"


def _order(layout: str, order: str) -> str:
    return (">" if ">" in order else "<" if "<" in order else layout[0] if layout[0] in "<>" else "") + layout.lstrip(
        "<>"
    )


def _one(layout: str, value: Value) -> bytes:
    if layout[-1] in "fd":
        try:
            return struct.pack(layout, float(number(value)))
        except OverflowError:
            return struct.pack(layout, 0.0)
    size = struct.calcsize(layout)
    whole = integer(value) & (1 << 8 * size) - 1
    return whole.to_bytes(size, "big" if layout[0] == ">" else "little")


def _count(given: str, whole: int) -> int:
    return whole if given == "*" else int(given.strip("[]") or 1)


def _packed_text(letter: str, value: str, given: str, count: int) -> bytes:
    if letter in "hH":
        digits = re.sub(r"[^0-9a-fA-F]", "0", value if given == "*" else value[:count])
        digits += "0" * (len(digits) % 2)
        data = bytes.fromhex(digits)
        return data if letter == "H" else bytes((one >> 4 | one << 4) & 255 for one in data)
    if letter in "bB":
        bits = re.sub(r"[^01]", "0", value if given == "*" else value[:count])
        bits += "0" * (-len(bits) % 8)
        groups = [bits[at : at + 8] for at in range(0, len(bits), 8)]
        return bytes(int(one if letter == "B" else one[::-1], 2) for one in groups)
    data = to_bytes(value if given == "*" else value[:count])
    if given == "*":
        return data + (b"\0" if letter == "Z" else b"")
    return data[: min(count, MAX_TEXT)].ljust(min(count, MAX_TEXT), b" " if letter == "A" else b"\0")


def unpacked(template: str, whole: str) -> list[Value]:
    """Return the values that a template finds in bytes."""
    data, at = to_bytes(whole), 0
    found: list[Value] = []
    for letter, order, given, to_end in _pieces(template, len(data)):
        if to_end and at >= len(data):
            break
        left = len(data) - at
        if letter in "aAZ":
            piece = data[at : at + _count(given, left)]
            at += len(piece)
            piece = piece.rstrip(b" \0\n") if letter == "A" else piece.partition(b"\0")[0] if letter == "Z" else piece
            found.append(of_bytes(piece))
        elif letter in "hHbB":
            per = 2 if letter in "hH" else 8
            count = _count(given, left * per)
            piece = data[at : at + -(-count // per)]
            at += len(piece)
            found.append(_unpacked_text(letter, piece)[:count])
        elif letter == "x":
            at += _count(given, left)
        elif letter == "U":
            found += [ord(one) for one in data[at:].decode("utf-8", "replace")[: _count(given, left)]]
            at = len(data)
        elif letter in _WORDS:
            layout = _order(_WORDS[letter], order)
            size = struct.calcsize(layout)
            for _ in range(min(_count(given, left // size), left // size, MAX_ITEMS)):
                found.append(struct.unpack_from(layout, data, at)[0])
                at += size
    return found[:MAX_ITEMS]


def _unpacked_text(letter: str, piece: bytes) -> str:
    if letter == "H":
        return piece.hex()
    if letter == "h":
        return "".join(f"{one & 15:x}{one >> 4:x}" for one in piece)
    if letter == "B":
        return f"{int.from_bytes(piece, 'big'):0{8 * len(piece)}b}"[: 8 * len(piece)]
    return f"{int.from_bytes(piece, 'little'):0{8 * len(piece)}b}"[::-1][: 8 * len(piece)]
