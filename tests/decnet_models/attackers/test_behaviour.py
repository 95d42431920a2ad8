# SPDX-License-Identifier: MIT
"""Rhythm and traits, from what the profiler keeps per minute."""

from __future__ import annotations

import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.timing.durations import SECOND_NS
from decnet_models.attackers.behaviour import Breadth, Minute, Rhythm, Typing, rhythm, traits

MINUTE = 60 * SECOND_NS


def minutes_of(times: list[int]) -> list[Minute]:
    """What the profiler would have stored for contacts at `times` (ns)."""
    groups = [list(group) for _, group in groupby(sorted(times), key=lambda ts: ts // MINUTE)]
    return [Minute(len(group), group[0], group[-1]) for group in groups]


def names(*arguments: object) -> list[str]:
    return [trait.name for trait in traits(*arguments)]  # type: ignore[arg-type]  # a shorthand of the tests


@pytest.mark.parametrize("interval", [10, 30, 60, 90, 600, 3600])
def test_regular_contacts_are_a_beacon_with_its_interval(interval: int) -> None:
    beat = rhythm(minutes_of([7 * SECOND_NS + i * interval * SECOND_NS for i in range(50)]))
    assert beat is not None
    assert beat.mean_seconds == pytest.approx(interval)
    assert beat.jitter == pytest.approx(0, abs=1e-6)
    assert names(Breadth(), beat, ()) == ["beaconing"]


def test_jitter_of_a_beacon_is_measured() -> None:
    dice = random.Random(1)
    times, now = [], 0
    for _ in range(500):
        now += int((300 + dice.uniform(-30, 30)) * SECOND_NS)
        times.append(now)
    beat = rhythm(minutes_of(times))
    assert beat is not None
    assert beat.mean_seconds == pytest.approx(300, rel=0.02)
    assert beat.jitter == pytest.approx(30 / 3**0.5 / 300, rel=0.1)
    assert names(Breadth(), beat, ()) == ["beaconing"]


def test_contacts_at_random_are_no_beacon() -> None:
    dice = random.Random(2)
    beat = rhythm(minutes_of([dice.randrange(24 * 3600) * SECOND_NS for _ in range(200)]))
    assert names(Breadth(), beat, ()) == ["visit"]


def test_several_connections_at_once_are_one_contact() -> None:
    bursts = [i * 300 * SECOND_NS + j * SECOND_NS // 100 for i in range(20) for j in range(4)]
    beat = rhythm(minutes_of(bursts))
    assert beat is not None
    assert beat.gaps == 19
    assert beat.mean_seconds == pytest.approx(300, rel=0.01)


@given(st.lists(st.integers(0, 10**15), max_size=40))
def test_rhythm_of_any_times_is_finite_and_counts_at_most_every_gap(times: list[int]) -> None:
    beat = rhythm(minutes_of(times))
    if beat is not None:
        assert 1 <= beat.gaps < len(times)
        assert beat.mean_seconds >= 1
        assert 0 <= beat.jitter < len(times)


def test_one_contact_has_no_rhythm() -> None:
    assert rhythm([]) is None
    assert rhythm([Minute(1, 5, 5)]) is None


def test_typing_by_hand_is_interactive_and_faster_is_scripted() -> None:
    by_hand = Typing(10, 0, 45 * SECOND_NS)
    script = Typing(10, 0, SECOND_NS)
    assert names(Breadth(), None, [by_hand]) == ["interactive"]
    assert names(Breadth(), None, [script]) == ["scripted"]
    assert names(Breadth(), None, [script, by_hand]) == ["interactive", "scripted"]


def test_two_commands_show_nothing() -> None:
    assert names(Breadth(), None, [Typing(2, 0, 5 * SECOND_NS), Typing(1, 0, 0)]) == ["visit"]


def test_ten_log_ins_are_brute_force() -> None:
    assert names(Breadth(logins=9), None, ()) == ["visit"]
    assert names(Breadth(logins=10), None, ()) == ["brute force"]


@pytest.mark.parametrize("breadth", [Breadth(deckies=3), Breadth(services=3), Breadth(scans=1), Breadth(requests=30)])
def test_breadth_is_scanning_and_with_long_pauses_slow_scanning(breadth: Breadth) -> None:
    assert names(breadth, None, ()) == ["scanning"]
    assert names(breadth, Rhythm(5, 60.0, 1.0), ()) == ["scanning"]
    assert names(breadth, Rhythm(5, 3600.0, 1.0), ()) == ["slow scan"]


def test_every_trait_gives_its_reason() -> None:
    found = traits(Breadth(deckies=4, logins=50), Rhythm(9, 60.0, 0.05), [Typing(9, 0, 30 * SECOND_NS)])
    assert [trait.name for trait in found] == ["interactive", "brute force", "scanning", "beaconing"]
    assert "50 logins" in found[1].reason
    assert "every 60.0 s, jitter 5%" in found[3].reason
