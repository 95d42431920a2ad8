# SPDX-License-Identifier: MIT
"""The commands of sets, and some of all keys that scanners ask."""

import random
from collections.abc import Callable

from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NEGATIVE_LIMIT, NOT_A_FLOAT, NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Full, Value
from decnet_decoys.redis.protocol import Error, Members, Reply
from decnet_decoys.redis.types.floats import added
from decnet_decoys.redis.types.stream import Stream

_IN_GOOD_HEALTH = (
    "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these "
    "conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to "
    "our programming as soon as I finished rebooting.\n"
)
_MOST_MEMBERS = 16 << 10
"""Of all sets that one command combines: a millisecond's work."""
_NO_FREQUENCY = Error(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
    "between policies at runtime LRU and LFU data will take some time to adjust."
)


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
    return Members(sorted(client.keys.set_(given[0])))


def scard(client: Client, given: Arguments) -> Reply:
    return len(client.keys.set_(given[0]))


def sismember(client: Client, given: Arguments) -> Reply:
    return int(given[1] in client.keys.set_(given[0]))


def smismember(client: Client, given: Arguments) -> Reply:
    value = client.keys.set_(given[0])
    return [int(member in value) for member in given[1:]]


def spop(client: Client, given: Arguments) -> Reply:
    found = srandmember(client, given)
    gone = [found] if isinstance(found, bytes) else found if isinstance(found, list) else []
    left = client.keys.set_(given[0]) - frozenset(one for one in gone if isinstance(one, bytes))
    client.keys.put(given[0], left, keeps_time=True)
    return found


def srandmember(client: Client, given: Arguments) -> Reply:
    members = sorted(client.keys.set_(given[0]))
    if len(given) == 1:
        return random.choice(members) if members else None  # noqa: S311  # no secret
    count = number(given[1])
    if count is None:
        return NOT_A_NUMBER
    return random.sample(members, min(abs(count), len(members)))


def smove(client: Client, given: Arguments) -> Reply:
    source, target, member = given
    before, after = client.keys.set_(source), client.keys.set_(target)
    if member not in before:
        return 0
    client.keys.put(source, before - {member}, keeps_time=True)
    client.keys.put(target, after | {member}, keeps_time=True)
    return 1


def sinter(client: Client, given: Arguments) -> Reply:
    return sorted(_combined(client, given, frozenset.intersection))


def sunion(client: Client, given: Arguments) -> Reply:
    return sorted(_combined(client, given, frozenset.union))


def sdiff(client: Client, given: Arguments) -> Reply:
    return sorted(_combined(client, given, frozenset.difference))


def _combined(client: Client, names: Arguments, how: Callable[..., frozenset[bytes]]) -> frozenset[bytes]:
    """Combine sets, each once: named a thousand times, a big one would take a second and change nothing."""
    first, *others = names
    found = [client.keys.set_(name) for name in (first, *dict.fromkeys(others))]
    if sum(map(len, found)) > _MOST_MEMBERS:
        raise Full
    return how(*found)


def sintercard(client: Client, given: Arguments) -> Reply:
    count = number(given[0])
    if count is None or count < 1:
        return Error("ERR numkeys should be greater than 0")
    keys, options = given[1 : 1 + count], given[1 + count :]
    limit = number(options[1]) if len(options) == 2 and options[0].upper() == b"LIMIT" else 0
    if len(keys) < count:
        return Error("ERR Number of keys can't be greater than number of args")
    if limit is None or len(options) not in (0, 2):
        return SYNTAX
    if limit < 0:
        return NEGATIVE_LIMIT
    found = len(_combined(client, keys, frozenset.intersection))
    return min(found, limit) if limit else found


def _stored(how: Callable[..., frozenset[bytes]]) -> Function:
    """Return a command that keeps what sets have together."""

    def command(client: Client, given: Arguments) -> Reply:
        found = _combined(client, given[1:], how)
        client.keys.put(given[0], found)
        return len(found)

    return command


def randomkey(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    names = [key for key, _ in client.keys.items()]
    return random.choice(names) if names else None  # noqa: S311  # no secret


def incrbyfloat(client: Client, given: Arguments) -> Reply:
    shown = added(client.keys.string(given[0]) or b"0", given[1], NOT_A_FLOAT)
    if isinstance(shown, bytes):
        client.keys.put(given[0], shown, keeps_time=True)
    return shown


def _about(tell: Callable[[Value], Reply]) -> Function:
    """Return a subcommand of OBJECT, which tells something of the value of a key that is there."""

    def command(client: Client, given: Arguments) -> Reply:
        value = client.keys.get(given[0])
        return None if value is None else tell(value)

    return command


def _encoding(value: Value) -> str:
    if isinstance(value, bytes):
        if number(value) is not None:
            return "int"
        return "embstr" if len(value) <= 44 else "raw"
    if isinstance(value, frozenset):
        return "intset" if all(number(one) is not None for one in value) else "hashtable"
    if isinstance(value, Stream):
        return "stream"
    return "quicklist" if isinstance(value, list) else "listpack"


def _usage(client: Client, given: Arguments) -> Reply:
    key, *options = given
    if options and options[0].upper() != b"SAMPLES":
        return SYNTAX
    if len(options) > 1 and number(options[1]) is None:
        return NOT_A_NUMBER
    value = client.keys.get(key)
    return None if value is None else 56 + len(key) + (len(value) if isinstance(value, bytes) else 64)


object_ = container(
    "OBJECT",
    {
        b"ENCODING": _about(_encoding), b"REFCOUNT": _about(lambda _: 1), b"IDLETIME": _about(lambda _: 0),
        b"FREQ": _about(lambda _: _NO_FREQUENCY),
    },
)  # fmt: skip
memory = container("MEMORY", {b"USAGE": _usage, b"PURGE": always(OK), b"DOCTOR": always(_IN_GOOD_HEALTH)})

COMMANDS: dict[str, tuple[Function, int]] = {
    "sadd": (sadd, -3), "srem": (srem, -3), "smembers": (smembers, 2), "scard": (scard, 2),
    "sismember": (sismember, 3), "randomkey": (randomkey, 1), "incrbyfloat": (incrbyfloat, 3),
    "smismember": (smismember, -3), "spop": (spop, -2), "srandmember": (srandmember, -2),
    "sintercard": (sintercard, -3), "smove": (smove, 4), "sinter": (sinter, -2), "sunion": (sunion, -2),
    "sdiff": (sdiff, -2),
    "sinterstore": (_stored(frozenset.intersection), -3), "sunionstore": (_stored(frozenset.union), -3),
    "sdiffstore": (_stored(frozenset.difference), -3), "object": (object_, -2), "memory": (memory, -2),
}  # fmt: skip
