# SPDX-License-Identifier: MIT
"""When a worker takes a break, and until when."""

import pytest

from decnet_models.following.breaks import ENOUGH, Breaks


def test_a_break_comes_only_after_much_work() -> None:
    breaks = Breaks(0.0, lambda: 10.0)
    assert breaks.due() is None
    breaks.note(ENOUGH - 1)
    assert breaks.due() is None
    breaks.note(1)
    assert breaks.due() == 50.0


def test_there_is_none_when_nothing_comes_any_more() -> None:
    breaks = Breaks(0.0, lambda: 10.0)
    breaks.note(ENOUGH)
    breaks.note(0)
    assert breaks.due() == 50.0
    breaks.note(0)
    assert breaks.due() is None
    breaks.note(1)
    assert breaks.due() == 50.0


@pytest.mark.parametrize(("now", "seconds"), [(20.0, 60.0), (21.0, 59.0), (59.0, 21.0), (61.0, 79.0), (75.0, 65.0)])
def test_it_ends_at_its_second_of_the_minute_and_is_never_short(now: float, seconds: float) -> None:
    breaks = Breaks(20.0, lambda: now)
    breaks.note(ENOUGH)
    assert breaks.due() == seconds
