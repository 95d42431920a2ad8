# SPDX-License-Identifier: MIT
"""What tests of statements share."""

from __future__ import annotations

import pytest

from decnet_decoys.mysql.sql import budget


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a statement as much processor time as it takes on a slow machine; its steps are still counted."""
    monkeypatch.setattr(budget, "MOST_SECONDS", 60.0)
