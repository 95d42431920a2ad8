# SPDX-License-Identifier: MIT
"""Requests of Redis: read alike however they are cut, refused as the real server does, and never an error of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.services.dialogues.redis import request

from decnet_decoys.redis.protocol import MAX_INLINE, Error, Pairs, Reply, Requests, Simple, encoded

MOST = 1 << 16


def read(*pieces: bytes) -> tuple[list[list[bytes]], str]:
    """Return the requests in what comes in pieces, and what is wrong after them."""
    reader, found = Requests(MOST), []
    for piece in pieces:
        reader.feed(piece)
        while True:
            one = reader.take()
            if one is not None:
                found.append(one)
            elif not reader.paused:
                break
        assert reader.held <= MOST + 2 * MAX_INLINE
    return found, reader.broken


WORDS = st.lists(st.binary(max_size=40), min_size=1, max_size=5)


@given(st.lists(WORDS, max_size=5), st.lists(st.integers(0, 300), max_size=6))
def test_requests_are_the_same_however_they_are_cut(requests: list[list[bytes]], cuts: list[int]) -> None:
    data = b"".join(request(*one) for one in requests)
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert read(*pieces) == (requests, "")


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"*2\r\n", b"$3\r\n", b"*-1\r\n", b"'", b'"', b"\r\n"])))
def test_nothing_raises_and_a_broken_stream_stays_broken(pieces: list[bytes]) -> None:
    read(*pieces)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*9999999999\r\n", "invalid multibulk length"),
        (b"*1\r\nx\r\n", "expected '$', got 'x'"),
        (b"*1\r\n$x\r\n", "invalid bulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$%d\r\n" % (MOST + 1), "invalid bulk length"),
        (b"a" * (MAX_INLINE + 1), "too big inline request"),
        (b"*" * (MAX_INLINE + 1), "too big mbulk count"),
        (b"*1\r\n" + b"$" * (MAX_INLINE + 1), "too big bulk count string"),
        (b'set "a\r\n', "unbalanced quotes in request"),
        (b'"a"b\r\n', "unbalanced quotes in request"),
    ],
)
def test_what_is_no_request_is_refused_in_the_servers_words(data: bytes, reason: str) -> None:
    assert read(data) == ([], f"Protocol error: {reason}")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (request(*[b"x"] * 3000), 12),  # each has a line with its length
        (b"'x' " * 3000 + b"\r\n", 12),
        (b"x " * 3000 + b"\r\n", 0),  # without quotes it is split at once
    ],
)
def test_many_arguments_are_read_in_turns(data: bytes, expected: int) -> None:
    reader = Requests(1 << 20)
    reader.feed(data)
    pauses = 0
    while (found := reader.take()) is None:
        assert reader.paused
        pauses += 1
    assert (found, pauses) == ([b"x"] * 3000, expected)


def words_of(line: bytes) -> list[bytes]:
    reader = Requests(MOST)
    reader.feed(b"'' " + line + b"\r\n")  # quotes, so that it is read word by word
    return (reader.take() or [])[1:]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"ping", [b"ping"]),
        (b"  set a  b ", [b"set", b"a", b"b"]),
        (rb'set "a b" "\x41\n\""', [b"set", b"a b", b'A\n"']),
        (rb"set 'it\'s' '\n'", [b"set", b"it's", rb"\n"]),
        (b"", []),
        (b"''", [b""]),
        (rb"""a"b c"d'e'""", []),
        (rb"""a"b c" 'e\\' f'""", [b"ab c", rb"e\' f"]),
        (rb'"\x4\xg1\\"', [rb"x4xg1\\"[:-1]]),
    ],
)
def test_words_of_a_line(line: bytes, words: list[bytes]) -> None:
    assert words_of(line) == words


@given(st.text("ab \t\v\f\r").map(str.encode))
def test_a_line_without_quotes_has_the_same_words_either_way(line: bytes) -> None:
    assert line.split() == words_of(line)


def test_after_a_line_with_quotes_comes_the_next_request() -> None:
    assert read(b"'' 'a'\r\n" + b"\r\n", b"ping\r\nx 'y") == ([[b"", b"a"], [b"ping"]], "")
    assert read(b"ping\r\na 'b' 'c\r\nping\r\n")[1] == "Protocol error: unbalanced quotes in request"


REPLIES: list[tuple[Reply, bytes, bytes]] = [
    (Simple("OK"), b"+OK\r\n", b"+OK\r\n"),
    (Error("ERR a\nb"), b"-ERR a b\r\n", b"-ERR a b\r\n"),
    (7, b":7\r\n", b":7\r\n"),
    (b"a\0", b"$2\r\na\0\r\n", b"$2\r\na\0\r\n"),
    (None, b"$-1\r\n", b"_\r\n"),
    ([b"a", [1]], b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n"),
    (Pairs({"a": 1}), b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
]


@pytest.mark.parametrize(("reply", "second", "third"), REPLIES)
def test_replies_in_both_versions(reply: Reply, second: bytes, third: bytes) -> None:
    assert (encoded(reply, 2), encoded(reply, 3)) == (second, third)
