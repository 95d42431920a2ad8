# SPDX-License-Identifier: MIT
"""Parts of strings, their bits, and what reads or writes a string and does something else with it."""

import time

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import LARGEST, NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, added, number, set_
from decnet_decoys.redis.keyspace import MAX_BYTES, Full
from decnet_decoys.redis.protocol import Error, Reply

LONGEST_STRING = 512 << 20
"""Bytes of a string (proto-max-bulk-len)."""
_BIT = Error("ERR bit is not an integer or out of range")
BAD_OFFSET = Error("ERR bit offset is not an integer or out of range")


def between(length: int, first: int, last: int) -> slice:
    """Return which of `length` parts lie from one index to another, both included; negative ones count from the end."""
    first = max(0, first + length) if first < 0 else first
    return slice(first, max(0, (last + length if last < 0 else last) + 1))


def getrange(client: Client, given: Arguments) -> Reply:
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    value = client.keys.string(given[0]) or b""
    return value[between(len(value), first, last)]


def setrange(client: Client, given: Arguments) -> Reply:
    key, where, part = given
    at = number(where)
    if at is None:
        return NOT_A_NUMBER
    if at < 0:
        return Error("ERR offset is out of range")
    value = client.keys.string(key) or b""
    if not part:
        return len(value)
    if at + len(part) > LONGEST_STRING:
        return Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    return len(_written(client, key, value, at, part))


def _written(client: Client, key: bytes, value: bytes, at: int, part: bytes) -> bytes:
    """Store a string into which a part was written, with zeros before it; raises Full."""
    if at + len(part) > MAX_BYTES:
        raise Full
    value = value.ljust(at, b"\0")
    value = value[:at] + part + value[at + len(part) :]
    client.keys.put(key, value, keeps_time=True)
    return value


def _bit(text: bytes) -> int | None:
    at = number(text)
    return at if at is not None and 0 <= at < LONGEST_STRING * 8 else None


def getbit(client: Client, given: Arguments) -> Reply:
    at = _bit(given[1])
    if at is None:
        return BAD_OFFSET
    value = client.keys.string(given[0]) or b""
    return value[at >> 3] >> (7 - at % 8) & 1 if at >> 3 < len(value) else 0


def setbit(client: Client, given: Arguments) -> Reply:
    at = _bit(given[1])
    if at is None:
        return BAD_OFFSET
    if given[2] not in (b"0", b"1"):
        return _BIT
    before = getbit(client, given[:2])
    value = client.keys.string(given[0]) or b""
    byte, mask = (value[at >> 3] if at >> 3 < len(value) else 0), 128 >> at % 8
    _written(client, given[0], value, at >> 3, bytes((byte | mask if given[2] == b"1" else byte & ~mask,)))
    return before


def getdel(client: Client, given: Arguments) -> Reply:
    value = client.keys.string(given[0])
    client.keys.remove(given[0])
    return value


def getex(client: Client, given: Arguments) -> Reply:
    value = client.keys.string(given[0])
    if value is None or len(given) == 1:
        return value
    if [one.upper() for one in given[1:]] == [b"PERSIST"]:
        client.keys.set_time(given[0], None)
        return value
    if len(given) != 3 or given[1].upper() not in (b"EX", b"PX", b"EXAT", b"PXAT"):
        return SYNTAX
    said = set_(client, [given[0], value, *given[1:]], "getex")
    return said if isinstance(said, Error) else value


def setex(client: Client, given: Arguments) -> Reply:
    return set_(client, [given[0], given[2], b"EX", given[1]], "setex")


def psetex(client: Client, given: Arguments) -> Reply:
    return set_(client, [given[0], given[2], b"PX", given[1]], "psetex")


def msetnx(client: Client, given: Arguments) -> Reply:
    if len(given) % 2:
        return Error("ERR wrong number of arguments for 'msetnx' command")
    if any(client.keys.get(key) is not None for key in given[::2]):
        return 0
    for key, value in zip(given[::2], given[1::2], strict=True):
        client.keys.put(key, value)
    return 1


def decrby(client: Client, given: Arguments) -> Reply:
    amount = number(given[1])
    if amount == -LARGEST:
        return Error("ERR decrement would overflow")
    return NOT_A_NUMBER if amount is None else added(client, given[0], -amount)


# ---- when keys expire

_LARGEST_TIME = 2**63 // 1000
"""Seconds."""


def _expires(client: Client, given: Arguments, name: str, parts: int, *, from_now: bool) -> Reply:
    """Set when a key expires, by a time in seconds or parts of them, from now on or since 1970."""
    key, amount, *options = given
    value = number(amount)
    words = {one.upper() for one in options}
    refused = _refused(words, options)
    if refused is not None:
        return refused
    if value is None:
        return NOT_A_NUMBER
    if abs(value) // parts >= _LARGEST_TIME:
        return Error(f"ERR invalid expire time in '{name}' command")
    if client.keys.get(key) is None:
        return 0
    now = time.time()
    return _set_time(client, key, value / parts + (now if from_now else 0), words)


def _refused(words: set[bytes], options: Arguments) -> Error | None:
    unknown = next((one for one in options if one.upper() not in (b"NX", b"XX", b"GT", b"LT")), None)
    if unknown is not None:
        return Error(f"ERR Unsupported option {unknown[:128].decode('utf-8', 'surrogateescape')}")
    if b"NX" in words and len(words) > 1:
        return Error("ERR NX and XX, GT or LT options at the same time are not compatible")
    if {b"GT", b"LT"} <= words:
        return Error("ERR GT and LT options at the same time are not compatible")
    return None


def _set_time(client: Client, key: bytes, at: float, words: set[bytes]) -> int:
    now = time.time()
    left = client.keys.time_left(key, now)
    before = float("inf") if left is None else now + left
    if (b"NX" in words and left is not None) or (b"XX" in words and left is None):
        return 0
    if (b"GT" in words and at <= before) or (b"LT" in words and at >= before):
        return 0
    if at <= now:
        client.keys.remove(key)
    else:
        client.keys.set_time(key, at)
    return 1


def expire(client: Client, given: Arguments) -> Reply:
    return _expires(client, given, "expire", 1, from_now=True)


def pexpire(client: Client, given: Arguments) -> Reply:
    return _expires(client, given, "pexpire", 1000, from_now=True)


def expireat(client: Client, given: Arguments) -> Reply:
    return _expires(client, given, "expireat", 1, from_now=False)


def pexpireat(client: Client, given: Arguments) -> Reply:
    return _expires(client, given, "pexpireat", 1000, from_now=False)


def expiretime(client: Client, given: Arguments, parts: int = 1) -> Reply:
    """Return when a key expires, in seconds since 1970 or parts of them."""
    if client.keys.get(given[0]) is None:
        return -2
    left = client.keys.time_left(given[0], now := time.time())
    return -1 if left is None else round((now + left) * parts)


def pexpiretime(client: Client, given: Arguments) -> Reply:
    return expiretime(client, given, 1000)


# ---- keys of any type


def renamenx(client: Client, given: Arguments) -> Reply:
    value = client.keys.get(given[0])
    if value is None:
        return Error("ERR no such key")
    if client.keys.get(given[1]) is not None:
        return 0
    client.keys.remove(given[0])
    client.keys.put(given[1], value)
    return 1


_SAME = Error("ERR source and destination objects are the same")
_NO_DATABASE = Error("ERR DB index is out of range")


def copy(client: Client, given: Arguments) -> Reply:
    key, to, *options = given
    target, words = client.keys, [one.upper() for one in options]
    if b"DB" in words and words.index(b"DB") + 1 < len(words):
        at = words.index(b"DB")
        number_ = number(words[at + 1])
        if number_ is None:
            return NOT_A_NUMBER
        if not 0 <= number_ < len(client.instance.databases):
            return _NO_DATABASE
        target = client.instance.databases[number_]
        del words[at : at + 2]
    if words not in ([], [b"REPLACE"]):
        return SYNTAX
    if target is client.keys and key == to:
        return _SAME
    value = client.keys.get(key)
    if value is None or (target.get(to) is not None and not words):
        return 0
    target.put(to, value)
    return 1


def move(client: Client, given: Arguments) -> Reply:
    at = number(given[1])
    if at is None:
        return NOT_A_NUMBER
    if not 0 <= at < len(client.instance.databases):
        return _NO_DATABASE
    target = client.instance.databases[at]
    if target is client.keys:
        return _SAME
    value = client.keys.get(given[0])
    if value is None or target.get(given[0]) is not None:
        return 0
    target.put(given[0], value)
    client.keys.remove(given[0])
    return 1


def swapdb(client: Client, given: Arguments) -> Reply:
    databases, numbers = client.instance.databases, [number(one) for one in given]
    if None in numbers:
        return Error(f"ERR invalid {'first' if numbers[0] is None else 'second'} DB index")
    one, other = (each for each in numbers if each is not None)
    if not (0 <= one < len(databases) and 0 <= other < len(databases)):
        return _NO_DATABASE
    databases[one], databases[other] = databases[other], databases[one]
    return OK


COMMANDS: dict[str, tuple[Function, int]] = {
    "getrange": (getrange, 4), "substr": (getrange, 4), "setrange": (setrange, 4), "getbit": (getbit, 3),
    "setbit": (setbit, 4), "getdel": (getdel, 2), "getex": (getex, -2),
    "setex": (setex, 4), "psetex": (psetex, 4), "msetnx": (msetnx, -3), "decrby": (decrby, 3),
    "expire": (expire, -3), "pexpire": (pexpire, -3), "expireat": (expireat, -3), "pexpireat": (pexpireat, -3),
    "expiretime": (expiretime, 2), "pexpiretime": (pexpiretime, 2), "renamenx": (renamenx, 3), "copy": (copy, -3),
    "move": (move, 3), "swapdb": (swapdb, 3),
}  # fmt: skip
