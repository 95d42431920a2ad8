# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.timing.heartbeat_clock import until_beat


@given(st.floats(0.001, 3600), st.floats(0, 1e8))
def test_the_wait_is_never_nothing_and_never_more_than_the_interval(seconds: float, now: float) -> None:
    assert 0 < until_beat(seconds, now) <= seconds


def test_all_that_wait_for_a_beat_wake_together() -> None:
    assert {now + until_beat(10, now) for now in (1000.0, 1000.5, 1004.25, 1009.75)} == {1010.0}


def test_beats_of_different_length_meet() -> None:
    assert 1012 + until_beat(10, 1012) == pytest.approx(1019 + until_beat(60, 1019))
