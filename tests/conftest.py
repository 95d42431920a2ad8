# SPDX-License-Identifier: MIT
"""What holds for all tests: a busy machine is no reason to fail one."""

from __future__ import annotations

import gc
from collections.abc import Generator
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.parallel"]
if find_spec("decnet_models"):
    pytest_plugins.append("tests.decnet_models.database_fixtures")

settings.register_profile("decnet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("decnet")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole fleets: the longest tests, for one of which all processes but its own would wait at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/fleet/"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is collected, which stays, out of the garbage collector: it is a third of the time this takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
