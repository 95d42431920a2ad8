# SPDX-License-Identifier: MIT
"""What holds for all tests: a busy machine is no reason to fail one."""

from __future__ import annotations

import gc
from collections.abc import Generator
from importlib.util import find_spec

import pytest
from hypothesis import strategies as st

pytest_plugins = ["tests.parallel", "tests.examples", "tests.collected", "tests.forked_zygotes"]
pytest_plugins += ["tests.wanted_modules", "tests.of_each"]
if find_spec("decnet_models"):
    pytest_plugins += ["tests.decnet_models.database_fixtures", "tests.decnet_models.compiled_once"]


LONG = (
    "tests/decnet_decoys/services/test_first_exchanges.py",
    "tests/fleet/test_drill.py",
    "tests/fleet/",
    "tests/decnet_core/supervise/",
    "tests/test_parallel.py",
    "tests/decnet_models/",
    "tests/decnet_swarm/",
    "tests/decnet_decoys/test_real_clients.py",
    "tests/decnet_decoys/ssh/test_hostile_clients.py",
    "tests/decnet_decoys/http/test_hostile.py",
    "tests/decnet_workers/",
    "tests/decnet_sniff/collect/",
)
"""Where the longest tests are: for one of them all processes but its own would wait at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests."""
    items.sort(key=lambda item: next((n for n, place in enumerate(LONG) if item.nodeid.startswith(place)), len(LONG)))


MANY = 1000
"""So many tests are those of most distributions: each of their processes would compute what `_shared` does."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Compute once, before tests/parallel.py forks, what each process of tests would compute."""
    if session.config.option.processes > 1 and len(session.items) > MANY and not session.config.option.collectonly:
        _shared()


def _shared() -> None:
    """Hypothesis' tables of Unicode: 2 s in a new checkout; the routes of the API: 1 s; a migrated database: 0.5 s."""
    st.text().validate()
    if find_spec("decnet_web"):
        from decnet_web.api.application import make_application

        make_application(None)
    if find_spec("decnet_models"):
        from tests.decnet_models.migrated import migrated_once

        migrated_once()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is collected, which stays, out of the garbage collector: it is a third of the time this takes.

    What tests make is mostly gone before the collector looks, so it looks more seldom.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)
        gc.enable()
