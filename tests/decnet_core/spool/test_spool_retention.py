# SPDX-License-Identifier: MIT
"""What becomes of a spool's files, for any listing of its directory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.spool.positions import START, Position
from decnet_core.spool.retention import Listing, plan
from decnet_core.spool.segments import LOST_NUMBERS

SEGMENTS = st.dictionaries(st.integers(1, 12), st.integers(0, 100))
READERS = st.lists(st.builds(Position, st.integers(0, 14), st.integers(0, 100)), max_size=3)
QUOTA = st.integers(0, 400)


@given(SEGMENTS, READERS, QUOTA)
def test_the_next_number_was_never_used(sizes: dict[int, int], readers: list[Position], quota: int) -> None:
    found = plan(Listing(sizes, readers), quota).next_number
    used = {0, *sizes, *(reader.segment for reader in readers)}
    lost = not sizes and max(used) > 0
    assert found not in used
    assert found - 1 - lost * LOST_NUMBERS in used
    assert found > max(used)


def test_numbers_are_left_free_wherever_anything_was_lost() -> None:
    lost = [plan(Listing({}, [Position(segment, 0)]), 0).next_number for segment in (1, 2)]
    assert lost == [2 + LOST_NUMBERS, 3 + LOST_NUMBERS]
    assert plan(Listing({}, [Position(0, 0)]), 0).next_number == 1
    assert plan(Listing({1: 0}, [Position(1, 0)]), 0).next_number == 2


@given(SEGMENTS, READERS, QUOTA)
def test_only_what_every_reader_is_past_goes_as_acknowledged(
    sizes: dict[int, int], readers: list[Position], quota: int
) -> None:
    found = plan(Listing(sizes, readers), quota).acknowledged
    assert list(found) == [
        number for number in sorted(sizes) if readers and all(number < reader.segment for reader in readers)
    ]


@given(SEGMENTS, READERS, QUOTA)
def test_the_quota_costs_the_fewest_of_the_oldest(sizes: dict[int, int], readers: list[Position], quota: int) -> None:
    found = plan(Listing(sizes, readers), quota)
    left = [number for number in sorted(sizes) if number not in found.acknowledged]
    dropped = list(found.surplus)
    assert dropped == left[: len(dropped)]
    assert sum(sizes[number] for number in left[len(dropped) :]) <= quota
    if dropped:
        assert sum(sizes[number] for number in left[len(dropped) - 1 :]) > quota


@given(SEGMENTS, READERS, QUOTA)
def test_what_is_lost_begins_where_the_slowest_reader_is(
    sizes: dict[int, int], readers: list[Position], quota: int
) -> None:
    slowest = min(readers, default=START)
    for number, unread_from in plan(Listing(sizes, readers), quota).surplus.items():
        assert number >= slowest.segment
        assert unread_from == (slowest.offset if number == slowest.segment else 0)


@given(SEGMENTS, READERS, QUOTA, st.integers(1, 12))
def test_the_segment_being_written_stays_and_counts_for_nothing(
    sizes: dict[int, int], readers: list[Position], quota: int, writing: int
) -> None:
    others = {number: size for number, size in sizes.items() if number != writing}
    found, without = plan(Listing(sizes, readers), quota, writing=writing), plan(Listing(others, readers), quota)
    assert (found.acknowledged, found.surplus) == (without.acknowledged, without.surplus)


@given(SEGMENTS, READERS, QUOTA)
def test_a_second_clean_up_finds_nothing_to_do(sizes: dict[int, int], readers: list[Position], quota: int) -> None:
    first = plan(Listing(sizes, readers), quota)
    left = {number: size for number, size in sizes.items() if number not in {*first.acknowledged, *first.surplus}}
    second = plan(Listing(left, readers), quota)
    assert (second.acknowledged, second.surplus) == ((), {})


def test_the_quota_is_kept_to_the_byte() -> None:
    sizes = {1: 10, 2: 10, 3: 10}
    assert [list(plan(Listing(sizes, []), quota).surplus) for quota in (30, 29, 20, 19, 10, 9, 0)] == [
        [],
        [1],
        [1],
        [1, 2],
        [1, 2],
        [1, 2, 3],
        [1, 2, 3],
    ]
