# SPDX-License-Identifier: MIT
"""`pytest --of-each N`: of each test with parameters, at most N of its sets of them, from the first to the last.

For runs that ask whether our code goes with other versions of what it uses. A test calls the same functions of others
whatever its parameters; all of them were tried by `make test`.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("general").addoption(
        "--of-each", type=int, default=0, help="run at most so many sets of parameters of each test (0: all)"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose among what `-m` has left."""
    most: int = config.option.of_each
    if not most:
        return
    by_test: dict[str, list[pytest.Item]] = {}
    for item in items:
        by_test.setdefault(item.nodeid.partition("[")[0], []).append(item)
    chosen = {each[place].nodeid for each in by_test.values() for place in places(len(each), most)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def places(count: int, most: int) -> list[int]:
    """Return at most that many places in a list of so many, evenly spread; the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [number * (count - 1) // max(1, most - 1) for number in range(most)]
