# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.ids import session_id, uuid7, uuid7_of

TIMES = st.integers(0, (2**48 - 1) * 1_000_000)


@given(TIMES)
def test_an_id_is_a_version_7_uuid_that_carries_its_millisecond(ts: int) -> None:
    made = uuid7(ts)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == ts // 1_000_000


@given(TIMES, TIMES)
def test_ids_sort_by_time(first: int, second: int) -> None:
    if first // 1_000_000 < second // 1_000_000:
        assert uuid7(first) < uuid7(second)


def test_ids_of_one_moment_differ() -> None:
    assert len({uuid7(1) for _ in range(1000)}) == 1000


@given(TIMES, st.lists(st.binary(max_size=8)), st.lists(st.binary(max_size=8)))
def test_the_same_parts_give_the_same_id_and_others_another(ts: int, one: list[bytes], other: list[bytes]) -> None:
    assert uuid7_of(ts, *one) == uuid7_of(ts, *one)
    assert (uuid7_of(ts, *one) == uuid7_of(ts, *other)) == (one == other)


@given(TIMES, TIMES)
def test_ids_of_sessions_sort_by_time_and_have_one_length(first: int, second: int) -> None:
    made = session_id(first), session_id(second)
    assert {len(one) for one in made} == {20}
    if first // 1_000_000 < second // 1_000_000 < 1 << 44:
        assert made[0] < made[1]


def test_ids_of_sessions_of_one_moment_differ() -> None:
    assert len({session_id(1) for _ in range(1000)}) == 1000
