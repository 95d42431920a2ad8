# SPDX-License-Identifier: MIT
"""Request and reply, and the end of a bus, on every bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from decnet_core.bus.interface import Bus, BusError, NoResponders
from decnet_core.tasks import Tasks

Ends = Callable[[], Awaitable[Bus]]

SOON = 120.0


async def echo(bus: Bus, subject: str, tasks: Tasks, queue: str | None = None) -> None:
    """Answer requests with their own payload and headers."""
    subscription = await bus.subscribe(subject, queue=queue)

    async def answer() -> None:
        async for message in subscription:
            assert message.reply is not None
            bus.publish(message.reply, message.payload, headers=dict(message.headers))

    tasks.spawn(answer(), name="echo", may_end=True)


@pytest.fixture
async def tasks() -> Tasks:
    return Tasks("test")


async def test_a_request_is_answered(ends: Ends, tasks: Tasks) -> None:
    here, there = await ends(), await ends()
    await echo(there, "ask", tasks)
    answer = await here.request("ask", b"hello", headers={"Id": "7"}, timeout=SOON)
    assert (answer.payload, answer.headers) == (b"hello", (("Id", "7"),))
    await tasks.close()


async def test_requests_at_the_same_time_get_their_own_answers(ends: Ends, tasks: Tasks) -> None:
    here, there = await ends(), await ends()
    await echo(there, "ask", tasks)
    answers = await asyncio.gather(*(here.request("ask", b"%d" % n, timeout=SOON) for n in range(200)))
    assert [answer.payload for answer in answers] == [b"%d" % n for n in range(200)]
    await tasks.close()


async def test_one_member_of_a_queue_group_answers(ends: Ends, tasks: Tasks) -> None:
    here, one, two = await ends(), await ends(), await ends()
    await echo(one, "ask", tasks, queue="workers")
    await echo(two, "ask", tasks, queue="workers")
    assert (await here.request("ask", b"x", timeout=SOON)).payload == b"x"
    await tasks.close()


async def test_the_first_of_several_answers_counts(ends: Ends) -> None:
    here, there = await ends(), await ends()
    questions = await there.subscribe("ask")
    asked = asyncio.ensure_future(here.request("ask", timeout=SOON))
    reply = (await questions.next(SOON)).reply
    assert reply is not None
    for answer in (b"first", b"second"):
        there.publish(reply, answer)
    assert (await asked).payload == b"first"
    await there.flush()
    asked = asyncio.ensure_future(here.request("ask", timeout=SOON))
    reply = (await questions.next(SOON)).reply
    assert reply is not None
    there.publish(reply, b"third")
    assert (await asked).payload == b"third"


async def test_a_request_nobody_listens_to_fails_at_once(ends: Ends) -> None:
    bus = await ends()
    with pytest.raises(NoResponders):
        await bus.request("nobody.home", b"x", timeout=60.0)


async def test_a_request_nobody_answers_times_out(ends: Ends) -> None:
    bus = await ends()
    await bus.subscribe("deaf")
    with pytest.raises(TimeoutError):
        await bus.request("deaf", b"x", timeout=0.05)


async def test_requests_go_on_after_failures(ends: Ends, tasks: Tasks) -> None:
    bus = await ends()
    await bus.subscribe("deaf")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await bus.request("deaf", timeout=0.01)
        with pytest.raises(NoResponders):
            await bus.request("nobody", timeout=SOON)
    await echo(bus, "ask", tasks)
    assert (await bus.request("ask", b"x", timeout=SOON)).payload == b"x"
    await tasks.close()


async def test_an_open_bus_is_connected_and_a_closed_one_is_not(ends: Ends) -> None:
    bus = await ends()
    assert bus.connected
    await bus.close()
    assert not bus.connected


async def test_closing_ends_subscriptions_and_refuses_use(ends: Ends) -> None:
    bus = await ends()
    subscription = await bus.subscribe("c")
    reader = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    await bus.close()
    await bus.close()
    with pytest.raises(BusError):
        await reader
    assert [message async for message in subscription] == []
    with pytest.raises(BusError):
        bus.publish("c")
    with pytest.raises(BusError):
        await bus.subscribe("c")
    with pytest.raises(BusError):
        await bus.request("c")


async def test_a_request_ends_when_its_bus_is_closed(ends: Ends) -> None:
    bus = await ends()
    await bus.subscribe("deaf")
    asked = asyncio.ensure_future(bus.request("deaf", timeout=60.0))
    await asyncio.sleep(0.01)
    await bus.close()
    with pytest.raises(BusError):
        await asked


async def test_what_was_published_before_closing_is_delivered(ends: Ends) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("last.words")
    here.publish("last.words", b"x")
    await here.close()
    assert (await subscription.next(SOON)).payload == b"x"


async def test_draining_delivers_what_is_queued_and_then_ends(ends: Ends, tasks: Tasks) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("drain")
    confirmations = await here.subscribe("confirm")
    for number in range(100):
        here.publish("drain", b"%d" % number)
    await here.flush()
    seen: list[bytes] = []

    async def read() -> None:
        async for message in subscription:
            seen.append(message.payload)
            there.publish("confirm", message.payload)

    tasks.spawn(read(), name="read", may_end=True)
    await there.drain(SOON)
    assert seen == [b"%d" % number for number in range(100)]
    assert not there.connected
    assert [(await confirmations.next(SOON)).payload for _ in range(100)] == seen
    await tasks.close()


async def test_draining_gives_up_on_a_reader_that_does_not_read(ends: Ends) -> None:
    here, there = await ends(), await ends()
    await there.subscribe("stuck")
    here.publish("stuck", b"x")
    await here.flush()
    await asyncio.wait_for(there.drain(0.1), SOON)
    assert not there.connected
