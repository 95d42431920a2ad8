# SPDX-License-Identifier: MIT
"""A bounded DER parser (ITU-T X.690), as much as certificates need: definite lengths, one-byte tags."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from decnet_core.errors import CoreError

BOOLEAN, INTEGER, OCTETS, OID, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
UTF8, NUMERIC, PRINTABLE, TELETEX, IA5, VISIBLE, UNIVERSAL, BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E

_MOST_LENGTH_BYTES = 4
_MOST_ITEMS = 1024


class DerError(CoreError, ValueError):
    """The bytes are not valid; the message says what was expected."""


class Item(NamedTuple):
    """One value with its tag."""

    tag: int
    content: bytes

    def expect(self, tag: int, what: str) -> bytes:
        """Return the content; raises DerError when the tag is another."""
        if self.tag != tag:
            raise DerError(f"no {what}")
        return self.content


def items(data: bytes) -> Iterator[Item]:
    """Yield the values that `data` consists of, at most 1024; raises DerError."""
    at = 0
    for _ in range(_MOST_ITEMS):
        if at >= len(data):
            return
        item, at = item_at(data, at)
        yield item
    raise DerError("too many values")


def item_at(data: bytes, at: int) -> tuple[Item, int]:
    """Return the value at `at` and the offset of the next one; raises DerError."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        raise DerError("a value is cut short, or has a long tag")
    tag, length, begin = data[at], data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= _MOST_LENGTH_BYTES:
            raise DerError("a length of no bounds")
        length, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + length > len(data):
        raise DerError("a value is cut short")
    return Item(tag, data[begin : begin + length]), begin + length


def text(item: Item) -> str:
    """Return a character string of any type; one that is invalid for its type is shown escaped."""
    if item.tag == BMP:
        return item.content.decode("utf-16-be", "backslashreplace")
    if item.tag == UNIVERSAL:
        return item.content.decode("utf-32-be", "backslashreplace")
    if item.tag == TELETEX:
        return item.content.decode("latin-1")
    return item.content.decode("utf-8", "backslashreplace")


def oid(content: bytes) -> str:
    """Return an object identifier in dotted form; raises DerError."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise DerError("no object identifier")
    numbers: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def seconds(item: Item) -> int | None:
    """Return a time in seconds since the epoch; two-digit years mean 1950 to 2049 (RFC 5280 §4.1.2.5.1)."""
    digits = item.content.decode("latin-1").removesuffix("Z")
    if item.tag == UTC_TIME:
        digits = ("20" if digits[:2] < "50" else "19") + digits
    if not (len(digits) == 14 and digits.isascii() and digits.isdigit()):
        return None
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    try:
        return int(datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None
