# SPDX-License-Identifier: MIT
"""Sorted sets put together (ZUNION, ZINTER, ZDIFF), parts of them by rank or by name, and some that are drawn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NEGATIVE_LIMIT, NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Full, Scores
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.sorted_sets import ordered, score, shown, zrange, zrem
from decnet_decoys.redis.types.strings import between

_MOST_MEMBERS = 8 << 10
"""Of all sets that one command puts together: some milliseconds' work."""
_NO_WEIGHT = Error("ERR weight value is not a float")
_NO_BOUND = Error("ERR min or max not valid string range item")
_JOINS: dict[bytes, Callable[[float, float], float]] = {
    b"SUM": lambda one, two: 0.0 if math.isnan(one + two) else one + two, b"MIN": min, b"MAX": max,
}  # fmt: skip


def _combining(name: str, how: str, *, stores: bool) -> Function:
    """Return a command that unites sets, intersects them or takes the others away from the first."""

    def command(client: Client, given: Arguments) -> Reply:
        target, rest = (given[0], given[1:]) if stores else (b"", given)
        count = number(rest[0])
        if count is None:
            return NOT_A_NUMBER
        if count < 1:
            return Error(f"ERR at least 1 input key is needed for '{name}' command")
        keys, options = rest[1 : 1 + count], rest[1 + count :]
        if len(keys) < count:
            return SYNTAX
        asked = _options(options, count, weighs=how != "diff", shows=not stores)
        if isinstance(asked, Error):
            return asked
        weights, join, scores = asked
        found = _combined(_members(client, keys), weights, join, how)
        if stores:
            client.keys.put(target, found)
            return len(found)
        return shown(client, ordered(found), scores=scores)

    return command


def _members(client: Client, keys: Arguments) -> list[Scores]:
    """Return sorted sets, and sets with the score 1 for each member; raises WrongType, and Full for too many."""
    found, left = [], _MOST_MEMBERS
    for key in keys:
        value = client.keys.get(key)
        made = value if isinstance(value, frozenset) else client.keys.scores(key)
        left -= len(made)
        if left < 0:
            raise Full
        found.append(Scores(dict.fromkeys(made, 1.0)) if isinstance(made, frozenset) else made)
    return found


def _options(
    options: Arguments, count: int, *, weighs: bool, shows: bool
) -> tuple[list[float], Callable[[float, float], float], bool] | Error:
    weights, join, scores, at = [1.0] * count, _JOINS[b"SUM"], False, 0
    while at < len(options):
        word = options[at].upper()
        if word == b"WITHSCORES" and shows:
            scores, at = True, at + 1
        elif word == b"WEIGHTS" and weighs and len(options) > at + count:
            named = [score(one) for one in options[at + 1 : at + 1 + count]]
            if None in named:
                return _NO_WEIGHT
            weights, at = [one for one in named if one is not None], at + 1 + count
        elif word == b"AGGREGATE" and weighs and len(options) > at + 1 and options[at + 1].upper() in _JOINS:
            join, at = _JOINS[options[at + 1].upper()], at + 2
        else:
            return SYNTAX
    return weights, join, scores


def _combined(sets: list[Scores], weights: list[float], join: Callable[[float, float], float], how: str) -> Scores:
    if how == "diff":
        gone = set().union(*sets[1:])
        return Scores({name: one for name, one in sets[0].items() if name not in gone})
    found = Scores()
    for members, weight in zip(sets, weights, strict=True):
        for name, one in members.items():
            value = 0.0 if math.isnan(one * weight) else one * weight
            found[name] = join(found[name], value) if name in found else value
    if how == "inter":
        return Scores({name: one for name, one in found.items() if all(name in each for each in sets)})
    return found


def zintercard(client: Client, given: Arguments) -> Reply:
    count = number(given[0])
    if count is None:
        return NOT_A_NUMBER
    if count < 1:
        return Error("ERR at least 1 input key is needed for 'zintercard' command")
    keys, options = given[1 : 1 + count], given[1 + count :]
    limit = number(options[1]) if len(options) == 2 and options[0].upper() == b"LIMIT" else 0
    if len(keys) < count or limit is None or (options and len(options) != 2):
        return SYNTAX
    if limit < 0:
        return NEGATIVE_LIMIT
    sets = _members(client, keys)
    found = len(_combined(sets, [1.0] * count, min, "inter"))
    return min(found, limit) if limit else found


def zrangestore(client: Client, given: Arguments) -> Reply:
    version, client.version = client.version, 2
    try:
        found = zrange(client, [*given[1:], b"WITHSCORES"])
    finally:
        client.version = version
    if not isinstance(found, list):
        return found
    client.keys.put(given[0], Scores(zip(found[::2], found[1::2], strict=True)))
    return len(found) // 2


def zremrangebyrank(client: Client, given: Arguments) -> Reply:
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    found = ordered(client.keys.scores(given[0]))
    return zrem(client, [given[0], *(name for name, _ in found[between(len(found), first, last)])])


def _within(client: Client, key: bytes, least: bytes, most: bytes) -> list[bytes] | None:
    """Return the members between two names, in order; None: one is no bound."""
    if any(one not in (b"-", b"+") and one[:1] not in (b"[", b"(") for one in (least, most)):
        return None
    return [name for name, _ in ordered(client.keys.scores(key)) if _above(name, least) and _below(name, most)]


def _above(name: bytes, least: bytes) -> bool:
    if least in (b"-", b"+"):
        return least == b"-"
    return name > least[1:] or (least[:1] == b"[" and name == least[1:])


def _below(name: bytes, most: bytes) -> bool:
    if most in (b"-", b"+"):
        return most == b"+"
    return name < most[1:] or (most[:1] == b"[" and name == most[1:])


def zrangebylex(client: Client, given: Arguments, *, backwards: bool = False) -> Reply:
    key, first, last, *options = given
    found = _within(client, key, *((last, first) if backwards else (first, last)))
    if found is None:
        return _NO_BOUND
    if backwards:
        found.reverse()
    if not options:
        return found
    numbers = [number(one) for one in options[1:]]
    if options[0].upper() != b"LIMIT" or len(numbers) != 2:
        return SYNTAX
    offset, count = numbers
    if offset is None or count is None:
        return NOT_A_NUMBER
    return found[offset : offset + count if count >= 0 else None] if offset >= 0 else []


def zrevrangebylex(client: Client, given: Arguments) -> Reply:
    return zrangebylex(client, given, backwards=True)


def zlexcount(client: Client, given: Arguments) -> Reply:
    found = _within(client, *given)
    return _NO_BOUND if found is None else len(found)


def zremrangebylex(client: Client, given: Arguments) -> Reply:
    found = _within(client, *given)
    return _NO_BOUND if found is None else zrem(client, [given[0], *found])


def zrandmember(client: Client, given: Arguments) -> Reply:
    members = list(client.keys.scores(given[0]).items())
    if len(given) == 1:
        return random.choice(members)[0] if members else None  # noqa: S311  # no secret
    count = number(given[1])
    if count is None:
        return NOT_A_NUMBER
    scores = len(given) == 3
    if len(given) > 3 or (scores and given[2].upper() != b"WITHSCORES"):
        return SYNTAX
    return shown(client, random.sample(members, min(abs(count), len(members))), scores=scores)


COMMANDS: dict[str, tuple[Function, int]] = {
    "zunion": (_combining("zunion", "union", stores=False), -3),
    "zinter": (_combining("zinter", "inter", stores=False), -3),
    "zdiff": (_combining("zdiff", "diff", stores=False), -3),
    "zunionstore": (_combining("zunionstore", "union", stores=True), -4),
    "zinterstore": (_combining("zinterstore", "inter", stores=True), -4),
    "zdiffstore": (_combining("zdiffstore", "diff", stores=True), -4),
    "zintercard": (zintercard, -3), "zrangestore": (zrangestore, -5), "zremrangebyrank": (zremrangebyrank, 4),
    "zrangebylex": (zrangebylex, -4), "zrevrangebylex": (zrevrangebylex, -4), "zlexcount": (zlexcount, 4),
    "zremrangebylex": (zremrangebylex, 4), "zrandmember": (zrandmember, -2),
}  # fmt: skip
