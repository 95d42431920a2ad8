# SPDX-License-Identifier: MIT
"""Functions of SQL that need nothing but their arguments; how many they take, and what they make of them."""

import base64
import binascii
import hashlib
import math
import zlib
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from decnet_decoys.mysql.authentication import hashed
from decnet_decoys.mysql.functions import dates, json_values, numbers, patterns, times, words
from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.values import MOST, Value, compared, number, raw, text, truth, within


def _concat(given: Sequence[Value]) -> Value:
    if any(isinstance(one, bytes) for one in given):
        return _fits(b"".join(map(raw, given)))
    return _fits("".join(map(text, given)))


def _fits(value: str | bytes) -> Value:
    return value if len(value) <= MOST else None


def _substring(given: Sequence[Value]) -> Value:
    whole = given[0] if isinstance(given[0], bytes) else text(given[0])
    start = int(number(given[1]))
    size = int(number(given[2])) if len(given) > 2 else len(whole)
    if start == 0 or size <= 0 or abs(start) > len(whole):
        return "" if isinstance(whole, str) else b""
    place = start - 1 if start > 0 else len(whole) + start
    return whole[place : place + size]


def _repeat(given: Sequence[Value]) -> Value:
    value, times = text(given[0]), int(number(given[1]))
    if len(value) * times > MOST:
        return None
    step(len(value) * max(0, times) // 1024)
    return value * max(0, times)


def _replace(given: Sequence[Value]) -> Value:
    whole, old, new = map(text, given)
    if not old:
        return whole
    if len(whole) + whole.count(old) * len(new) > MOST:
        return None
    return whole.replace(old, new)


def _padded(given: Sequence[Value], *, left: bool) -> Value:
    value, size, fill = text(given[0]), int(number(given[1])), text(given[2]) if len(given) > 2 else " "
    if size < 0 or size > MOST:
        return None
    if len(value) >= size:
        return value[:size]
    if not fill:
        return ""
    more = (fill * (size // len(fill) + 1))[: size - len(value)]
    return more + value if left else value + more


def _hex(given: Sequence[Value]) -> Value:
    value = given[0]
    return f"{value & (1 << 64) - 1:X}" if isinstance(value, int) else raw(value).hex().upper()


def _unhex(given: Sequence[Value]) -> Value:
    digits = text(given[0])
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    except ValueError:
        return None


def _char(given: Sequence[Value]) -> Value:
    numbers = (int(number(one)) & 0xFFFFFFFF for one in given if one is not None)
    return b"".join(one.to_bytes(max(1, (one.bit_length() + 7) // 8), "big") for one in numbers)


def _sha2(given: Sequence[Value]) -> Value:
    size = int(number(given[1])) or 256
    return hashlib.new(f"sha{size}", raw(given[0])).hexdigest() if size in (224, 256, 384, 512) else None


def _old_password(given: Sequence[Value]) -> Value:
    """Return the hash of MySQL before 4.1."""
    word = raw(given[0])[:4096]
    if not word:
        return ""
    one, add, two = 1345345333, 7, 0x12345671
    for byte in word:
        if byte in b" \t":
            continue
        one ^= (((one & 63) + add) * byte + (one << 8)) & 0xFFFFFFFFFFFFFFFF
        two = (two + ((two << 8) ^ one)) & 0xFFFFFFFFFFFFFFFF
        add += byte
    return f"{one & 0x7FFFFFFF:08x}{two & 0x7FFFFFFF:08x}"


def _from_base64(given: Sequence[Value]) -> Value:
    try:
        return base64.b64decode(raw(given[0]), validate=True)
    except (binascii.Error, ValueError):
        return None


def _rounded(given: Sequence[Value]) -> Value:
    found, places = number(given[0]), int(number(given[1])) if len(given) > 1 else 0
    if isinstance(found, int) and places >= 0:
        return found
    exact = Decimal(str(found)).quantize(Decimal(1).scaleb(-max(-30, min(30, places))), ROUND_HALF_UP)
    return float(exact) if isinstance(found, float) else int(exact) if places <= 0 else exact


def _absolute(given: Sequence[Value]) -> Value:
    found = number(given[0])
    return -found if found < 0 else found


def _whole(rounding: Callable[[float], int]) -> Made:
    return lambda given: rounding(float(number(given[0])))


def _floating(compute: Callable[[float], float]) -> Made:
    def made(given: Sequence[Value]) -> Value:
        try:
            return compute(float(number(given[0])))
        except (ValueError, OverflowError):
            return None

    return made


def _first(given: Sequence[Value]) -> Value:
    return next((one for one in given if one is not None), None)


def _position(whole: Value, part: Value) -> Value:
    return text(whole).lower().find(text(part).lower()) + 1


def _concat_ws(given: Sequence[Value]) -> Value:
    return None if given[0] is None else _fits(text(given[0]).join(text(one) for one in given[1:] if one is not None))


def _chosen(given: Sequence[Value], better: int) -> Value:
    best = given[0]
    for one in given[1:]:
        if compared(one, best) == better:
            best = one
    return best


def _elt(given: Sequence[Value]) -> Value:
    place = int(number(given[0])) if given[0] is not None else 0
    return given[place] if 0 < place < len(given) else None


_ANY: Final = 64
FUNCTIONS: Final[dict[str, Function]] = {
    "concat": Function(1, _ANY, _concat),
    "concat_ws": Function(2, _ANY, _concat_ws, strict=False),
    "upper": Function(1, 1, lambda given: text(given[0]).upper()),
    "ucase": Function(1, 1, lambda given: text(given[0]).upper()),
    "lower": Function(1, 1, lambda given: text(given[0]).lower()),
    "lcase": Function(1, 1, lambda given: text(given[0]).lower()),
    "reverse": Function(1, 1, lambda given: text(given[0])[::-1]),
    "trim": Function(1, 1, lambda given: text(given[0]).strip(" ")),
    "ltrim": Function(1, 1, lambda given: text(given[0]).lstrip(" ")),
    "rtrim": Function(1, 1, lambda given: text(given[0]).rstrip(" ")),
    "length": Function(1, 1, lambda given: len(raw(given[0]))),
    "octet_length": Function(1, 1, lambda given: len(raw(given[0]))),
    "bit_length": Function(1, 1, lambda given: 8 * len(raw(given[0]))),
    "char_length": Function(1, 1, lambda given: len(text(given[0]))),
    "character_length": Function(1, 1, lambda given: len(text(given[0]))),
    "substring": Function(2, 3, _substring),
    "substr": Function(2, 3, _substring),
    "mid": Function(2, 3, _substring),
    "left": Function(2, 2, lambda given: text(given[0])[: max(0, int(number(given[1])))]),
    "right": Function(2, 2, lambda given: text(given[0])[-int(number(given[1])) :] if number(given[1]) > 0 else ""),
    "repeat": Function(2, 2, _repeat),
    "replace": Function(3, 3, _replace),
    "space": Function(1, 1, lambda given: _repeat((" ", given[0]))),
    "lpad": Function(2, 3, lambda given: _padded(given, left=True)),
    "rpad": Function(2, 3, lambda given: _padded(given, left=False)),
    "hex": Function(1, 1, _hex),
    "unhex": Function(1, 1, _unhex),
    "char": Function(1, _ANY, _char, strict=False),
    "ascii": Function(1, 1, lambda given: (raw(given[0]) or b"\0")[0]),
    "ord": Function(1, 1, lambda given: int.from_bytes(text(given[0])[:1].encode("utf-8", "surrogateescape"), "big")),
    "md5": Function(1, 1, lambda given: hashlib.md5(raw(given[0])).hexdigest()),  # noqa: S324
    "sha1": Function(1, 1, lambda given: hashlib.sha1(raw(given[0])).hexdigest()),  # noqa: S324
    "sha": Function(1, 1, lambda given: hashlib.sha1(raw(given[0])).hexdigest()),  # noqa: S324
    "sha2": Function(2, 2, _sha2),
    "password": Function(1, 1, lambda given: hashed(raw(given[0]))),
    "old_password": Function(1, 1, _old_password),
    "to_base64": Function(1, 1, lambda given: base64.b64encode(raw(given[0])).decode()),
    "from_base64": Function(1, 1, _from_base64),
    "crc32": Function(1, 1, lambda given: zlib.crc32(raw(given[0]))),
    "locate": Function(2, 2, lambda given: _position(given[1], given[0])),
    "instr": Function(2, 2, lambda given: _position(given[0], given[1])),
    "abs": Function(1, 1, _absolute),
    "round": Function(1, 2, _rounded),
    "floor": Function(1, 1, _whole(math.floor)),
    "ceil": Function(1, 1, _whole(math.ceil)),
    "ceiling": Function(1, 1, _whole(math.ceil)),
    "sqrt": Function(1, 1, _floating(math.sqrt)),
    "exp": Function(1, 1, _floating(math.exp)),
    "ln": Function(1, 1, _floating(math.log)),
    "sign": Function(1, 1, lambda given: (number(given[0]) > 0) - (number(given[0]) < 0)),
    "if": Function(3, 3, lambda given: given[1] if truth(given[0]) else given[2], strict=False),
    "ifnull": Function(2, 2, _first, strict=False),
    "coalesce": Function(1, _ANY, _first, strict=False),
    "nullif": Function(2, 2, lambda given: None if compared(given[0], given[1]) == 0 else given[0], strict=False),
    "isnull": Function(1, 1, lambda given: int(given[0] is None), strict=False),
    "elt": Function(2, _ANY, _elt, strict=False),
    "greatest": Function(2, _ANY, lambda given: _chosen(given, 1)),
    "least": Function(2, _ANY, lambda given: _chosen(given, -1)),
    "strcmp": Function(2, 2, lambda given: compared(text(given[0]), text(given[1]))),
    "quote": Function(1, 1, lambda given: "'" + text(given[0]).replace("\\", "\\\\").replace("'", "\\'") + "'"),
    "bin": Function(1, 1, lambda given: f"{int(number(given[0])) & (1 << 64) - 1:b}"),
    **dates.FUNCTIONS,
    **times.FUNCTIONS,
    **json_values.FUNCTIONS,
    **patterns.FUNCTIONS,
    **numbers.FUNCTIONS,
    **words.FUNCTIONS,
}


def made_by(name: str, given: Sequence[Value]) -> Value:
    """Return what a function makes; NULL of what it cannot be made of, and of what would be too long."""
    for one in given:
        sized(one)
    if name == "old_password":
        step(len(raw(given[0])[:4096]))
    try:
        made = FUNCTIONS[name].made(given)
    except (ArithmeticError, ValueError):
        return None
    sized(made)
    if isinstance(made, str | bytes):
        return made if len(made) <= MOST else None
    return within(made) if isinstance(made, float) else made


AGGREGATES: Final = frozenset(("count", "sum", "avg", "min", "max", "group_concat"))
