# SPDX-License-Identifier: MIT
"""The LAN as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_core.placement.lan import Lan, lan


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Lan]:
    with lan(tmp_path) as made:
        yield made
