# SPDX-License-Identifier: MIT
"""The commands of sets, and some of all keys that scanners ask."""

import random

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.server import unknown_subcommand

_FLOAT = Error("ERR value is not a valid float")


def sadd(client: Client, given: Arguments) -> Reply:
    key, *members = given
    before = client.keys.set_(key)
    after = before | frozenset(members)
    client.keys.put(key, after, keeps_time=True)
    return len(after) - len(before)


def srem(client: Client, given: Arguments) -> Reply:
    key, *members = given
    before = client.keys.set_(key)
    after = before - frozenset(members)
    client.keys.put(key, after, keeps_time=True)
    return len(before) - len(after)


def smembers(client: Client, given: Arguments) -> Reply:
    return sorted(client.keys.set_(given[0]))


def scard(client: Client, given: Arguments) -> Reply:
    return len(client.keys.set_(given[0]))


def sismember(client: Client, given: Arguments) -> Reply:
    return int(given[1] in client.keys.set_(given[0]))


def randomkey(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    names = [key for key, _ in client.keys.items()]
    return random.choice(names) if names else None  # noqa: S311  # no secret


def incrbyfloat(client: Client, given: Arguments) -> Reply:
    try:
        value = float(client.keys.string(given[0]) or b"0") + float(given[1])
    except ValueError:
        return _FLOAT
    shown = f"{value:.17g}".encode()
    client.keys.put(given[0], shown, keeps_time=True)
    return shown


def object_(client: Client, given: Arguments) -> Reply:
    """Answer OBJECT ENCODING and its like."""
    match given[0].upper(), given[1:]:
        case ((b"ENCODING" | b"REFCOUNT" | b"IDLETIME" | b"FREQ"), [key]):
            value = client.keys.get(key)
            if value is None:
                return None
            whole = isinstance(value, bytes) and number(value) is not None
            if given[0].upper() != b"ENCODING":
                return 1 if given[0].upper() == b"REFCOUNT" else 0
            return "int" if whole else "embstr" if isinstance(value, bytes) and len(value) <= 44 else "listpack"
    return unknown_subcommand(given[0], "OBJECT")


def memory(client: Client, given: Arguments) -> Reply:
    match given[0].upper(), given[1:]:
        case b"USAGE", [key, *_]:
            value = client.keys.get(key)
            return None if value is None else 56 + len(key) + (len(value) if isinstance(value, bytes) else 64)
    return unknown_subcommand(given[0], "MEMORY")


COMMANDS: dict[str, tuple[Function, int]] = {
    "sadd": (sadd, -3), "srem": (srem, -3), "smembers": (smembers, 2), "scard": (scard, 2),
    "sismember": (sismember, 3), "randomkey": (randomkey, 1), "incrbyfloat": (incrbyfloat, 3),
    "object": (object_, -2), "memory": (memory, -2),
}  # fmt: skip
