# SPDX-License-Identifier: MIT
"""Long lists of attacks of one sort: `make test` tries some, `nox -s properties` the others, marked `scale`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def at_scale(values: Iterable[Any], *, always: int) -> list[Any]:
    """Return parameters of which `always`, evenly spread, are ordinary; the others are marked `scale`."""
    listed = list(values)
    chosen = {number * len(listed) // always for number in range(always)}
    return [
        value if number in chosen else pytest.param(value, marks=pytest.mark.scale)
        for number, value in enumerate(listed)
    ]
