# SPDX-License-Identifier: MIT
"""Streams: IDs, bounds of memory, and any words. What Redis answers is in the dialogues (`services/dialogues`)."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.redis.test_lua import client

from decnet_decoys.processor.turn import LONGEST_SECONDS
from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keyspace import MAX_BYTES
from decnet_decoys.redis.protocol import Error, encoded
from decnet_decoys.redis.types.stream import LARGEST, Id, following, parsed, preceding

_WORDS = (
    "s t g c 0 1 1-1 2-0 5-* * $ > - + ( (1-1 18446744073709551615-18446744073709551615 STREAMS COUNT BLOCK GROUP "
    "NOACK MAXLEN MINID ~ = LIMIT NOMKSTREAM MKSTREAM CREATE DESTROY SETID CREATECONSUMER DELCONSUMER STREAM "
    "GROUPS CONSUMERS f v x -1 100"
)
_NAMES = "XADD XLEN XRANGE XREVRANGE XREAD XDEL XTRIM XSETID XGROUP XREADGROUP XACK XPENDING XINFO DEL TYPE"
WORDS, NAMES = (st.sampled_from(words.split(" ")) for words in (_WORDS, _NAMES))


@pytest.mark.parametrize(
    ("text", "otherwise", "found"),
    [
        (b"5", 0, Id(5, 0)),
        (b"5", LARGEST, Id(5, LARGEST)),
        (b"5-7", 0, Id(5, 7)),
        (b"", 0, None),
        (b"5-", 0, None),
        (b"-5", 0, None),
        (b"5-x", 0, None),
        (b"18446744073709551616-0", 0, None),
        (b"9" * 5000, 0, None),
    ],
)
def test_id_is_two_numbers_of_64_bits(text: bytes, otherwise: int, found: Id | None) -> None:
    assert parsed(text, otherwise) == found


@given(st.integers(1, LARGEST - 1), st.integers(0, LARGEST))
def test_id_after_the_one_before_is_itself(first: int, second: int) -> None:
    place = Id(first, second)
    assert following(preceding(place)) == place == preceding(following(place))


@given(st.lists(st.tuples(NAMES, st.lists(WORDS, max_size=9)), max_size=12))
async def test_any_words_about_streams_are_answered(lines: list[tuple[str, list[str]]]) -> None:
    one = client()
    for name, words in (("XADD", ["s", "1-1", "f", "v"]), ("XGROUP", ["CREATE", "s", "g", "0"]), *lines):
        reply = await answer(one, [word.encode() for word in (name, *words)])
        for version in (2, 3):
            encoded(reply, version)


async def test_stream_takes_no_more_memory_than_a_database_has() -> None:
    one = client()
    reply = None
    for number in range(1, 2000):
        reply = await answer(one, [b"XADD", b"s", b"%d-1" % number, b"f", b"v" * 1000])
        if isinstance(reply, Error):
            break
    assert isinstance(reply, Error)
    assert reply.text.startswith("OOM")
    stream = one.keys.stream(b"s")
    assert stream is not None
    assert sum(len(value) for fields in stream.entries.values() for value in fields) < MAX_BYTES


async def test_failed_command_leaves_the_stream_as_it_was() -> None:
    one = client()
    await answer(one, b"XADD s 1-1 a b".split())
    before = one.keys.stream(b"s")
    assert isinstance(await answer(one, b"XADD s 1-1 c d".split()), Error)
    assert isinstance(await answer(one, b"XGROUP SETID s none 0".split()), Error)
    assert one.keys.stream(b"s") is before


@pytest.mark.parametrize("place", ["$", "0", "1-1", ">"])
async def test_stream_named_a_thousand_times_is_read_in_a_turn(place: str) -> None:
    one = client()
    await _filled(one, 600)
    begin = "XREADGROUP GROUP g c" if place == ">" else "XREAD"
    words = [word.encode() for word in (*begin.split(), "STREAMS", *["s"] * 1000, *[place] * 1000)]
    began = thread_time()
    reply = await answer(one, words)
    encoded(reply, one.version)
    assert thread_time() - began < LONGEST_SECONDS
    if place == ">":
        assert isinstance(reply, list)
        assert [len(entries) for _, entries in reply] == [600]


async def test_unacknowledged_entries_asked_for_a_thousand_times_are_found_in_a_turn() -> None:
    one = client()
    await _filled(one, 600)
    await answer(one, b"XREADGROUP GROUP g c COUNT 600 STREAMS s >".split())
    words = [*b"XREADGROUP GROUP g c COUNT 1 STREAMS".split(), *[b"s"] * 1000, *[b"1-590"] * 1000]
    began = thread_time()
    reply = await answer(one, words)
    assert thread_time() - began < LONGEST_SECONDS
    assert isinstance(reply, list)
    assert len(reply) == 1000
    assert reply[-1] == [b"s", [[b"1-591", [b"", b""]]]]


async def test_stream_named_twice_is_answered_twice() -> None:
    """As redis-server 7.0.15 does."""
    one = client()
    await answer(one, b"XADD s 1-1 a b".split())
    entry = b"$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
    reply = await answer(one, b"XREAD STREAMS s s 0 0".split())
    assert encoded(reply, 2) == b"*2\r\n" + 2 * (b"*2\r\n" + entry)
    one.version = 3
    assert encoded(await answer(one, b"XREAD STREAMS s s 0 0".split()), 3) == b"%2\r\n" + 2 * entry


async def test_who_finds_nothing_to_read_is_no_consumer() -> None:
    """As redis-server 7.0.15 does."""
    one = client()
    await answer(one, b"XGROUP CREATE s g $ MKSTREAM".split())
    assert encoded(await answer(one, b"XREADGROUP GROUP g c STREAMS s >".split()), 2) == b"*-1\r\n"
    assert await answer(one, b"XINFO CONSUMERS s g".split()) == []
    await answer(one, b"XREADGROUP GROUP g c STREAMS s 0".split())
    assert len(await answer(one, b"XINFO CONSUMERS s g".split())) == 1  # type: ignore[arg-type]


async def _filled(one: Client, count: int) -> None:
    """Fill a stream with the smallest entries, and make a group that reads it."""
    for number in range(1, count + 1):
        await answer(one, [b"XADD", b"s", b"1-%d" % number, b"", b""])
    await answer(one, b"XGROUP CREATE s g 0".split())
