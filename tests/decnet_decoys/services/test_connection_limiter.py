# SPDX-License-Identifier: MIT
from __future__ import annotations

from decnet_decoys.services.connection_limiter import ConnectionLimiter
from decnet_decoys.settings import LimitSettings


def test_one_source_cannot_take_all_connections() -> None:
    limiter = ConnectionLimiter(LimitSettings(connections=3, connections_per_source=2))
    assert [limiter.acquire("a") for _ in range(3)] == [True, True, False]
    assert [limiter.acquire("b") for _ in range(2)] == [True, False]
    limiter.release("a")
    assert limiter.acquire("b")
    assert limiter.open == 3
