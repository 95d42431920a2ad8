# SPDX-License-Identifier: MIT
"""The two fixtures that nats-core's tests use and its source distribution lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import nats.client  # type: ignore[import-not-found, import-untyped, unused-ignore]  # of the source distribution
import pytest
from nats_core_server import Server, run  # type: ignore[import-not-found]  # on the path of the suites


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    started = await run()
    yield started
    await started.shutdown()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Any]:
    connected = await nats.client.connect(server.client_url, timeout=60.0)
    yield connected
    await connected.close()
