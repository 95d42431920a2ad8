# SPDX-License-Identifier: MIT
"""When a worker may be parked: the messages about it in every order in which they can be read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest_asyncio

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import Health
from decnet_core.runtime.parking import ParkRequest
from decnet_core.supervise.parked.wake_bus import WakeBus
from decnet_core.supervise.parked.waker import Waker
from decnet_core.tasks import Tasks

HEALTH = Health("clerk", "running", 7, 1.0, 1, {})


class Desk:
    """A waker, and how often it woke its worker."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.tasks = Tasks("test")
        self.woken = 0
        self.by = ""
        self.state = "parked"
        self.wake_bus = WakeBus(self.connect, self.tasks, lambda: None)
        self.waker = Waker("clerk", self.wake_bus, self.tasks, wake=self.wake, state=lambda: self.state)

    async def connect(self) -> MemoryBus:
        return self.bus

    def wake(self, by: str) -> None:
        self.woken += 1
        self.by = by

    def asks(self, *, idle_since: float | None = None, listens: tuple[str, ...] = ("clerk.>",)) -> bool:
        since = time.monotonic() if idle_since is None else idle_since
        return self.waker.grants(ParkRequest(since, None, listens, HEALTH))

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def message(self) -> None:
        self.bus.publish("clerk.order")
        await self.settled()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.tasks.close()
    await made.bus.close()


async def test_the_first_request_makes_the_supervisor_listen_the_second_is_granted(desk: Desk) -> None:
    before = time.monotonic()
    assert not desk.asks()
    assert not desk.asks()
    await desk.settled()
    assert not desk.asks(idle_since=before)  # something may have come before it listened
    assert desk.asks()
    await desk.message()
    assert (desk.woken, desk.by) == (1, "clerk.order")


async def test_who_takes_a_break_is_not_woken_by_messages_and_may_be_parked_as_usual_later(desk: Desk) -> None:
    desk.asks()
    await desk.settled()
    assert not desk.asks(listens=())  # it has listened to too much
    await desk.settled()
    looked = time.monotonic()
    await desk.message()
    assert desk.asks(listens=(), idle_since=looked)
    await desk.message()
    assert desk.woken == 0
    assert not desk.asks()  # it would not hear what wakes it
    await desk.settled()
    assert desk.asks()
    await desk.message()
    assert desk.woken == 1


async def test_what_came_after_the_last_look_began_refuses_the_request(desk: Desk) -> None:
    desk.asks()
    await desk.settled()
    looked = time.monotonic()
    await desk.message()
    assert not desk.asks(idle_since=looked)
    assert desk.asks()


async def test_a_request_that_is_read_together_with_the_start_before_it_is_not_granted_on_the_former_listening(
    desk: Desk,
) -> None:
    desk.asks()
    await desk.settled()
    assert desk.asks()
    desk.waker.runs()
    assert not desk.asks()  # before any other task had its turn
    await desk.settled()
    assert desk.asks()
    woken = desk.woken
    await desk.message()
    assert desk.woken == woken + 1


async def test_while_the_worker_runs_nothing_wakes_it(desk: Desk) -> None:
    desk.asks()
    await desk.settled()
    desk.waker.runs()
    await desk.settled()
    await desk.message()
    assert desk.woken == 0


async def test_other_patterns_than_are_listened_to_are_not_granted(desk: Desk) -> None:
    desk.asks()
    await desk.settled()
    assert not desk.asks(listens=("clerk.>", "other.>"))


async def test_what_a_running_worker_hears_itself_ends_the_listening_in_its_place(desk: Desk) -> None:
    desk.state = ""
    desk.asks()
    await desk.settled()
    await desk.message()
    assert not desk.asks()  # it would miss what comes now
    await desk.settled()
    assert desk.asks()
    assert desk.woken == 0
