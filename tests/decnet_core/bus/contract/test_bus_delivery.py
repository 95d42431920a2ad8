# SPDX-License-Identifier: MIT
"""What every bus does with a message: who gets it, in which order, and what arrives."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from decnet_core.bus.interface import Bus, BusError, Message, Subscription

Ends = Callable[[], Awaitable[Bus]]

SOON = 120.0


async def received(subscription: Subscription, count: int) -> list[bytes]:
    return [(await subscription.next(SOON)).payload for _ in range(count)]


async def test_a_message_reaches_another_end(ends: Ends) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("events.ingested")
    here.publish("events.ingested", b"42")
    assert await subscription.next(SOON) == Message("events.ingested", b"42", None, ())


async def test_the_publisher_receives_its_own_messages(ends: Ends) -> None:
    bus = await ends()
    subscription = await bus.subscribe("echo")
    bus.publish("echo", b"me")
    assert (await subscription.next(SOON)).payload == b"me"


async def test_order_is_kept(ends: Ends) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("order")
    for number in range(1000):
        here.publish("order", b"%d" % number)
    assert await received(subscription, 1000) == [b"%d" % number for number in range(1000)]


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("w.a.b", {"w.a.b"}),
        ("w.*.b", {"w.a.b", "w.c.b"}),
        ("w.*", {"w.a"}),
        ("w.>", {"w.a", "w.a.b", "w.c.b", "w.a.b.c"}),
        ("w.*.>", {"w.a.b", "w.c.b", "w.a.b.c"}),
        ("w.*.*.*", {"w.a.b.c"}),
        ("*.a", {"w.a", "v.a"}),
    ],
)
async def test_wildcards_stand_for_tokens(ends: Ends, pattern: str, heard: set[str]) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe(pattern)
    for subject in ("w", "w.a", "v.a", "w.a.b", "w.c.b", "w.a.b.c"):
        here.publish(subject, b"")
    here.publish(pattern.replace("*", "end").replace(">", "end"), b"last")
    subjects = set()
    while (message := await subscription.next(SOON)).payload != b"last":
        subjects.add(message.subject)
    assert subjects == heard


async def test_every_plain_subscription_gets_its_copy(ends: Ends) -> None:
    here, there = await ends(), await ends()
    subscriptions = [await there.subscribe("copy"), await there.subscribe("copy"), await here.subscribe("*")]
    here.publish("copy", b"x")
    for subscription in subscriptions:
        assert await received(subscription, 1) == [b"x"]


async def test_a_queue_group_shares_messages_evenly(ends: Ends) -> None:
    here, one, two = await ends(), await ends(), await ends()
    members = [await one.subscribe("job.*", queue="q"), await two.subscribe("job.>", queue="q")]
    everything = await here.subscribe("job.a")
    for number in range(600):
        here.publish("job.a", b"%d" % number)
    here.publish("job.end.end", b"end")  # matches only the second member
    assert len(await received(everything, 600)) == 600
    for bus in (here, one, two):
        await bus.flush()
    counts: Counter[int] = Counter()
    seen = []
    for index, member in enumerate(members):
        while True:
            try:
                payload = (await member.next(0.05)).payload
            except TimeoutError:
                break
            if payload != b"end":
                seen.append(payload)
                counts[index] += 1
    assert sorted(seen, key=int) == [b"%d" % number for number in range(600)]
    assert min(counts[0], counts[1]) > 200  # 300 +- 8 sigma


async def test_two_queue_groups_each_get_the_message(ends: Ends) -> None:
    bus = await ends()
    one, two = await bus.subscribe("g", queue="one"), await bus.subscribe("g", queue="two")
    bus.publish("g", b"x")
    assert await received(one, 1) == await received(two, 1) == [b"x"]


async def test_headers_and_reply_arrive(ends: Ends) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("h")
    here.publish("h", b"body", reply="answers.here", headers={"Trace": "a: b", "Empty": "", "Name": "décoy"})
    assert await subscription.next(SOON) == Message(
        "h", b"body", "answers.here", (("Trace", "a: b"), ("Empty", ""), ("Name", "décoy"))
    )


@pytest.mark.parametrize("payload", [b"", b"\r\n", b"PUB x 3\r\nabc\r\n", bytes(range(256)) * 4096])
async def test_any_payload_arrives_as_it_was_sent(ends: Ends, payload: bytes) -> None:
    here, there = await ends(), await ends()
    subscription = await there.subscribe("p")
    here.publish("p", payload)
    here.publish("p", b"after")
    assert await received(subscription, 2) == [payload, b"after"]


async def test_a_message_too_large_is_refused_and_the_bus_lives_on(ends: Ends) -> None:
    bus = await ends()
    subscription = await bus.subscribe("big")
    with pytest.raises(BusError, match="limit"):
        bus.publish("big", bytes(1_048_577))
    with pytest.raises(BusError, match="limit"):
        bus.publish("big", bytes(1_048_570), headers={"a": "b"})
    bus.publish("big", bytes(1_048_576))
    assert len((await subscription.next(SOON)).payload) == 1_048_576


@pytest.mark.parametrize("subject", ["", "a..b", ".a", "a.", "a b", "a\r\nPUB b 0", "a.*", "a.>", "x" * 1025])
async def test_a_bad_subject_is_refused(ends: Ends, subject: str) -> None:
    bus = await ends()
    with pytest.raises(BusError):
        bus.publish(subject)
    with pytest.raises(BusError):
        bus.publish("fine", reply=subject)


@pytest.mark.parametrize("pattern", ["", "a..b", "a b", "a.>.b", ">.a", "a\n"])
async def test_a_bad_pattern_is_refused(ends: Ends, pattern: str) -> None:
    bus = await ends()
    with pytest.raises(BusError):
        await bus.subscribe(pattern)


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"": "c"}, {"a:": "c"}, {"a": "b\r\nc: d"}])
async def test_headers_cannot_smuggle_lines(ends: Ends, headers: dict[str, str]) -> None:
    bus = await ends()
    with pytest.raises(BusError):
        bus.publish("s", headers=headers)


async def test_subjects_may_be_any_text(ends: Ends) -> None:
    bus = await ends()
    subscription = await bus.subscribe("höhle.*")
    bus.publish("höhle.bär", b"x")
    assert (await subscription.next(SOON)).subject == "höhle.bär"


async def test_a_stopped_subscription_gets_nothing_more(ends: Ends) -> None:
    here, there = await ends(), await ends()
    stopped, control = await there.subscribe("s"), await there.subscribe("s")
    await stopped.close()
    await there.flush()
    here.publish("s", b"x")
    assert await received(control, 1) == [b"x"]
    with pytest.raises(BusError):
        await stopped.next(0.0)


async def test_a_subscription_ends_after_its_number_of_messages(ends: Ends) -> None:
    here, there = await ends(), await ends()
    limited, control = await there.subscribe("n", max_messages=3), await there.subscribe("n")
    for number in range(5):
        here.publish("n", b"%d" % number)
    await received(control, 5)
    assert [message.payload async for message in limited] == [b"0", b"1", b"2"]


async def test_a_slow_subscription_loses_its_oldest_messages(ends: Ends) -> None:
    here, there = await ends(), await ends()
    slow, control = await there.subscribe("slow", limit=10), await there.subscribe("slow")
    for number in range(25):
        here.publish("slow", b"%d" % number)
    await received(control, 25)
    assert slow.dropped == 15
    assert await received(slow, 10) == [b"%d" % number for number in range(15, 25)]


async def test_next_gives_up_after_its_timeout(ends: Ends) -> None:
    subscription = await (await ends()).subscribe("silent")
    with pytest.raises(TimeoutError):
        await subscription.next(0.02)


async def test_several_readers_share_a_subscription(ends: Ends) -> None:
    bus = await ends()
    subscription = await bus.subscribe("shared")
    readers = [asyncio.ensure_future(subscription.next(SOON)) for _ in range(4)]
    await asyncio.sleep(0)
    for number in range(4):
        bus.publish("shared", b"%d" % number)
    assert {message.payload for message in await asyncio.gather(*readers)} == {b"0", b"1", b"2", b"3"}
