# SPDX-License-Identifier: MIT
"""The feed that `decnet up` shows has what attackers do; what the orchestrator causes only when it is asked for."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.event_feed import EventFeed
from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_models.events.queries import insert_events


def event(number: int, *, synthetic: bool) -> Event:
    payload = CommandRun(service="ssh", command=f"echo {number}")
    return Event(id=UUID(int=number), ts=number, sensor="s", payload=payload, src_ip="192.0.2.1", synthetic=synthetic)


@pytest.mark.parametrize(("synthetic", "expected"), [(False, [2, 4]), (True, [1, 2, 3, 4])])
async def test_synthetic_events_are_left_out_unless_asked_for(
    deployment: Deployment, synthetic: bool, expected: list[int]
) -> None:
    with transaction(deployment, write=True) as connection:
        insert_events(connection, [event(number, synthetic=number % 2 == 1) for number in range(1, 5)])
    feed = EventFeed(deployment, MemoryBus(), synthetic=synthetic)
    batches = feed.batches()
    async with asyncio.timeout(120):
        batch = await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]
    assert [one.event.ts for one in batch] == expected
