# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.timing.durations import SECOND_NS
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky
from decnet_workers.mutate.schedule import LATE_NS, in_window, is_in_window, is_late, next_at, soon

MINUTE, HOUR, DAY = 60 * SECOND_NS, 3600 * SECOND_NS, 86400 * SECOND_NS
WEB = Decky("web", (), "web", "loopback", "debian", seed=7, version=3)
NIGHT = Policy("web", 3600, 23 * 60, 60)
"""From 23:00 to 01:00."""

policies = st.builds(
    Policy,
    st.just("web"),
    st.integers(60, 30 * 86400),
    st.integers(0, 1440),
    st.integers(0, 1440),
)
deckies = st.builds(
    lambda seed, version: msgspec.structs.replace(WEB, seed=seed, version=version),
    st.integers(0, 2**53 - 1),
    st.integers(1, 10_000),
)
times = st.integers(0, 2**62)


@given(deckies, policies, times)
def test_the_next_time_is_in_the_window_and_no_later_than_an_interval_and_a_day(
    one: Decky, policy: Policy, now: int
) -> None:
    at = next_at(one, policy, now)
    assert is_in_window(policy, at)
    interval = policy.every_seconds * SECOND_NS
    assert now + interval // 2 <= at <= now + interval + DAY


@given(deckies, policies, times)
def test_the_same_seed_and_version_give_the_same_times(one: Decky, policy: Policy, now: int) -> None:
    renamed = msgspec.structs.replace(one, name="other", host_name="other")
    assert next_at(one, policy, now) == next_at(renamed, policy, now)
    assert soon(one, policy, now) == soon(renamed, policy, now)


@given(deckies, policies, times)
def test_a_time_in_the_window_stays_and_any_other_moves_to_the_next_window(one: Decky, policy: Policy, at: int) -> None:
    moved = in_window(one, policy, at)
    assert is_in_window(policy, moved)
    assert (moved == at) == is_in_window(policy, at)
    assert at <= moved <= at + DAY


@given(deckies, policies, times)
def test_what_was_missed_is_made_up_for_within_an_hour_of_the_window(one: Decky, policy: Policy, now: int) -> None:
    at = soon(one, policy, now)
    assert is_in_window(policy, at)
    assert now <= at <= now + HOUR + DAY


def test_a_window_may_end_after_midnight() -> None:
    assert [is_in_window(NIGHT, at) for at in (23 * HOUR - 1, 23 * HOUR, 0, HOUR - 1, HOUR)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert 23 * HOUR <= in_window(WEB, NIGHT, HOUR) < 25 * HOUR


def test_a_window_without_length_is_the_whole_day() -> None:
    for policy in (Policy("web", 60), Policy("web", 60, 300, 300), Policy("web", 60, 1440, 0)):
        assert all(is_in_window(policy, minute * MINUTE) for minute in range(1440))


def test_times_of_siblings_and_of_versions_differ() -> None:
    policy = Policy("web", 86400)
    drawn = {next_at(msgspec.structs.replace(WEB, seed=seed), policy, 0) for seed in range(100)}
    drawn |= {next_at(msgspec.structs.replace(WEB, version=version), policy, 0) for version in range(100, 200)}
    assert len(drawn) == 200


def test_an_hour_late_is_late() -> None:
    assert not is_late(5, 5 + LATE_NS)
    assert is_late(5, 6 + LATE_NS)
