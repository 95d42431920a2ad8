# SPDX-License-Identifier: MIT
"""A plugin of tests/conftest.py: collects no module in which `-m` can choose nothing.

To collect all takes 15 s of processor time, as much as sessions of CI that run a hundred tests of few modules. What is
marked as `NAME` has that name in the text of its module (tests/test_wanted_modules.py).
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

UNWRITTEN = frozenset({"postgresql"})
"""Markers that a module need not name: tests/parallel.py gives it to tests by their parameters."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    chosen: str = config.option.markexpr
    if not chosen or collection_path.suffix != ".py" or can_choose(chosen, ""):
        return None
    return None if can_choose(chosen, collection_path.read_text(encoding="utf-8")) else True


def can_choose(expression: str, text: str) -> bool:
    """Return whether an expression of `-m` holds for any of the markers that a module of this text may have."""
    named = set(re.findall(r"\w+", expression)) - {"and", "or", "not"}
    possible = [name for name in sorted(named) if name in UNWRITTEN or name in text]
    compiled = Expression.compile(expression)
    return any(
        compiled.evaluate(lambda name, /, **_: name in markers)  # noqa: B023  # it is called at once
        for count in range(len(possible) + 1)
        for markers in itertools.combinations(possible, count)
    )
