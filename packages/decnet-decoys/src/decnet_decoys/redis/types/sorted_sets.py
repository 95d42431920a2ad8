# SPDX-License-Identifier: MIT
"""The commands of sorted sets."""

import math

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_FLOAT, NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Scores
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.strings import between

_NO_RANGE = Error("ERR min or max is not a float")
_MEMBERS = tuple[bytes, float]


def score(text: bytes) -> float | None:
    """Return the number of a score; None: it is none."""
    if len(text) > 64 or b"_" in text or text != text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def ordered(scores: Scores, *, backwards: bool = False) -> list[_MEMBERS]:
    """Return members by their scores, those of the same score by their names."""
    return sorted(scores.items(), key=lambda one: (one[1], one[0]), reverse=backwards)


def shown(client: Client, members: list[_MEMBERS], *, scores: bool) -> Reply:
    """Return members as replies have them."""
    if not scores:
        return [name for name, _ in members]
    if client.version == 3:
        return [[name, each] for name, each in members]
    return [part for name, each in members for part in (name, each)]


def zadd(client: Client, given: Arguments) -> Reply:
    key, *rest = given
    flags: set[bytes] = set()
    while rest and rest[0].upper() in (b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"):
        flags.add(rest.pop(0).upper())
    if not rest or len(rest) % 2:
        return SYNTAX
    if {b"NX", b"XX"} <= flags:
        return Error("ERR XX and NX options at the same time are not compatible")
    if len(flags & {b"GT", b"LT", b"NX"}) > 1:
        return Error("ERR GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in flags and len(rest) > 2:
        return Error("ERR INCR option supports a single increment-element pair")
    numbers = [score(one) for one in rest[::2]]
    if None in numbers:
        return NOT_A_FLOAT
    pairs = list(zip(rest[1::2], [one for one in numbers if one is not None], strict=True))
    return _added(client, key, pairs, flags)


def _added(client: Client, key: bytes, pairs: list[_MEMBERS], flags: set[bytes]) -> Reply:
    before = client.keys.scores(key)
    after = Scores(before)
    changed = 0
    for name, given in pairs:
        old = after.get(name)
        value = given + (old or 0.0) if b"INCR" in flags else given
        kept = (b"NX" in flags and old is not None) or (b"XX" in flags and old is None)
        if old is not None:
            kept = kept or (b"GT" in flags and value <= old) or (b"LT" in flags and value >= old)
        if b"INCR" in flags and math.isnan(value):
            return Error("ERR resulting score is not a number (NaN)")
        if kept:
            if b"INCR" in flags:
                return None
            continue
        changed += old is not None and old != value
        after[name] = value
    client.keys.put(key, after, keeps_time=True)
    if b"INCR" in flags:
        return after[pairs[0][0]]
    return len(after) - len(before) + (changed if b"CH" in flags else 0)


def zincrby(client: Client, given: Arguments) -> Reply:
    return zadd(client, [given[0], b"INCR", given[1], given[2]])


def zcard(client: Client, given: Arguments) -> Reply:
    return len(client.keys.scores(given[0]))


def zscore(client: Client, given: Arguments) -> Reply:
    return client.keys.scores(given[0]).get(given[1])


def zmscore(client: Client, given: Arguments) -> Reply:
    scores = client.keys.scores(given[0])
    return [scores.get(name) for name in given[1:]]


def zrank(client: Client, given: Arguments, *, backwards: bool = False) -> Reply:
    scores = client.keys.scores(given[0])
    if given[1] not in scores:
        return None
    return [name for name, _ in ordered(scores, backwards=backwards)].index(given[1])


def zrevrank(client: Client, given: Arguments) -> Reply:
    return zrank(client, given, backwards=True)


def zrem(client: Client, given: Arguments) -> Reply:
    before, gone = client.keys.scores(given[0]), set(given[1:])
    after = Scores({name: each for name, each in before.items() if name not in gone})
    client.keys.put(given[0], after, keeps_time=True)
    return len(before) - len(after)


def zrange(client: Client, given: Arguments) -> Reply:
    """Return members by their index, or with BYSCORE by their score."""
    key, first, last, *options = given
    words = [one.upper() for one in options]
    backwards = b"REV" in words
    if b"BYSCORE" in words:
        rest = [one for one, word in zip(options, words, strict=True) if word not in (b"BYSCORE", b"REV")]
        ends = (last, first) if backwards else (first, last)
        return _by_score(client, [key, *ends, *rest], backwards=backwards)
    if not set(words) <= {b"REV", b"WITHSCORES"}:
        return SYNTAX
    return _by_index(client, [key, first, last], scores=b"WITHSCORES" in words, backwards=backwards)


def zrevrange(client: Client, given: Arguments) -> Reply:
    if [one.upper() for one in given[3:]] not in ([], [b"WITHSCORES"]):
        return SYNTAX
    return _by_index(client, given[:3], scores=len(given) > 3, backwards=True)


def _by_index(client: Client, given: Arguments, *, scores: bool, backwards: bool) -> Reply:
    first, last = number(given[1]), number(given[2])
    if first is None or last is None:
        return NOT_A_NUMBER
    found = ordered(client.keys.scores(given[0]), backwards=backwards)
    return shown(client, found[between(len(found), first, last)], scores=scores)


def zrangebyscore(client: Client, given: Arguments) -> Reply:
    return _by_score(client, given, backwards=False)


def zrevrangebyscore(client: Client, given: Arguments) -> Reply:
    return _by_score(client, [given[0], given[2], given[1], *given[3:]], backwards=True)


def _within(client: Client, given: Arguments, *, backwards: bool = False) -> list[_MEMBERS] | None:
    """Return the members between two scores, of which each may be excluded by a bracket; None: one is no score."""
    limits = [score(one.removeprefix(b"(")) for one in given[1:3]]
    least, most = limits
    if least is None or most is None:
        return None
    above, below = (one.startswith(b"(") for one in given[1:3])
    return [
        one
        for one in ordered(client.keys.scores(given[0]), backwards=backwards)
        if (least < one[1] if above else least <= one[1]) and (one[1] < most if below else one[1] <= most)
    ]


def _by_score(client: Client, given: Arguments, *, backwards: bool) -> Reply:
    found = _within(client, given, backwards=backwards)
    if found is None:
        return _NO_RANGE
    options, scores = [one.upper() for one in given[3:]], False
    while options:
        word = options.pop(0)
        if word == b"WITHSCORES":
            scores = True
        elif word == b"LIMIT" and len(options) >= 2:
            offset, count = number(options.pop(0)), number(options.pop(0))
            if offset is None or count is None:
                return NOT_A_NUMBER
            found = found[offset : offset + count if count >= 0 else None] if offset >= 0 else []
        else:
            return SYNTAX
    return shown(client, found, scores=scores)


def zcount(client: Client, given: Arguments) -> Reply:
    found = _within(client, given)
    return _NO_RANGE if found is None else len(found)


def zremrangebyscore(client: Client, given: Arguments) -> Reply:
    found = _within(client, given)
    return _NO_RANGE if found is None else zrem(client, [given[0], *(name for name, _ in found)])


def zpopmin(client: Client, given: Arguments, *, backwards: bool = False) -> Reply:
    if len(given) > 2:
        return SYNTAX
    count = number(given[1]) if len(given) == 2 else 1
    if count is None or count < 0:
        return Error("ERR value is out of range, must be positive")
    found = ordered(client.keys.scores(given[0]), backwards=backwards)[:count]
    zrem(client, [given[0], *(name for name, _ in found)])
    return [part for name, each in found for part in (name, each)]


def zpopmax(client: Client, given: Arguments) -> Reply:
    return zpopmin(client, given, backwards=True)


COMMANDS: dict[str, tuple[Function, int]] = {
    "zadd": (zadd, -4), "zincrby": (zincrby, 4), "zcard": (zcard, 2), "zscore": (zscore, 3), "zmscore": (zmscore, -3),
    "zrank": (zrank, 3), "zrevrank": (zrevrank, 3), "zrem": (zrem, -3), "zrange": (zrange, -4),
    "zrevrange": (zrevrange, -4), "zrangebyscore": (zrangebyscore, -4), "zrevrangebyscore": (zrevrangebyscore, -4),
    "zcount": (zcount, 4), "zremrangebyscore": (zremrangebyscore, 4), "zpopmin": (zpopmin, -2),
    "zpopmax": (zpopmax, -2),
}  # fmt: skip
