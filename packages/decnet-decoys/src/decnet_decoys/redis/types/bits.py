# SPDX-License-Identifier: MIT
"""Commands of the bits of strings beside those of one bit: BITCOUNT, BITOP, BITPOS."""

from collections.abc import Callable

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import MAX_BYTES, Full
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.strings import between

_JOINS: dict[bytes, Callable[[int, int], int]] = {
    b"AND": lambda one, two: one & two, b"OR": lambda one, two: one | two, b"XOR": lambda one, two: one ^ two,
}  # fmt: skip
_MOST_JOINED = 16 * MAX_BYTES
"""Bytes that one command joins: a millisecond's work."""


def bitop(client: Client, given: Arguments) -> Reply:
    word, target, *names = given
    how = word.upper()
    if how not in (*_JOINS, b"NOT"):
        return SYNTAX
    if how == b"NOT" and len(names) != 1:
        return Error("ERR BITOP NOT must be called with a single source key.")
    values = [client.keys.string(name) or b"" for name in names]
    size = max(map(len, values))
    if size * len(values) > _MOST_JOINED:
        raise Full
    made = int.from_bytes(values[0].ljust(size, b"\0"))
    if how == b"NOT":
        made ^= (1 << 8 * size) - 1
    for value in values[1:]:
        made = _JOINS[how](made, int.from_bytes(value.ljust(size, b"\0")))
    if size:
        client.keys.put(target, made.to_bytes(size))
    else:
        client.keys.remove(target)
    return size


def bitpos(client: Client, given: Arguments) -> Reply:
    key, bit, *limits = given
    if bit not in (b"0", b"1"):
        return Error("ERR The bit argument must be 1 or 0.") if number(bit) is not None else NOT_A_NUMBER
    whole = client.keys.string(key)
    in_bits = len(limits) == 3 and limits[2].upper() == b"BIT"
    if len(limits) > 3 or (len(limits) == 3 and limits[2].upper() not in (b"BYTE", b"BIT")):
        return SYNTAX
    ends = [number(one) for one in limits[:2]]
    if None in ends:
        return NOT_A_NUMBER
    if whole is None:
        return -1 if bit == b"1" else 0
    value = f"{int.from_bytes(whole):0{8 * len(whole)}b}"
    parts = len(value) if in_bits else len(whole)
    chosen = between(parts, (ends or [0])[0] or 0, ends[1] if len(ends) > 1 and ends[1] is not None else -1)
    first, last = (chosen.start, chosen.stop) if in_bits else (8 * chosen.start, 8 * chosen.stop)
    found = value.find(bit.decode(), first, last)
    return len(value) if found < 0 and bit == b"0" and len(ends) < 2 and whole else found


def bitcount(client: Client, given: Arguments) -> Reply:
    whole = client.keys.string(given[0]) or b""
    if len(given) not in (1, 3, 4) or (len(given) == 4 and given[3].upper() not in (b"BYTE", b"BIT")):
        return SYNTAX
    value = int.from_bytes(whole)
    if len(given) == 1:
        return value.bit_count()
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    size = 1 if len(given) == 4 and given[3].upper() == b"BIT" else 8
    parts = 8 * len(whole) // size
    chosen = between(parts, first, last)
    end = min(chosen.stop, parts)
    counted = max(0, end - chosen.start)
    return int.bit_count(value >> size * (parts - end) & (1 << size * counted) - 1)


COMMANDS: dict[str, tuple[Function, int]] = {"bitcount": (bitcount, -2), "bitop": (bitop, -4), "bitpos": (bitpos, -3)}
