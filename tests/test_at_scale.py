# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import Any

import pytest

from tests.at_scale import at_scale


@pytest.mark.parametrize(("count", "always"), [(1, 1), (10, 1), (10, 3), (266, 33), (2, 5)])
def test_some_values_are_ordinary_and_none_is_left_out(count: int, always: int) -> None:
    made: list[Any] = at_scale(range(count), always=always)
    ordinary = [one for one in made if isinstance(one, int)]
    marked = [one.values[0] for one in made if not isinstance(one, int)]
    assert sorted([*ordinary, *marked]) == list(range(count))
    assert len(ordinary) == min(count, always)
    assert ordinary[0] == 0
    assert all([mark.name for mark in one.marks] == ["scale"] for one in made if not isinstance(one, int))
