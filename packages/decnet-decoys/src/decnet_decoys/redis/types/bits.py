# SPDX-License-Identifier: MIT
"""Commands of the bits of strings beside those of one bit: BITCOUNT, BITOP, BITPOS, BITFIELD."""

import re
from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import MAX_BYTES, Full
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.strings import BAD_OFFSET, LONGEST_STRING, between

_JOINS: dict[bytes, Callable[[int, int], int]] = {
    b"AND": lambda one, two: one & two, b"OR": lambda one, two: one | two, b"XOR": lambda one, two: one ^ two,
}  # fmt: skip
_TYPE = re.compile(rb"([iu])([1-9][0-9]?)")
_NO_TYPE = Error("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
_SIZES = {b"GET": 3, b"SET": 4, b"INCRBY": 4, b"OVERFLOW": 2}
"""Words of each sub-command of BITFIELD."""
_MOST_STEPS = 1000
"""Sub-commands of one BITFIELD, which take some milliseconds."""
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


class _Step(NamedTuple):
    """One part of a BITFIELD."""

    word: bytes
    signed: bool
    bits: int
    at: int
    value: int
    overflow: bytes

    @property
    def ends(self) -> int:
        """How many bytes a string has in which it fits."""
        return (self.at + self.bits + 7) >> 3

    def read(self, value: bytes | bytearray) -> int:
        """Return what stands there; zeros where the string has ended."""
        first = self.at >> 3
        window = bytes(value[first : self.ends]).ljust(self.ends - first, b"\0")
        return self.wrapped(int.from_bytes(window) >> 8 * self.ends - self.at - self.bits)

    def write(self, value: bytearray, new: int) -> None:
        first, shift = self.at >> 3, 8 * self.ends - self.at - self.bits
        mask = ((1 << self.bits) - 1) << shift
        window = int.from_bytes(value[first : self.ends]) & ~mask | new << shift & mask
        value[first : self.ends] = window.to_bytes(self.ends - first)

    def wrapped(self, new: int) -> int:
        new &= (1 << self.bits) - 1
        return new - (1 << self.bits) if self.signed and new >> self.bits - 1 else new

    def fitting(self, new: int) -> int | None:
        """Return what is stored for a number that may be too large or too small; None: nothing is."""
        low, high = (-(1 << self.bits - 1), (1 << self.bits - 1) - 1) if self.signed else (0, (1 << self.bits) - 1)
        if low <= new <= high:
            return new
        if self.overflow == b"FAIL":
            return None
        return self.wrapped(new) if self.overflow == b"WRAP" else max(low, min(new, high))


def _step(words: Arguments, overflow: bytes) -> _Step | Error:
    """Return what a sub-command's words say: its name, a type, an offset and, unless it only reads, a number."""
    found = _TYPE.fullmatch(words[1])
    bits = int(found[2]) if found else 0
    if found is None or bits > (64 if found[1] == b"i" else 63):
        return _NO_TYPE
    counted = words[2].startswith(b"#")
    at = number(words[2][1:] if counted else words[2])
    at = -1 if at is None else at * bits if counted else at
    if not 0 <= at <= LONGEST_STRING * 8 - bits:
        return BAD_OFFSET
    value = number(words[3]) if len(words) > 3 else 0
    if value is None:
        return NOT_A_NUMBER
    word, signed = words[0].upper(), found[1] == b"i"
    if word == b"SET" and not signed and value < 0:
        value += 1 << 64
    return _Step(word, signed, bits, at, value, overflow)


def _steps(words: Arguments) -> list[_Step] | Error:
    steps: list[_Step] = []
    overflow, at = b"WRAP", 0
    while at < len(words) and len(steps) <= _MOST_STEPS:
        word = words[at].upper()
        size = _SIZES.get(word, len(words) + 1)
        if at + size > len(words):
            return SYNTAX
        if word == b"OVERFLOW":
            overflow = words[at + 1].upper()
            if overflow not in (b"WRAP", b"SAT", b"FAIL"):
                return Error("ERR Invalid OVERFLOW type specified")
        else:
            step = _step(words[at : at + size], overflow)
            if isinstance(step, Error):
                return step
            steps.append(step)
        at += size
    return steps


def bitfield(client: Client, given: Arguments) -> Reply:
    """Read and write numbers of some bits; a string grows to what is written before anything is."""
    steps = _steps(given[1:])
    if isinstance(steps, Error):
        return steps
    value = bytearray(client.keys.string(given[0]) or b"")
    size = max((step.ends for step in steps if step.word != b"GET"), default=0)
    if size > MAX_BYTES or len(steps) > _MOST_STEPS:
        raise Full
    value.extend(bytes(max(0, size - len(value))))
    replies: list[Reply] = []
    for step in steps:
        before = step.read(value)
        if step.word == b"GET":
            replies.append(before)
            continue
        new = step.fitting(before + step.value if step.word == b"INCRBY" else step.value)
        if new is not None:
            step.write(value, new)
        replies.append(None if new is None else new if step.word == b"INCRBY" else before)
    if size:
        client.keys.put(given[0], bytes(value), keeps_time=True)
    return replies


def bitfield_ro(client: Client, given: Arguments) -> Reply:
    steps = _steps(given[1:])
    if not isinstance(steps, Error) and any(step.word != b"GET" for step in steps):
        return Error("ERR BITFIELD_RO only supports the GET subcommand")
    return bitfield(client, given)


COMMANDS: dict[str, tuple[Function, int]] = {
    "bitcount": (bitcount, -2), "bitop": (bitop, -4), "bitpos": (bitpos, -3), "bitfield": (bitfield, -2),
    "bitfield_ro": (bitfield_ro, -2),
}  # fmt: skip
