# SPDX-License-Identifier: MIT
"""How many examples a property is tried with: all in `nox -s properties`, 5 % by `make test` and on other Pythons.

All of them are also drawn from the constants of our own modules, which Hypothesis finds by parsing every one of them.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100, print_blob=True
)
settings.register_profile("few", settings.get_profile("thorough"), max_examples=5)
settings.load_profile("few")


def pytest_configure(config: pytest.Config) -> None:
    """Parse no module for its constants in a run of few examples: in a new checkout that is 10 s of processor time."""
    if config.getoption("--hypothesis-profile") is None:
        with suppress(ImportError, AttributeError):  # an older Hypothesis looks for none
            providers: Any = importlib.import_module("hypothesis.internal.conjecture.providers")
            found = providers._local_constants
            providers._get_local_constants = lambda: found


def examples(thorough: int) -> int:
    """Return the number for a property that needs another than 100: `thorough`, or the profile's share of it."""
    return max(1, thorough * settings().max_examples // 100)
