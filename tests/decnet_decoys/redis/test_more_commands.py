# SPDX-License-Identifier: MIT
"""Commands of bits, and of sets put together, beside what redis-server 7.0.15 answered; and whoever asks for much."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.redis.test_lua import client

from decnet_decoys.processor.turn import LONGEST_SECONDS
from decnet_decoys.redis.about import command_table
from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.protocol import encoded
from decnet_decoys.redis.types import bits, sorted_set_algebra
from decnet_decoys.redis.writing import WRITING

DIALOGUE = (
    ("SET k1 foobar", "+OK"),
    ("SET k2 abcdef", "+OK"),
    ("BITOP AND d k1 k2", ":6"),
    ("GET d", "$6|`bc`ab"),
    ("BITOP NOT d k1 k2", "-ERR BITOP NOT must be called with a single source key."),
    ("BITOP XOR d k1 k1", ":6"),
    ("BITOP FOO d k1", "-ERR syntax error"),
    ("BITOP OR d nokey", ":0"),
    ("EXISTS d", ":0"),
    ("BITPOS k1 1", ":1"),
    ("BITPOS k1 0", ":0"),
    ("BITPOS k1 1 2", ":17"),
    ("BITPOS k1 1 2 -1 BIT", ":2"),
    ("BITPOS k1 2", "-ERR The bit argument must be 1 or 0."),
    ("BITPOS nokey 0", ":0"),
    ("ZADD z 1 a 2 b 3 c 3 d", ":4"),
    ("ZADD y 5 b 1 e", ":2"),
    ("ZUNION 2 z y WITHSCORES", "*10|$1|a|$1|1|$1|e|$1|1|$1|c|$1|3|$1|d|$1|3|$1|b|$1|7"),
    ("ZINTER 2 z y WITHSCORES", "*2|$1|b|$1|7"),
    ("ZDIFF 2 z y WITHSCORES", "*6|$1|a|$1|1|$1|c|$1|3|$1|d|$1|3"),
    ("ZUNION 2 z y WEIGHTS 2 3 AGGREGATE MAX WITHSCORES", "*10|$1|a|$1|2|$1|e|$1|3|$1|c|$1|6|$1|d|$1|6|$1|b|$2|15"),
    ("ZUNION 0 z", "-ERR at least 1 input key is needed for 'zunion' command"),
    ("ZUNION 2 z", "-ERR syntax error"),
    ("ZUNION 2 z y FOO", "-ERR syntax error"),
    ("ZUNIONSTORE u 2 z y", ":5"),
    ("ZINTERSTORE i 2 z y", ":1"),
    ("ZDIFFSTORE f 2 z y", ":3"),
    ("ZINTERCARD 2 z y", ":1"),
    ("ZINTERCARD 2 z y LIMIT 1", ":1"),
    ("ZINTERCARD 2 z y LIMIT -1", "-ERR LIMIT can't be negative"),
    ("ZINTERCARD 0 z", "-ERR at least 1 input key is needed for 'zintercard' command"),
    ("ZRANGESTORE r z 1 2", ":2"),
    ("ZRANGE r 0 -1 WITHSCORES", "*4|$1|b|$1|2|$1|c|$1|3"),
    ("ZRANGEBYLEX u - +", "*5|$1|a|$1|e|$1|c|$1|d|$1|b"),
    ("ZRANGEBYLEX u b d", "-ERR min or max not valid string range item"),
    ("ZRANGEBYLEX z - + LIMIT 1 2", "*2|$1|b|$1|c"),
    ("ZREVRANGEBYLEX z + - LIMIT 0 2", "*2|$1|d|$1|c"),
    ("ZLEXCOUNT z (a +", ":3"),
    ("ZREMRANGEBYLEX r [b [b", ":1"),
    ("ZREMRANGEBYRANK u 0 1", ":2"),
    ("ZRANDMEMBER nokey", "$-1"),
    ("ZRANDMEMBER nokey 3", "*0"),
    ("LPOS l x", "$-1"),
    ("RPUSH l a b c b a b", ":6"),
    ("LPOS l b", ":1"),
    ("LPOS l b RANK 2", ":3"),
    ("LPOS l b RANK -1", ":5"),
    ("LPOS l b COUNT 0", "*3|:1|:3|:5"),
    (
        "LPOS l b RANK 0",
        "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start "
        "from the end of the list",
    ),
    ("LPOS l b COUNT -1", "-ERR COUNT can't be negative"),
    ("LPOS l b MAXLEN 1", "$-1"),
    ("LPOS l z COUNT 0", "*0"),
    ("SADD s a b c", ":3"),
    ("SADD t b c d", ":3"),
    ("SINTERCARD 2 s t", ":2"),
    ("SINTERCARD 2 s t LIMIT 1", ":1"),
    ("SINTERCARD 0 s", "-ERR numkeys should be greater than 0"),
    ("SINTERCARD 3 s t", "-ERR Number of keys can't be greater than number of args"),
    ("BITFIELD bf INCRBY i5 100 1 GET u4 0", "*2|:1|:0"),
    ("BITFIELD bf OVERFLOW SAT INCRBY u2 102 5", "*1|:3"),
    ("BITFIELD bf OVERFLOW FAIL SET u2 102 9", "*1|$-1"),
    ("BITFIELD bf SET i8 #1 -3 GET i8 #1", "*2|:0|:-3"),
    (
        "BITFIELD bf GET u64 0",
        "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
    ),
    ("BITFIELD_RO bf SET u2 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
    ("BITFIELD bf OVERFLOW MORE", "-ERR Invalid OVERFLOW type specified"),
    ("BITFIELD bf GET u8", "-ERR syntax error"),
    ("HRANDFIELD nokey", "$-1"),
    ("HRANDFIELD nokey 2", "*0"),
    ("HSET h f v", ":1"),
    ("HRANDFIELD h 1 WITHVALUES", "*2|$1|f|$1|v"),
    ("HRANDFIELD h", "$1|f"),
    ("ZUNION 2 s z WITHSCORES", "*8|$1|a|$1|2|$1|b|$1|3|$1|d|$1|3|$1|c|$1|4"),
    ("ZUNION 1 l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
)
"""Lines, and the answers with | for the ends of their lines."""
_COMMANDS = sorted({**bits.COMMANDS, **sorted_set_algebra.COMMANDS, "lpos": 0, "sintercard": 0, "hrandfield": 0})
_GIVEN = (
    "z y s k1 l nokey 0 1 2 3 -1 99999999999 [b (c - + inf nan x AND OR NOT XOR WEIGHTS AGGREGATE MIN SUM WITHSCORES "
    "LIMIT COUNT RANK MAXLEN BIT BYTE REV BYSCORE "
    "GET SET INCRBY OVERFLOW WRAP SAT FAIL u8 i5 i64 u63 u64 #1"
)
_WORDS = st.sampled_from(_GIVEN.split())
ATTACKS = (
    [b"ZUNION", b"1000", *[b"z"] * 1000], [b"ZINTERSTORE", b"x", b"1000", *[b"z"] * 1000],
    [b"ZDIFF", b"1000", *[b"z"] * 1000], [b"BITOP", b"XOR", b"x", *[b"k1"] * 1000], [b"BITPOS", b"k1", b"1"],
    [b"ZRANGEBYLEX", b"z", b"-", b"+"], [b"SINTERCARD", b"1000", *[b"s"] * 1000], [b"LPOS", b"l", b"x"],
    [b"BITFIELD", b"k1", *[b"INCRBY", b"i64", b"#900", b"1"] * 900],
    [b"BITFIELD", b"k1", *[b"GET", b"u8", b"0"] * 50_000],
    [b"ZRANGESTORE", b"x", b"z", b"0", b"-1"], [b"ZRANDMEMBER", b"z", b"99999"], [b"HRANDFIELD", b"h", b"99999"],
)  # fmt: skip


async def _said(one: Client, line: str) -> bytes:
    return encoded(await answer(one, line.encode().split()), one.version)


async def test_answers_are_those_of_the_server() -> None:
    one = client()
    one.keys.clear()
    said = [(line, (await _said(one, line)).decode().removesuffix("\r\n")) for line, _ in DIALOGUE]
    assert [(line, reply.replace("\r\n", "|")) for line, reply in said] == list(DIALOGUE)


def test_commands_are_known_by_name_and_a_replica_refuses_those_that_write() -> None:
    assert set(_COMMANDS) <= command_table.names()
    assert {"bitop", "bitfield", "zunionstore", "zrangestore", "zremrangebylex", "zremrangebyrank"} <= WRITING


@given(st.lists(st.tuples(st.sampled_from(_COMMANDS), st.lists(_WORDS, max_size=8)), max_size=12))
async def test_any_words_are_answered(lines: list[tuple[str, list[str]]]) -> None:
    one = client()
    for line in ("ZADD z 1 a 2 b 3 c", "ZADD y 5 b", "SADD s a b", "SET k1 foobar", "RPUSH l a b"):
        await _said(one, line)
    for version, (name, words) in zip((2, 3) * 6, lines, strict=False):
        one.version = version
        await _said(one, " ".join((name, *words)))


@pytest.mark.parametrize("words", ATTACKS, ids=lambda words: words[0].decode())
async def test_no_command_keeps_others_waiting(words: list[bytes]) -> None:
    best = 1.0
    for _ in range(3):
        one = client()
        for at in range(0, 900, 300):
            numbers = [b"%d" % number for number in range(at, at + 300)]
            await answer(one, [b"ZADD", b"z", *[part for number in numbers for part in (b"1", number)]])
            await answer(one, [b"SADD", b"s", *numbers])
            await answer(one, [b"RPUSH", b"l", *numbers])
        await answer(one, [b"SET", b"k1", bytes(60_000)])
        began = thread_time()
        encoded(await answer(one, words), 2)
        best = min(best, thread_time() - began)
    assert best < LONGEST_SECONDS
