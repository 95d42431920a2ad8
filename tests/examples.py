# SPDX-License-Identifier: MIT
"""How many examples a property is tried with: all of them in `nox -s properties`, 15 % in every other run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100, print_blob=True
)
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=15)
settings.load_profile("quick")


def examples(thorough: int) -> int:
    """Return the number for a property that needs another than 100: `thorough`, or 15 % of it."""
    return max(1, thorough * settings().max_examples // 100)
