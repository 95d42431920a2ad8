# SPDX-License-Identifier: MIT
from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.mutate.changing_fleet import START, Fleet


@pytest.fixture
def fleet(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    now = START

    def set_time(to: int) -> None:
        nonlocal now
        now = to

    monkeypatch.setattr(time, "time_ns", lambda: now)
    return Fleet(engine, set_time)
