# SPDX-License-Identifier: MIT
"""Whatever becomes of segments on the way, what both sides said is the same; nothing grows without bound."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_sniff.sniff.reassembly_buffer import ISLAND_BYTES, ReassemblyBuffer
from decnet_sniff.sniff.transport import stream_head
from decnet_sniff.sniff.transport.stream_head import LIMIT, Stream

DATA = bytes(random.Random(5).randbytes(3000))
cuts = st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 900)), min_size=1, max_size=40)


@given(pieces=cuts, base=st.integers(0, 2**32 - 1), seed=st.integers(0, 999))
def test_any_split_order_and_overlap_give_the_same_stream(pieces: list[tuple[int, int]], base: int, seed: int) -> None:
    whole = [(at, 700) for at in range(0, len(DATA), 700)]
    segments = pieces + whole
    random.Random(seed).shuffle(segments)
    stream = Stream(base)
    for at, size in segments:
        stream.add((base + at) % 2**32, DATA[at : at + size])
    assert stream.data == DATA
    assert stream.size == len(DATA)


@given(pieces=st.lists(st.tuples(st.integers(-50, 120), st.binary(max_size=40)), max_size=40))
def test_the_byte_that_came_first_wins(pieces: list[tuple[int, bytes]]) -> None:
    known: dict[int, int] = {}
    tested = ReassemblyBuffer(100)
    for offset, piece in pieces:
        tested.add(offset, piece)
        for number, byte in enumerate(piece, offset):
            if 0 <= number < 100:
                known.setdefault(number, byte)
    front = bytes(known[n] for n in range(next(n for n in range(101) if n not in known)))
    assert bytes(tested.data) == front
    assert tested.waiting == len(known) - len(front)


def test_numbers_wrap_around() -> None:
    stream = Stream(2**32 - 2)
    assert not stream.add(1, b"later")
    assert stream.add(2**32 - 2, b"abc")
    assert stream.data == b"abclater"


def test_what_lies_before_the_first_byte_is_cut_off() -> None:
    stream = Stream(100)
    assert not stream.add(99, b"k")  # a keep-alive
    assert stream.add(98, b"..abc")
    assert stream.data == b"abc"


def test_a_direction_is_bounded_in_bytes() -> None:
    stream = Stream(0)
    for number in range(100):
        stream.add(number * 1400, b"x" * 1400)
    assert len(stream.data) == LIMIT
    assert stream.exhausted


def test_a_direction_is_bounded_in_bytes_behind_a_hole() -> None:
    stream = Stream(0)
    for number in range(200_000 // 1400):
        stream.add(1 + number * 1400, b"x" * 1400)
    assert stream.size < LIMIT + ISLAND_BYTES
    assert stream.data == b""


def test_a_direction_is_bounded_in_pieces() -> None:
    stream = Stream(0)
    for number in range(stream_head.MOST_PIECES + 1):
        stream.add(2 + number * 2, b"x")
    assert stream.exhausted


def test_a_sender_of_single_bytes_is_not_looked_at_for_ever() -> None:
    stream = Stream(0)
    sent = next(number for number in range(LIMIT) if stream.add(number, b"x") and stream.exhausted)
    assert 2000 < sent < 2100, "bytes, one by one"
    assert stream.looked_at < stream_head.MOST_LOOKED_AT + sent + 2


@given(order=st.permutations(range(60)))
def test_pieces_that_touch_are_one_piece(order: list[int]) -> None:
    tested = ReassemblyBuffer(1000)
    for count, number in enumerate(order, 1):
        tested.add(1 + number, bytes([number]))
        known = set(order[:count])
        assert tested.spread == sum(1 for one in known if one - 1 not in known)
        assert tested.size == count + tested.spread * ISLAND_BYTES
    assert tested.add(0, b"!")
    assert bytes(tested.data) == b"!" + bytes(range(60))


@settings(max_examples=examples(50))
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=100)), max_size=60), st.integers(0, 2**32 - 1))
def test_any_segments_are_taken_and_bounded(segments: list[tuple[int, bytes]], base: int) -> None:
    stream = Stream(base)
    for sequence, payload in segments:
        stream.add(sequence, payload)
    assert stream.size <= min(LIMIT, sum(len(payload) for _, payload in segments)) + len(segments) * ISLAND_BYTES
