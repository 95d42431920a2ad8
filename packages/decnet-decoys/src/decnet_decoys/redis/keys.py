# SPDX-License-Identifier: MIT
"""The commands that store and read."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keyspace import Full, Scores
from decnet_decoys.redis.protocol import Error, Pairs, Reply, Simple
from decnet_decoys.redis.types.stream import Stream

Arguments: TypeAlias = list[bytes]
Function: TypeAlias = Callable[[Client, Arguments], Reply]

OK = Simple("OK")
SYNTAX = Error("ERR syntax error")
NEGATIVE_LIMIT = Error("ERR LIMIT can't be negative")
NOT_A_NUMBER = Error("ERR value is not an integer or out of range")
NOT_A_FLOAT = Error("ERR value is not a valid float")
LARGEST = 2**63
MAX_REPLY = 1 << 20
"""Bytes of the values in one reply."""


def number(text: bytes) -> int | None:
    """Return a 64-bit integer as the server reads it, without zeros before it; None when it is none."""
    digits = text.removeprefix(b"-")
    if len(text) > 20 or not digits.isdigit() or (digits[:1] == b"0" and text != b"0"):
        return None
    value = int(text)
    return value if -LARGEST <= value < LARGEST else None


def get(client: Client, given: Arguments) -> Reply:
    return client.keys.string(given[0])


def set_(client: Client, given: Arguments, name: str = "set") -> Reply:
    """Store a string as SET does; `name` is the command's, for its errors."""
    key, value, *options = given
    flags = [one.upper() for one in options]
    expires, keeps_time, condition, returns = None, False, b"", False
    while flags:
        flag = flags.pop(0)
        if flag in (b"NX", b"XX") and not condition:
            condition = flag
        elif flag == b"KEEPTTL" and expires is None:
            keeps_time = True
        elif flag == b"GET":
            returns = True
        elif flag in _TIMES and flags and expires is None and not keeps_time:
            amount = number(flags.pop(0))
            if amount is None:
                return NOT_A_NUMBER
            if not 0 < amount < _LARGEST_TIME[flag]:
                return Error(f"ERR invalid expire time in '{name}' command")
            expires = _TIMES[flag](amount)
        else:
            return SYNTAX
    before = client.keys.string(key) if returns else None
    there = client.keys.get(key) is not None
    if (condition == b"NX" and there) or (condition == b"XX" and not there):
        return before
    client.keys.put(key, value, expires, keeps_time=keeps_time)
    return before if returns else OK


_TIMES: dict[bytes, Callable[[int], float]] = {
    b"EX": lambda amount: time.time() + amount,
    b"PX": lambda amount: time.time() + amount / 1000,
    b"EXAT": float,
    b"PXAT": lambda amount: amount / 1000,
}
_LARGEST_TIME = {b"EX": LARGEST // 1000, b"EXAT": LARGEST // 1000, b"PX": LARGEST, b"PXAT": LARGEST}


def setnx(client: Client, given: Arguments) -> Reply:
    if client.keys.get(given[0]) is not None:
        return 0
    client.keys.put(given[0], given[1])
    return 1


def getset(client: Client, given: Arguments) -> Reply:
    before = client.keys.string(given[0])
    client.keys.put(given[0], given[1])
    return before


def mset(client: Client, given: Arguments) -> Reply:
    if len(given) % 2:
        return Error("ERR wrong number of arguments for 'mset' command")
    for key, value in zip(given[::2], given[1::2], strict=True):
        client.keys.put(key, value)
    return OK


def mget(client: Client, given: Arguments) -> Reply:
    found = [value if isinstance(value := client.keys.get(key), bytes) else None for key in given]
    if sum(len(value) for value in found if value is not None) > MAX_REPLY:
        raise Full
    return found


def append(client: Client, given: Arguments) -> Reply:
    value = (client.keys.string(given[0]) or b"") + given[1]
    client.keys.put(given[0], value, keeps_time=True)
    return len(value)


def strlen(client: Client, given: Arguments) -> Reply:
    return len(client.keys.string(given[0]) or b"")


def incr(client: Client, given: Arguments) -> Reply:
    return added(client, given[0], 1)


def decr(client: Client, given: Arguments) -> Reply:
    return added(client, given[0], -1)


def incrby(client: Client, given: Arguments) -> Reply:
    amount = number(given[1])
    return NOT_A_NUMBER if amount is None else added(client, given[0], amount)


def added(client: Client, key: bytes, amount: int) -> Reply:
    """Add to the number that a key has."""
    value = number(client.keys.string(key) or b"0")
    if value is None:
        return NOT_A_NUMBER
    if not -LARGEST <= value + amount < LARGEST:
        return Error("ERR increment or decrement would overflow")
    client.keys.put(key, b"%d" % (value + amount), keeps_time=True)
    return value + amount


def del_(client: Client, given: Arguments) -> Reply:
    return sum(client.keys.remove(key) for key in given)


def exists(client: Client, given: Arguments) -> Reply:
    return sum(client.keys.get(key) is not None for key in given)


def keys(client: Client, given: Arguments) -> Reply:
    return client.keys.matching(given[0])


def scan(client: Client, given: Arguments) -> Reply:
    """Return all keys at once, as the real server may."""
    if number(given[0]) is None:
        return Error("ERR invalid cursor")
    options = dict(zip([one.upper() for one in given[1::2]], given[2::2], strict=False))
    count = number(options.get(b"COUNT", b"10"))
    if count is None:
        return NOT_A_NUMBER
    if len(given) % 2 == 0 or not set(options) <= {b"MATCH", b"COUNT", b"TYPE"} or count < 1:
        return SYNTAX
    found = client.keys.matching(options.get(b"MATCH", b"*"))
    if b"TYPE" in options:
        kind = options[b"TYPE"].lower().decode("latin-1")
        found = [key for key in found if _TYPES.get(type(client.keys.get(key))) == kind]
    return [b"0", found]


_TYPES: Final[dict[type, str]] = {
    bytes: "string", list: "list", Scores: "zset", dict: "hash", frozenset: "set", Stream: "stream",
}  # fmt: skip


def type_(client: Client, given: Arguments) -> Reply:
    return Simple(_TYPES.get(type(client.keys.get(given[0])), "none"))


def ttl(client: Client, given: Arguments, parts: int = 1) -> Reply:
    """Return how long a key remains, in seconds or parts of them."""
    if client.keys.get(given[0]) is None:
        return -2
    left = client.keys.time_left(given[0], time.time())
    return -1 if left is None else round(left * parts)


def pttl(client: Client, given: Arguments) -> Reply:
    return ttl(client, given, 1000)


def persist(client: Client, given: Arguments) -> Reply:
    had = client.keys.time_left(given[0], time.time()) is not None
    client.keys.set_time(given[0], None)
    return int(had)


def rename(client: Client, given: Arguments) -> Reply:
    value = client.keys.get(given[0])
    if value is None:
        return Error("ERR no such key")
    client.keys.remove(given[0])
    client.keys.put(given[1], value)
    return OK


def dbsize(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return len(client.keys)


def flushdb(client: Client, given: Arguments) -> Reply:
    if not _flushes(given):
        return SYNTAX
    client.keys.clear()
    return OK


def _flushes(given: Arguments) -> bool:
    return not given or (len(given) == 1 and given[0].upper() in (b"SYNC", b"ASYNC"))


def flushall(client: Client, given: Arguments) -> Reply:
    if not _flushes(given):
        return SYNTAX
    for one in client.instance.databases:
        one.clear()
    return OK


def lpush(client: Client, given: Arguments) -> Reply:
    return _pushed(client, given[0], [*reversed(given[1:]), *client.keys.list_(given[0])])


def rpush(client: Client, given: Arguments) -> Reply:
    return _pushed(client, given[0], [*client.keys.list_(given[0]), *given[1:]])


def _pushed(client: Client, key: bytes, value: list[bytes]) -> Reply:
    client.keys.put(key, value, keeps_time=True)
    return len(value)


def llen(client: Client, given: Arguments) -> Reply:
    return len(client.keys.list_(given[0]))


def lrange(client: Client, given: Arguments) -> Reply:
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    value = client.keys.list_(given[0])
    first = max(0, first + len(value)) if first < 0 else first
    last = last + len(value) if last < 0 else last
    return value[first : max(0, last + 1)]


def hset(client: Client, given: Arguments) -> Reply:
    key, *pairs = given
    if len(pairs) % 2:
        return Error("ERR wrong number of arguments for 'hset' command")
    before = client.keys.hash_(key)
    value = {**before, **dict(zip(pairs[::2], pairs[1::2], strict=True))}
    client.keys.put(key, value, keeps_time=True)
    return len(value) - len(before)


def hget(client: Client, given: Arguments) -> Reply:
    return client.keys.hash_(given[0]).get(given[1])


def hgetall(client: Client, given: Arguments) -> Reply:
    return Pairs(client.keys.hash_(given[0]))


def hdel(client: Client, given: Arguments) -> Reply:
    before, gone = client.keys.hash_(given[0]), set(given[1:])
    value = {key: each for key, each in before.items() if key not in gone}
    client.keys.put(given[0], value, keeps_time=True)
    return len(before) - len(value)


COMMANDS: dict[str, tuple[Function, int]] = {
    "get": (get, 2), "set": (set_, -3), "setnx": (setnx, 3), "getset": (getset, 3),
    "mset": (mset, -3), "mget": (mget, -2), "append": (append, 3), "strlen": (strlen, 2), "incr": (incr, 2),
    "decr": (decr, 2), "incrby": (incrby, 3), "del": (del_, -2), "unlink": (del_, -2), "exists": (exists, -2),
    "keys": (keys, 2), "scan": (scan, -2), "type": (type_, 2), "ttl": (ttl, 2), "pttl": (pttl, 2),
    "persist": (persist, 2), "rename": (rename, 3), "dbsize": (dbsize, 1),
    "flushdb": (flushdb, -1), "flushall": (flushall, -1), "lpush": (lpush, -3), "rpush": (rpush, -3),
    "llen": (llen, 2), "lrange": (lrange, 4), "hset": (hset, -4),
    "hget": (hget, 3), "hgetall": (hgetall, 2), "hdel": (hdel, -3),
}  # fmt: skip
"""Function and arity by name: with its own name, the number of words, or with a minus the least number."""
