# SPDX-License-Identifier: MIT
"""Frames of syslog over TCP (RFC 6587): both methods, cut anywhere, too long, and anything else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.collect.network.framing import Frame, Framing, FramingError

LIMIT = 100


def frames(pieces: list[bytes], limit: int = LIMIT) -> list[Frame]:
    framing = Framing(limit)
    found = [frame for piece in pieces for frame in framing.feed(piece)]
    return found + framing.end()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


def counted(messages: list[bytes]) -> bytes:
    return b"".join(b"%d %b" % (len(message), message) for message in messages)


def test_octet_counting_is_known_by_its_first_digit() -> None:
    framing = Framing(LIMIT)
    assert framing.feed(b"7 <1>a\nbc5 <2>de") == [Frame(b"<1>a\nbc", 7), Frame(b"<2>de", 5)]
    assert framing.method == "octet counting"


def test_anything_else_ends_with_a_line_feed() -> None:
    framing = Framing(LIMIT)
    assert framing.feed(b"<1>one\n<2>two\n<3>th") == [Frame(b"<1>one", 6), Frame(b"<2>two", 6)]
    assert framing.method == "line feed"
    assert framing.end() == [Frame(b"<3>th", 5)]


def test_sender_that_ends_with_nul_may_have_line_feeds_within() -> None:
    assert frames([b"<1>one\0<2>t\nwo\0"]) == [Frame(b"<1>one", 6), Frame(b"<2>t\nwo", 7)]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_nul_in_the_first_message_does_not_swallow_those_after_it(size: int) -> None:
    said = b"<1>user \0 came\n<13>two\n<191>th\0ree\n<4>\n"
    found = frames([said[at : at + size] for at in range(0, len(said), size)])
    assert [frame.text for frame in found[:1] + found[2:]] == [b"<1>user ", b"<13>two", b"<191>th", b"ree", b"<4>\n"]


def test_counted_messages_that_end_with_a_line_feed_too() -> None:
    assert frames([b"2 ab\n2 cd\n"]) == [Frame(b"ab", 2), Frame(b"cd", 2)]


@pytest.mark.parametrize("data", [b"1x abc", b"12345678901 a", b"3 abcxyz", b"99999999999"])
def test_wrong_length_ends_the_connection(data: bytes) -> None:
    with pytest.raises(FramingError):
        Framing(LIMIT).feed(data)


def test_message_over_the_limit_is_cut_and_the_next_is_whole() -> None:
    long = b"x" * 1000
    assert frames([counted([long, b"ab"])]) == [Frame(long[:LIMIT], 1000), Frame(b"ab", 2)]
    assert frames([b"<" + long, long + b"\nab\n"]) == [Frame(b"<" + long[: LIMIT - 1], 2001), Frame(b"ab", 2)]


def test_endless_message_takes_no_more_memory_than_the_limit() -> None:
    for begin in (b"<", b"9999999999 "):
        framing = Framing(LIMIT)
        framing.feed(begin)
        for _ in range(100):
            assert framing.feed(b"y" * 65_536) == []
            assert len(framing._buffer) <= LIMIT


@given(st.lists(st.binary(min_size=1, max_size=150), max_size=8), st.lists(st.integers(0, 2000)))
def test_counted_messages_are_the_same_however_they_are_cut(messages: list[bytes], places: list[int]) -> None:
    found = frames(cut(counted(messages), places))
    assert found == [Frame(message[:LIMIT], len(message)) for message in messages]


@given(st.lists(st.text("abc <>", min_size=1, max_size=150), max_size=8), st.lists(st.integers(0, 2000)))
def test_trailed_messages_are_the_same_however_they_are_cut(texts: list[str], places: list[int]) -> None:
    messages = [b"<" + text.encode() for text in texts]
    found = frames(cut(b"".join(message + b"\n" for message in messages), places))
    assert found == [Frame(message[:LIMIT], len(message)) for message in messages]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_frames_or_refused_and_stay_bounded(pieces: list[bytes]) -> None:
    framing = Framing(LIMIT)
    try:
        for piece in pieces:
            for frame in framing.feed(piece):
                assert len(frame.text) <= LIMIT
                assert frame.size >= len(frame.text)
            assert len(framing._buffer) <= LIMIT + 11
    except FramingError:
        return
    framing.end()
