# SPDX-License-Identifier: MIT
"""One database in memory for all tests here."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.campaign_clusterer.identity_rows import emptied, empty_engine


@pytest.fixture(scope="session")
def used_engine() -> Iterator[Engine]:
    """A database that has rows of the tests before."""
    with empty_engine() as engine:
        yield engine


@pytest.fixture
def engine(used_engine: Engine) -> Engine:
    """An empty database."""
    return emptied(used_engine)
