# SPDX-License-Identifier: MIT
"""Functions of text that look for a part of it, and of addresses."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from decnet_decoys.mysql.functions.function import Function
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import Value, compared, number, text


def _before(given: Sequence[Value]) -> Value:
    """Return what stands before the n-th delimiter; after it, counted from the end, if n is negative."""
    whole, delimiter, count = text(given[0]), text(given[1]), int(number(given[2]))
    if not delimiter or not count:
        return ""
    step(whole.count(delimiter) // 8)
    parts = whole.split(delimiter)
    return delimiter.join(parts[:count] if count > 0 else parts[count:])


def _inserted(given: Sequence[Value]) -> Value:
    whole, place, size, new = text(given[0]), int(number(given[1])), int(number(given[2])), text(given[3])
    if not 1 <= place <= len(whole):
        return whole
    end = place - 1 + size if 0 <= size <= len(whole) - place else len(whole)
    return whole[: place - 1] + new + whole[end:]


def _field(given: Sequence[Value]) -> Value:
    return next((place for place, one in enumerate(given[1:], 1) if compared(given[0], one) == 0), 0)


def _in_set(given: Sequence[Value]) -> Value:
    one, among = text(given[0]), text(given[1])
    step(among.count(","))
    return next((place for place, each in enumerate(among.split(","), 1) if among and compared(one, each) == 0), 0)


def _number_of_address(given: Sequence[Value]) -> Value:
    try:
        return int(ipaddress.IPv4Address(text(given[0])[:32]))
    except ValueError:
        return None


def _address_of_number(given: Sequence[Value]) -> Value:
    value = int(number(given[0]))
    return str(ipaddress.IPv4Address(value)) if 0 <= value < 1 << 32 else None


FUNCTIONS: Final[dict[str, Function]] = {
    "substring_index": Function(3, 3, _before),
    "insert": Function(4, 4, _inserted),
    "field": Function(2, 64, _field, strict=False),
    "find_in_set": Function(2, 2, _in_set),
    "inet_aton": Function(1, 1, _number_of_address),
    "inet_ntoa": Function(1, 1, _address_of_number),
}
