# SPDX-License-Identifier: MIT
"""How many examples a property is tried with: all in `nox -s properties`, 10 % by `make test`, 5 % on other Pythons."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100, print_blob=True
)
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=10)
settings.register_profile("few", settings.get_profile("thorough"), max_examples=5)
settings.load_profile("quick")


def examples(thorough: int) -> int:
    """Return the number for a property that needs another than 100: `thorough`, or the profile's share of it."""
    return max(1, thorough * settings().max_examples // 100)
