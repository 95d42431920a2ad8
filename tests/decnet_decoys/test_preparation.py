# SPDX-License-Identifier: MIT
"""Keys are made one at a time, and once no decky comes any more."""

from __future__ import annotations

import asyncio
import time

import pytest

from decnet_decoys.preparation import Preparation


async def test_nothing_is_prepared_while_deckies_come_and_one_at_a_time_afterwards() -> None:
    preparation, began, at_once = Preparation(0.2), list[float](), list[int]()
    inside = 0

    async def prepare() -> None:
        nonlocal inside
        async with preparation:
            began.append(time.monotonic())
            inside += 1
            at_once.append(inside)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            preparation.postpone()
            last = time.monotonic()
            group.create_task(prepare())
            await asyncio.sleep(0.05)
    assert min(began) >= last + 0.2 - 0.01
    assert at_once == [1, 1, 1]


async def test_who_stops_waiting_lets_the_next_one_in() -> None:
    preparation = Preparation(60)
    preparation.postpone()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), preparation:
            pytest.fail("it began")
    waiting = asyncio.create_task(preparation.__aenter__())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
