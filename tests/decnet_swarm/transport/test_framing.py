# SPDX-License-Identifier: MIT
"""Frames survive any cutting of the stream, and a stream that lies is not followed."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decnet_swarm.framing import MAX_MESSAGE_BYTES, Deframer, frame

messages = st.lists(st.binary(min_size=1, max_size=300), max_size=20)
cuts = st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=60)


def pieces(stream: bytes, sizes: list[int]) -> list[bytes]:
    found, at, turn = [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found.append(stream[at : at + size])
        at, turn = at + size, turn + 1
    return found


@given(messages, cuts)
def test_any_messages_survive_any_cutting(sent: list[bytes], sizes: list[int]) -> None:
    deframer = Deframer()
    found = [message for piece in pieces(b"".join(map(frame, sent)), sizes) for message in deframer.feed(piece)]
    assert found == sent
    assert not deframer.broken
    assert deframer.held == 0


@given(st.lists(st.binary(min_size=1, max_size=100).map(lambda m: b"<" + m.replace(b"\n", b" ")), max_size=20), cuts)
def test_lines_survive_any_cutting(sent: list[bytes], sizes: list[int]) -> None:
    deframer = Deframer(lines=True)
    stream = b"\n".join(sent)
    found = [message for piece in pieces(stream, sizes) for message in deframer.feed(piece)]
    assert found + deframer.finish() == sent
    assert not deframer.broken


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11, 99, 100, 65_535, 65_536, 1 << 20, MAX_MESSAGE_BYTES])
def test_every_length_up_to_the_limit(size: int) -> None:
    message = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    deframer = Deframer()
    found = [each for piece in pieces(frame(message) * 2, [65_536]) for each in deframer.feed(piece)]
    assert found == [message, message]


@pytest.mark.parametrize(
    ("stream", "word"),
    [
        (b"x", "length"),
        (b" 5 hello", "length"),
        (b"05 hello", "length"),
        (b"0 ", "length"),
        (b"-5 hello", "length"),
        (b"5x hello", "length"),
        (b"\xd9\xa5 hello", "length"),  # an Arabic five is a digit for str.isdigit
        (b"9" * 30, "more than"),
        (b"9999999 ", "more than"),
        (str(MAX_MESSAGE_BYTES + 1).encode() + b" ", "more than"),
    ],
)
def test_lie_breaks_the_stream_but_not_what_came_before(stream: bytes, word: str) -> None:
    for size in (1, 3, 1000):
        deframer = Deframer()
        found = [each for piece in pieces(frame(b"before") + stream, [size]) for each in deframer.feed(piece)]
        assert found == [b"before"]
        assert word in deframer.broken
        assert deframer.feed(frame(b"after")) == []
        assert deframer.held == 0


def test_stream_that_ends_within_a_message_is_broken() -> None:
    deframer = Deframer()
    assert deframer.feed(b"5 hel") == []
    assert deframer.finish() == []
    assert "ended" in deframer.broken


def test_overlong_line_breaks_the_stream_but_not_what_came_before() -> None:
    deframer = Deframer(max_bytes=10, lines=True)
    assert deframer.feed(b"<1>a\n" + b"x" * 11 + b"\n<1>b\n") == [b"<1>a"]
    assert "more than" in deframer.broken


def test_line_of_exactly_the_limit_is_a_message() -> None:
    longest = b"x" * 10
    whole, held = Deframer(max_bytes=10, lines=True), Deframer(max_bytes=10, lines=True)
    assert whole.feed(longest + b"\n") == [longest]
    assert held.feed(longest) == []
    assert held.feed(b"\n") == [longest]
    assert not whole.broken + held.broken


def test_empty_first_line_is_no_part_of_the_next() -> None:
    deframer = Deframer(lines=True)
    assert deframer.feed(b"\n") == deframer.feed(b"<1>a") == []
    assert deframer.finish() == [b"<1>a"]


def test_lines_are_refused_where_octets_are_counted() -> None:
    deframer = Deframer()
    assert deframer.feed(b"<1>a\n") == []
    assert "length" in deframer.broken


def test_length_with_too_many_digits_is_refused_before_its_end_is_seen() -> None:
    deframer = Deframer(max_bytes=100)
    assert deframer.feed(b"1000") == []
    assert "more than" in deframer.broken


def test_first_byte_decides_which_framing_it_is() -> None:
    counted, lines = Deframer(lines=True), Deframer(lines=True)
    assert counted.feed(b"4 <1>a3 <1>") == [b"<1>a", b"<1>"]
    assert lines.feed(b"<1>a\n4 b\n\n<1>c") == [b"<1>a", b"4 b"]


@given(st.binary(max_size=2000), cuts, st.booleans())
@example(b"1 ", [1], False)
def test_any_bytes_are_taken_in_bounded_memory(stream: bytes, sizes: list[int], lines: bool) -> None:
    deframer = Deframer(max_bytes=100, lines=lines)
    for piece in pieces(stream, sizes):
        for message in deframer.feed(piece):
            assert 1 <= len(message) <= 100
        assert deframer.held <= 100 + 4 + len(piece)
    deframer.finish()


def test_hundred_megabytes_without_an_end_are_not_kept() -> None:
    piece = b"x" * 65_536
    tracemalloc.start()
    for lines in (True, False):
        deframer = Deframer(lines=lines)
        deframer.feed(b"<" if lines else b"1000000 ")
        for _ in range(1600):
            deframer.feed(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
