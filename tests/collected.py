# SPDX-License-Identifier: MIT
"""A plugin of tests/conftest.py: keeps what was collected, before options leave any of it out."""

from __future__ import annotations

import os
import sys

import pytest

COLLECTED = pytest.StashKey[list[pytest.Item]]()
PRINT = "DECNET_TESTS_PRINT_COLLECTED"
"""The environment variable with which a run prints `line` for each test."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = list(items)
    if PRINT in os.environ:
        sys.stdout.writelines(f"{line(item)}\n" for item in items)


def line(item: pytest.Item) -> str:
    """Return a test's id without spaces and the names of its markers, `skipped` among them for one that is."""
    marks = list(item.iter_markers())
    skipped = any(
        mark.name == "skip" or (mark.name == "skipif" and not isinstance(mark.args[0], str) and mark.args[0])
        for mark in marks
    )
    return f"COLLECTED {item.nodeid.replace(' ', '')} {','.join([*(m.name for m in marks), 'skipped' * skipped])}"
