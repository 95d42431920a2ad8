# SPDX-License-Identifier: MIT
"""The commands of hashes."""

import math
import random

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import (
    LARGEST,
    MAX_REPLY,
    NOT_A_NUMBER,
    OK,
    SYNTAX,
    Arguments,
    Function,
    hset,
    number,
)
from decnet_decoys.redis.keyspace import Full
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.floats import added
from decnet_decoys.redis.types.sorted_sets import score


def hmset(client: Client, given: Arguments) -> Reply:
    if len(given) % 2 == 0:
        return Error("ERR wrong number of arguments for 'hmset' command")
    hset(client, given)
    return OK


def hkeys(client: Client, given: Arguments) -> Reply:
    return list(client.keys.hash_(given[0]))


def hvals(client: Client, given: Arguments) -> Reply:
    return list(client.keys.hash_(given[0]).values())


def hlen(client: Client, given: Arguments) -> Reply:
    return len(client.keys.hash_(given[0]))


def hexists(client: Client, given: Arguments) -> Reply:
    return int(given[1] in client.keys.hash_(given[0]))


def hstrlen(client: Client, given: Arguments) -> Reply:
    return len(client.keys.hash_(given[0]).get(given[1], b""))


def hmget(client: Client, given: Arguments) -> Reply:
    value = client.keys.hash_(given[0])
    found = [value.get(field) for field in given[1:]]
    if sum(len(one) for one in found if one is not None) > MAX_REPLY:
        raise Full
    return found


def hsetnx(client: Client, given: Arguments) -> Reply:
    key, field, value = given
    before = client.keys.hash_(key)
    if field in before:
        return 0
    client.keys.put(key, {**before, field: value}, keeps_time=True)
    return 1


def hincrby(client: Client, given: Arguments) -> Reply:
    key, field, amount = given
    before = client.keys.hash_(key)
    change, value = number(amount), number(before.get(field, b"0"))
    if change is None:
        return NOT_A_NUMBER
    if value is None:
        return Error("ERR hash value is not an integer")
    if not -LARGEST <= value + change < LARGEST:
        return Error("ERR increment or decrement would overflow")
    client.keys.put(key, {**before, field: b"%d" % (value + change)}, keeps_time=True)
    return value + change


def hincrbyfloat(client: Client, given: Arguments) -> Reply:
    key, field, amount = given
    before = client.keys.hash_(key)
    if score(amount) in (math.inf, -math.inf):
        return Error("ERR value is NaN or Infinity")
    shown = added(before.get(field, b"0"), amount, Error("ERR hash value is not a float"))
    if isinstance(shown, bytes):
        client.keys.put(key, {**before, field: shown}, keeps_time=True)
    return shown


def hrandfield(client: Client, given: Arguments) -> Reply:
    value = client.keys.hash_(given[0])
    if len(given) == 1:
        return random.choice(list(value)) if value else None  # noqa: S311  # no secret
    count = number(given[1])
    if count is None:
        return NOT_A_NUMBER
    if len(given) > 3 or (len(given) == 3 and given[2].upper() != b"WITHVALUES"):
        return SYNTAX
    names = random.sample(list(value), min(abs(count), len(value)))
    if len(given) == 2:
        return names
    pairs: list[Reply] = [[name, value[name]] for name in names]
    return pairs if client.version == 3 else [part for name in names for part in (name, value[name])]


COMMANDS: dict[str, tuple[Function, int]] = {
    "hmset": (hmset, -4), "hkeys": (hkeys, 2), "hvals": (hvals, 2), "hlen": (hlen, 2), "hexists": (hexists, 3),
    "hstrlen": (hstrlen, 3), "hmget": (hmget, -3), "hsetnx": (hsetnx, 4), "hincrby": (hincrby, 4),
    "hrandfield": (hrandfield, -2), "hincrbyfloat": (hincrbyfloat, 4),
}  # fmt: skip
