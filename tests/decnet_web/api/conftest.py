# SPDX-License-Identifier: MIT
"""With DECNET_TEST_API=postgresql every fleet of these tests has a database of PostgreSQL (`nox -s api_postgresql`)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from tests.decnet_web.api import served

from decnet_models.migrations.upgrade import upgrade


@pytest.fixture(scope="session", autouse=True)
def database_of_fleets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have `serving` make databases of PostgreSQL if that is asked for."""
    if os.environ.get("DECNET_TEST_API") != "postgresql":
        yield
        return
    url_of: Callable[[str], str] = request.getfixturevalue("postgres")
    admin: Engine = request.getfixturevalue("postgres_admin")
    numbers = itertools.count()

    def copied(template: str) -> str:
        name = f"api_{next(numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        return url_of(name)

    migrated = copied("template1")
    upgrade(migrated)
    served.MAKERS.append(lambda like: copied(like or "api_0"))
    yield
    served.MAKERS.clear()
