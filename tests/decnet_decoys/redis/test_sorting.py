# SPDX-License-Identifier: MIT
"""SORT, and keys that are watched, beside what redis-server 7.0.15 answered."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.redis.test_lua import client

from decnet_decoys.processor.turn import LONGEST_SECONDS
from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.protocol import encoded

SORTED = (
    ("RPUSH l 3 1 2 10", ":4"),
    ("SORT l", "*4|$1|1|$1|2|$1|3|$2|10"),
    ("SORT l DESC", "*4|$2|10|$1|3|$1|2|$1|1"),
    ("SORT l ALPHA", "*4|$1|1|$2|10|$1|2|$1|3"),
    ("SORT l LIMIT 1 2", "*2|$1|2|$1|3"),
    ("SORT l LIMIT 9 2", "*0"),
    ("SORT l LIMIT x 2", "-ERR value is not an integer or out of range"),
    ("SORT l BY nosort GET #", "*4|$1|3|$1|1|$1|2|$2|10"),
    ("MSET w_1 9 w_2 8 w_3 7 w_10 6", "+OK"),
    ("SORT l BY w_*", "*4|$2|10|$1|3|$1|2|$1|1"),
    ("HSET h_1 name one", ":1"),
    ("SORT l GET h_*->name GET # LIMIT 0 2", "*4|$3|one|$1|1|$-1|$1|2"),
    ("SORT l STORE s", ":4"),
    ("LRANGE s 0 -1", "*4|$1|1|$1|2|$1|3|$2|10"),
    ("SORT_RO l STORE s", "-ERR syntax error"),
    ("SORT l FOO", "-ERR syntax error"),
    ("SORT nokey STORE s", ":0"),
    ("EXISTS s", ":0"),
    ("RPUSH l x", ":5"),
    ("SORT l", "-ERR One or more scores can't be converted into double"),
    ("SORT w_1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ("ZADD z 2 b 1 a", ":2"),
    ("SORT z BY nosort", "*2|$1|a|$1|b"),
)
WATCHED = (
    ("SET a 1", "+OK"),
    ("WATCH a b", "+OK"),
    ("SET a 1", "+OK"),
    ("MULTI", "+OK"),
    ("GET a", "+QUEUED"),
    ("EXEC", "*-1"),
    ("MULTI", "+OK"),
    ("GET a", "+QUEUED"),
    ("WATCH a", "-ERR WATCH inside MULTI is not allowed"),
    ("EXEC", "*1|$1|1"),
    ("WATCH b", "+OK"),
    ("LPUSH b x", ":1"),
    ("UNWATCH", "+OK"),
    ("MULTI", "+OK"),
    ("EXEC", "*0"),
    ("WATCH a", "+OK"),
    ("SELECT 1", "+OK"),
    ("SET a 5", "+OK"),
    ("MULTI", "+OK"),
    ("EXEC", "*0"),
)


async def _said(one: Client, line: str) -> str:
    return encoded(await answer(one, line.encode().split()), one.version).decode().removesuffix("\r\n")


async def _dialogue(lines: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    one = client()
    one.keys.clear()
    return [(line, (await _said(one, line)).replace("\r\n", "|")) for line, _ in lines]


async def test_elements_are_sorted_as_by_the_server() -> None:
    assert await _dialogue(SORTED) == list(SORTED)


async def test_transaction_is_not_carried_out_if_a_watched_key_has_changed() -> None:
    assert await _dialogue(WATCHED) == list(WATCHED)


async def test_another_client_changes_a_watched_key() -> None:
    one = client()
    other = Client(one.instance, ("192.0.2.9", 1), ("192.0.2.2", 6379))
    for line in ("SET a 1", "WATCH a", "MULTI", "GET a"):
        await _said(one, line)
    await _said(other, "EXPIRE a 1000")
    assert await _said(one, "EXEC") == "*-1"


async def test_what_is_watched_is_bounded() -> None:
    one = client()
    for number in range(100):
        await answer(one, [b"WATCH", *[b"%d:%d" % (number, each) for each in range(40)]])
    await answer(one, [b"WATCH", b"x" * (128 << 10)])
    assert len(one.watched) == 480
    await answer(one, [b"RESET"])
    assert not one.watched


_NAMES = ("l", "z", "s", "h", "k", "nokey")
_OPTIONS = ("BY", "GET", "LIMIT", "STORE", "ALPHA", "DESC", "#", "w_*", "*->f", "nosort", "0", "1", "-1", "x", "9" * 20)
_WORDS = st.sampled_from(_NAMES + _OPTIONS)


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=8), max_size=6))
async def test_any_words_are_sorted_or_refused(lines: list[list[str]]) -> None:
    one = client()
    for line in ("ZADD z 1 a 2 b", "SADD s a b", "SET k v", "RPUSH l 2 1 x", "HSET h f 1", "SET w_1 2"):
        await _said(one, line)
    for words in lines:
        assert await _said(one, " ".join(("SORT", *words)))


@pytest.mark.parametrize("words", [[b"DESC"], [b"BY", b"w_*", b"GET", b"#"], [b"GET", b"#"] * 900], ids=len)
async def test_no_sort_keeps_others_waiting(words: list[bytes]) -> None:
    best = 1.0
    for _ in range(3):
        one = client()
        for at in range(0, 3000, 1000):
            await answer(one, [b"RPUSH", b"l", *[b"%d" % (7 * number % 3001) for number in range(at, at + 1000)]])
        start = thread_time()
        await answer(one, [b"SORT", b"l", *words])
        best = min(best, thread_time() - start)
    assert best < LONGEST_SECONDS
