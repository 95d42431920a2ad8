# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio

import pytest

from decnet_web.api.reads.turns import Turns


async def begun(turns: Turns, order: list[int], number: int, end: asyncio.Event) -> None:
    async with turns.turn():
        order.append(number)
        await end.wait()


async def test_the_next_begins_when_the_one_before_has_ended_and_in_order() -> None:
    turns, order, ends = Turns(seconds=3600), list[int](), [asyncio.Event() for _ in range(3)]
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        tasks = [group.create_task(begun(turns, order, number, end)) for number, end in enumerate(ends)]
        for number, end in enumerate(ends):
            while len(order) <= number:
                await asyncio.sleep(0)
            assert order == list(range(number + 1))
            end.set()
            await tasks[number]


async def test_one_that_takes_long_is_overtaken_and_frees_its_place_once() -> None:
    turns, order, long = Turns(seconds=0.001), list[int](), asyncio.Event()
    done = asyncio.Event()
    done.set()
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(begun(turns, order, 1, long))
        await group.create_task(begun(turns, order, 2, done))
        long.set()
    assert order == [1, 2]
    slow = Turns(seconds=3600)
    slow._loop, slow._one = turns._loop, turns._one
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        first = asyncio.Event()
        group.create_task(begun(slow, order, 3, first))
        group.create_task(begun(slow, order, 4, done))
        for _ in range(10):
            await asyncio.sleep(0)
        assert order == [1, 2, 3]  # two places would have let 4 begin
        first.set()


async def test_one_who_gives_up_waiting_takes_nobodys_turn() -> None:
    turns, order, end = Turns(seconds=3600), list[int](), asyncio.Event()
    done = asyncio.Event()
    done.set()
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(begun(turns, order, 1, end))
        impatient = group.create_task(begun(turns, order, 2, end))
        last = group.create_task(begun(turns, order, 3, done))
        while not order:
            await asyncio.sleep(0)
        impatient.cancel()
        end.set()
        await last
    assert order == [1, 3]


@pytest.mark.parametrize("again", [1, 2])
def test_another_event_loop_begins_anew(again: int) -> None:
    turns, order = Turns(seconds=3600), list[int]()

    async def crowd() -> None:
        done = asyncio.Event()
        done.set()
        await asyncio.gather(*(begun(turns, order, number, done) for number in range(3)))

    for _ in range(again):
        asyncio.run(crowd())
    assert order == [0, 1, 2] * again
