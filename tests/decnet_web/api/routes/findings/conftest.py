# SPDX-License-Identifier: MIT
"""One filled fleet for each module of tests; a module with the mark `ON_BOTH` runs on PostgreSQL, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.decnet_web.api.routes.filled import fill
from tests.decnet_web.api.served import Served, serving


@pytest.fixture(scope="module")
def database() -> str:
    """Return which database the fleet has; `ON_BOTH` overrides it."""
    return "sqlite"


@pytest.fixture(scope="module")
def served(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An application on a filled fleet."""
    url = request.getfixturevalue("module_postgres_url") if database == "postgres" else ""
    with serving(tmp_path_factory.mktemp("fleet"), url=url) as made:
        fill(made.deployment)
        yield made
