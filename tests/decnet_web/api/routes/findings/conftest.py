# SPDX-License-Identifier: MIT
"""One filled fleet for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.decnet_web.api.routes.filled import fill
from tests.decnet_web.api.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An application on a filled fleet."""
    with serving(tmp_path_factory.mktemp("fleet")) as made:
        fill(made.deployment)
        yield made
