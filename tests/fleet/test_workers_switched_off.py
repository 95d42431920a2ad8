# SPDX-License-Identifier: MIT
"""A worker whose settings switch it off costs nothing: real fleets."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.decnet_swarm.transport.test_parked_transport import PARK_SECONDS, append, hosting

from decnet_core.runtime.restarts.policy import Phase

pytestmark = pytest.mark.usefixtures("forked_zygotes")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("worker", ["listener", "forwarder", "probe"])
async def test_a_worker_that_is_switched_off_is_parked_and_not_woken_by_events(tmp_path: Path, worker: str) -> None:
    async with hosting(tmp_path, worker) as host:
        await host.parked()
        end = time.monotonic() + 5 * PARK_SECONDS
        while time.monotonic() < end:
            append(host, 0, 1)
            await asyncio.sleep(PARK_SECONDS)
        assert (host.status.phase, host.status.wakes, host.status.restarts) == (Phase.PARKED, 0, 0)
