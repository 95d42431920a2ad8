# SPDX-License-Identifier: MIT
"""The order of start and stop, which both kinds of fleet share."""

from __future__ import annotations

import asyncio

from decnet_core.supervise import start_order

NAMES = ("canary", "ingest", "webhook", "bus")


async def test_the_bus_starts_first_and_the_others_when_it_has_settled() -> None:
    begun: list[str] = []
    events = {name: asyncio.Event() for name in NAMES}

    def begin(name: str) -> asyncio.Event:
        begun.append(name)
        return events[name]

    starting = asyncio.ensure_future(start_order.start(NAMES, begin))
    for settled, so_far in (
        ("bus", ["bus"]),
        ("ingest", ["bus", "ingest", "canary", "webhook"]),
    ):
        async with asyncio.timeout(120):
            while len(begun) < len(so_far):
                await asyncio.sleep(0)
        assert begun == so_far
        assert not starting.done()
        events[settled].set()
    for event in events.values():
        event.set()
    await asyncio.wait_for(starting, 120)


async def test_those_of_the_flow_stop_last_in_the_opposite_order() -> None:
    ended: list[str] = []

    async def end(name: str) -> None:
        await asyncio.sleep(0)
        ended.append(name)

    await start_order.stop(NAMES, end)
    assert ended == ["canary", "webhook", "ingest", "bus"]
