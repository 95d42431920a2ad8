# SPDX-License-Identifier: MIT
"""The commands that wait for an element of a list or a sorted set, and those that take from the first of several."""

from __future__ import annotations

import math
from collections.abc import Callable

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Scores
from decnet_decoys.redis.protocol import Error, Nothing, Reply
from decnet_decoys.redis.types import lists, sorted_sets
from decnet_decoys.redis.waiting import Waits

_LONGEST_SECONDS = 1 << 53


def _seconds(text: bytes) -> float | Error:
    """Return how long a client waits."""
    value = sorted_sets.score(text)
    if value is None or not math.isfinite(value) or value > _LONGEST_SECONDS:
        return Error("ERR timeout is not a float or out of range")
    return Error("ERR timeout is negative") if value < 0 else value


def _first(keys: Arguments, client: Client, take: Callable[[bytes], Reply]) -> Reply:
    """Return what is taken from the first key that is there; Nothing without one."""
    for key in keys:
        if client.keys.get(key) is not None:
            return take(key)
    return Nothing()


def _waits(command: Function, at: int = -1) -> Function:
    """Return a command as it is when it waits: the argument at that place says how long, the others are its own."""

    def waits(client: Client, given: Arguments) -> Reply:
        seconds = _seconds(given[at])
        if isinstance(seconds, Error):
            return seconds
        own = list(given)
        del own[at]
        reply = command(client, own)
        return Waits(seconds, Nothing(), given) if reply is None or isinstance(reply, Nothing) else reply

    return waits


def _popping(take: Callable[[Client, Arguments], Reply]) -> Function:
    """Return BLPOP or BRPOP."""
    return _waits(lambda client, keys: _first(keys, client, lambda key: [key, take(client, [key])]))


def _popping_scores(take: Callable[[Client, Arguments], Reply]) -> Function:
    """Return BZPOPMIN or BZPOPMAX."""

    def taken(client: Client, key: bytes) -> Reply:
        found = take(client, [key])
        return [key, *found] if isinstance(found, list) else found

    return _waits(lambda client, keys: _first(keys, client, lambda key: taken(client, key)))


def _several(ends: dict[bytes, Callable[[Client, bytes, int], Reply]]) -> Function:
    """Return LMPOP or ZMPOP: a number of keys, the keys, which end, and how many."""

    def command(client: Client, given: Arguments) -> Reply:
        count = number(given[0])
        if count is None or count <= 0:
            return Error("ERR numkeys should be greater than 0")
        keys, rest = given[1 : 1 + count], given[1 + count :]
        if not rest or rest[0].upper() not in ends or len(rest) not in (1, 3):
            return SYNTAX
        most = 1
        if len(rest) == 3:
            named = number(rest[2])
            if rest[1].upper() != b"COUNT":
                return SYNTAX
            if named is None or named <= 0:
                return Error("ERR count should be greater than 0")
            most = named
        take = ends[rest[0].upper()]
        return _first(keys, client, lambda key: [key, take(client, key, most)])

    return command


def _list_end(take: Callable[[Client, Arguments], Reply]) -> Callable[[Client, bytes, int], Reply]:
    return lambda client, key, most: take(client, [key, b"%d" % most])


def _scores_end(*, largest: bool) -> Callable[[Client, bytes, int], Reply]:
    def take(client: Client, key: bytes, most: int) -> Reply:
        scores = client.keys.scores(key)
        ordered = sorted(scores.items(), key=lambda one: (one[1], one[0]), reverse=largest)
        client.keys.put(key, Scores(ordered[most:]), keeps_time=True)
        return [[name, value] for name, value in ordered[:most]]

    return take


lmpop = _several({b"LEFT": _list_end(lists.lpop), b"RIGHT": _list_end(lists.rpop)})
zmpop = _several({b"MIN": _scores_end(largest=False), b"MAX": _scores_end(largest=True)})


COMMANDS: dict[str, tuple[Function, int]] = {
    "blpop": (_popping(lists.lpop), -3), "brpop": (_popping(lists.rpop), -3),
    "bzpopmin": (_popping_scores(sorted_sets.zpopmin), -3), "bzpopmax": (_popping_scores(sorted_sets.zpopmax), -3),
    "blmove": (_waits(lists.lmove), 6), "brpoplpush": (_waits(lists.rpoplpush), 4),
    "lmpop": (lmpop, -4), "zmpop": (zmpop, -4),
    "blmpop": (_waits(lmpop, 0), -5), "bzmpop": (_waits(zmpop, 0), -5),
}  # fmt: skip
