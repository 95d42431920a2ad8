# SPDX-License-Identifier: MIT
"""Sorted sets, CONFIG's parameters and the answers of version 3, as the real server of this machine gave them."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.redis.test_lua import client

from decnet_decoys.redis.dispatch import COMMANDS, answer
from decnet_decoys.redis.protocol import Error, encoded

WORDS = st.sampled_from(
    [
        *[
            "key",
            "set",
            "l",
            "h",
            "s",
            "z",
            "0",
            "1",
            "-1",
            "1.5",
            "nan",
            "inf",
            "-inf",
            "(1",
            "x",
            "WITHSCORES",
            "LIMIT",
            "BYSCORE",
            "REV",
            "NX",
            "XX",
            "CH",
            "INCR",
            "GT",
            "MATCH",
            "COUNT",
        ],
        "",
    ]
)


async def dialogue(*lines: str, version: int = 2) -> bytes:
    one = client()
    one.version = version
    said = [encoded(await answer(one, line.encode().split()), one.version) for line in lines]
    return b"".join(said[1 - len(lines) :] if len(lines) > 1 else said)


@pytest.mark.parametrize(
    ("line", "two", "three"),
    [
        ("ZSCORE z a", b"$3\r\n1.5\r\n", b",1.5\r\n"),
        ("ZRANGE z 0 -1", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", None),
        ("ZRANGE z 0 0 WITHSCORES", b"*2\r\n$1\r\na\r\n$3\r\n1.5\r\n", b"*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n"),
        ("ZRANGEBYSCORE z (1.5 +inf", b"*1\r\n$1\r\nb\r\n", None),
        ("ZRANGEBYSCORE z x 1", b"-ERR min or max is not a float\r\n", None),
        ("ZREVRANGE z 0 0", b"*1\r\n$1\r\nb\r\n", None),
        ("ZRANK z b", b":1\r\n", None),
        ("ZADD z XX CH 9 a 9 q", b":1\r\n", None),
        ("ZADD z x a", b"-ERR value is not a valid float\r\n", None),
        ("ZINCRBY z 2 b", b"$1\r\n4\r\n", b",4\r\n"),
        ("ZPOPMIN z", b"*2\r\n$1\r\na\r\n$3\r\n1.5\r\n", b"*2\r\n$1\r\na\r\n,1.5\r\n"),
        ("TYPE z", b"+zset\r\n", None),
        ("HGETALL z", b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n", None),
        ("HGETALL none", b"*0\r\n", b"%0\r\n"),
        ("SMEMBERS none", b"*0\r\n", b"~0\r\n"),
        ("SUBSCRIBE c", b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"),
    ],
)  # fmt: skip
async def test_answers_in_both_versions(line: str, two: bytes, three: bytes | None) -> None:
    assert await dialogue("ZADD z 1.5 a 2 b", line) == two
    assert await dialogue("ZADD z 1.5 a 2 b", line, version=3) == (three or two)


async def test_unsubscribing_from_channels_keeps_patterns() -> None:
    said = await dialogue("PING", "SUBSCRIBE c", "PSUBSCRIBE p*", "UNSUBSCRIBE", "PUNSUBSCRIBE")
    counts = [line for line in said.split(b"\r\n") if line.startswith(b":")]
    assert counts == [b":1", b":2", b":1", b":0"]


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        (("SET a 3.0", "INCRBYFLOAT a 0.1"), b"$3\r\n3.1\r\n"),
        (("SET a 5.0e3", "INCRBYFLOAT a 200"), b"$4\r\n5200\r\n"),
        (("HSET a f 3.0", "HINCRBYFLOAT a f 0.1"), b"$3\r\n3.1\r\n"),
        (("HSET a f x", "HINCRBYFLOAT a f 1"), b"-ERR hash value is not a float\r\n"),
        (("SET a 1", "INCRBYFLOAT a x"), b"-ERR value is not a valid float\r\n"),
        (("SET a 1", "INCRBYFLOAT a inf"), b"-ERR increment would produce NaN or Infinity\r\n"),
    ],
)
async def test_keys_and_fields_of_hashes_are_added_to_alike(lines: tuple[str, str], reply: bytes) -> None:
    assert (await dialogue("PING", *lines)).endswith(reply)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (
            "CONFIG SET maxmemory abc",
            "failed (possibly related to argument 'maxmemory') - argument must be a memory value",
        ),
        ("CONFIG SET appendonly maybe", "argument must be 'yes' or 'no'"),
        ("CONFIG SET timeout -1", "argument must be between 0 and 2147483647 inclusive"),
        ("CONFIG SET port x", "argument couldn't be parsed into an integer"),
        ("CONFIG SET unixsocket /tmp/x", "can't set immutable config"),
        ("CONFIG SET loglevel x", "argument(s) must be one of the following: debug, verbose, notice, warning"),
        ("CONFIG SET dir /tmp dir /tmp", "duplicate parameter"),
        ("CONFIG SET save x", "Invalid save parameters"),
        ("SLAVEOF a 99999", "ERR Invalid master port"),
    ],
)
async def test_refusals_are_those_of_the_real_server(line: str, reply: str) -> None:
    assert (await dialogue(line)).decode().rstrip().endswith(reply)


async def test_a_parameter_has_an_older_name_and_sizes_are_bytes() -> None:
    shown = await dialogue(
        "PING", "CONFIG SET slave-read-only no maxmemory 100mb", "CONFIG GET replica-read-only", "CONFIG GET maxmemory"
    )
    assert shown == b"+OK\r\n*2\r\n$17\r\nreplica-read-only\r\n$2\r\nno\r\n*2\r\n$9\r\nmaxmemory\r\n$9\r\n104857600\r\n"


async def test_a_replica_takes_no_writes_until_it_is_told_to() -> None:
    lines = ("SLAVEOF 192.0.2.9 6379", "SLAVEOF 192.0.2.9 6379", "SET a b", "CONFIG SET slave-read-only no", "SET a b")
    assert await dialogue(*lines) == (
        b"+OK Already connected to specified master\r\n"
        b"-READONLY You can't write against a read only replica.\r\n+OK\r\n+OK\r\n"
    )


@given(st.sampled_from(sorted(COMMANDS)), st.lists(WORDS | st.text(max_size=6), max_size=6))
async def test_any_command_with_any_words_is_answered(name: str, given_words: list[str]) -> None:
    one = client()
    one.keys.put(b"l", [b"1", b"a"])
    one.keys.put(b"h", {b"a": b"1"})
    one.keys.put(b"s", frozenset((b"1",)))
    await answer(one, [b"ZADD", b"z", b"1", b"x"])
    reply = await answer(one, [name.encode(), *(word.encode("utf-8", "surrogatepass") for word in given_words)])
    for version in (2, 3):
        encoded(reply, version)


@pytest.mark.parametrize("name", ["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"])
async def test_set_that_is_named_very_often_takes_no_memory_for_each_time(name: str) -> None:
    one = client()
    one.keys.put(b"many", frozenset(b"%d" % number for number in range(1000)))
    tracemalloc.start()
    reply = await answer(one, [name.encode(), b"2000", *[b"many"] * 2000])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(reply, Error)
    assert most < 4 << 20
