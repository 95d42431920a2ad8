# SPDX-License-Identifier: MIT
"""nats-py as a client of our broker; the same tests pass with nats-server, which shows that they ask what is right."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import nats
import nats.errors
import nats.js.errors
import pytest
from tests.ports import free_port

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings

Open = Callable[..., Awaitable[Any]]

SOON = 120.0
LOOPBACK = BusSettings(tcp="127.0.0.1:0", tcp_token="secret", tcp_role="operator")


@pytest.fixture(autouse=True)
def leftovers_of_nats_py() -> Iterator[None]:
    """nats-py leaves the sockets of refused and lost connections to the collector; they are not our leak.

    Only what was made in the test is looked at: all that other tests have left takes 0.2 s.
    """
    gc.freeze()
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(params=["broker", "nats-server"])
async def opened(request: pytest.FixtureRequest, start_broker: Callable[..., Awaitable[Broker]]) -> AsyncIterator[Open]:
    if request.param == "broker":
        url = f"nats://secret@127.0.0.1:{(await start_broker(LOOPBACK)).tcp_port}"
    else:
        url = request.getfixturevalue("nats_url")
    clients: list[Any] = []

    async def open_client(**options: Any) -> Any:
        client = await nats.connect(url, **options)
        clients.append(client)
        return client

    yield open_client
    for client in clients:
        if not client.is_closed:
            await client.close()


async def settled(client: Any) -> None:
    """Wait until the server has everything: nats-py's first PING may overtake what it has queued before."""
    await client.flush()
    await client.flush()


async def test_publish_and_subscribe(opened: Open) -> None:
    here, there = await opened(), await opened(name="there")
    subscription = await there.subscribe("np.a")
    await settled(there)
    for number in range(500):
        await here.publish("np.a", b"%d" % number)
    assert [(await subscription.next_msg(SOON)).data for _ in range(500)] == [b"%d" % n for n in range(500)]


async def test_wildcards(opened: Open) -> None:
    client = await opened()
    one, rest = await client.subscribe("np.w.*"), await client.subscribe("np.w.>")
    for subject in ("np.w", "np.w.a", "np.w.a.b"):
        await client.publish(subject)
    await settled(client)
    assert (await one.next_msg(SOON)).subject == "np.w.a"
    assert [(await rest.next_msg(SOON)).subject for _ in range(2)] == ["np.w.a", "np.w.a.b"]
    assert one.pending_msgs == rest.pending_msgs == 0


async def test_queue_groups(opened: Open) -> None:
    clients = [await opened() for _ in range(3)]
    shares: Counter[int] = Counter()

    def counting(index: int) -> Callable[[Any], Awaitable[None]]:
        async def count(_message: Any) -> None:
            shares[index] += 1

        return count

    for index, client in enumerate(clients):
        await client.subscribe("np.q", queue="workers", cb=counting(index))
        await settled(client)
    for _ in range(600):
        await clients[0].publish("np.q")
    for client in clients:
        await settled(client)
    assert shares.total() == 600
    assert min(shares.values()) > 100


async def test_request_and_reply(opened: Open) -> None:
    here, there = await opened(), await opened()

    async def answer(message: Any) -> None:
        await message.respond(message.data.upper())

    await there.subscribe("np.ask", cb=answer)
    await settled(there)
    answers = await asyncio.gather(*(here.request("np.ask", b"q%d" % n, timeout=SOON) for n in range(100)))
    assert [answer.data for answer in answers] == [b"Q%d" % n for n in range(100)]


async def test_old_style_requests(opened: Open) -> None:
    here, there = await opened(), await opened()

    async def answer(message: Any) -> None:
        await message.respond(b"yes")

    await there.subscribe("np.old", cb=answer)
    await settled(there)
    assert (await here.request("np.old", b"?", timeout=SOON, old_style=True)).data == b"yes"


async def test_headers(opened: Open) -> None:
    client = await opened()
    subscription = await client.subscribe("np.h")
    await client.publish("np.h", b"x", headers={"Trace-Id": "7", "Other": "a: b"})
    assert (await subscription.next_msg(SOON)).header == {"Trace-Id": "7", "Other": "a: b"}


async def test_no_responders(opened: Open) -> None:
    client = await opened()
    with pytest.raises(nats.errors.NoRespondersError):
        await client.request("np.nobody", b"x", timeout=60)


async def test_unsubscribing_after_a_number_of_messages(opened: Open) -> None:
    client = await opened()
    subscription = await client.subscribe("np.n")
    await subscription.unsubscribe(limit=3)
    for _ in range(5):
        await client.publish("np.n")
    await settled(client)
    assert len([message async for message in subscription.messages]) == 3


async def test_unsubscribing(opened: Open) -> None:
    client = await opened()
    stopped, control = await client.subscribe("np.u"), await client.subscribe("np.u")
    await stopped.unsubscribe()
    await client.publish("np.u", b"x")
    assert (await control.next_msg(SOON)).data == b"x"
    assert client.stats["in_msgs"] == 1


async def test_draining(opened: Open) -> None:
    here, there = await opened(), await opened()
    heard: list[bytes] = []

    async def take(message: Any) -> None:
        heard.append(message.data)

    await there.subscribe("np.d", cb=take)
    await settled(there)
    for number in range(200):
        await here.publish("np.d", b"%d" % number)
    await settled(here)
    await there.drain()
    assert heard == [b"%d" % number for number in range(200)]


async def test_the_largest_payload_and_one_byte_more(opened: Open) -> None:
    client = await opened()
    assert client.max_payload == 1_048_576
    subscription = await client.subscribe("np.p")
    await client.publish("np.p", bytes(1_048_576))
    assert len((await subscription.next_msg(SOON)).data) == 1_048_576
    with pytest.raises(nats.errors.MaxPayloadError):
        await client.publish("np.p", bytes(1_048_577))


async def test_pedantic_and_verbose_clients(opened: Open) -> None:
    client = await opened(pedantic=True, verbose=True)
    subscription = await client.subscribe("np.v")
    await client.publish("np.v", b"x")
    assert (await subscription.next_msg(SOON)).data == b"x"


async def test_without_echo(opened: Open) -> None:
    quiet, other = await opened(no_echo=True), await opened()
    own, theirs = await quiet.subscribe("np.e"), await other.subscribe("np.e")
    await settled(other)
    await quiet.publish("np.e", b"x")
    await settled(quiet)
    assert (await theirs.next_msg(SOON)).data == b"x"
    assert own.pending_msgs == 0


async def test_jetstream_is_refused_as_by_a_server_without_it(opened: Open) -> None:
    client = await opened()
    with pytest.raises(nats.js.errors.ServiceUnavailableError):
        await client.jetstream().account_info()
    with pytest.raises((nats.js.errors.NoStreamResponseError, nats.js.errors.ServiceUnavailableError)):
        await client.jetstream().publish("np.js", b"x")


async def test_a_worker_gets_an_error_for_a_subject_it_may_not_publish(
    start_broker: Callable[..., Awaitable[Broker]],
) -> None:
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", tcp_token="secret"))
    errors: asyncio.Queue[Exception] = asyncio.Queue()
    url = f"nats://secret@127.0.0.1:{broker.tcp_port}"
    client = await nats.connect(url, error_cb=errors.put)
    await client.publish("system.canary.control", b"{}")
    error = await asyncio.wait_for(errors.get(), SOON)
    assert 'permissions violation for publish to "system.canary.control"' in str(error).lower()
    await client.publish("events.ingested", b"{}")
    await settled(client)
    assert client.is_connected
    await client.close()


async def test_a_wrong_token_is_refused(start_broker: Callable[..., Awaitable[Broker]]) -> None:
    broker = await start_broker(LOOPBACK)

    async def silent(_error: Exception) -> None:
        return None

    with pytest.raises(nats.errors.Error):
        await nats.connect(
            f"nats://wrong@127.0.0.1:{broker.tcp_port}",
            error_cb=silent,
            allow_reconnect=False,
            max_reconnect_attempts=0,
        )


async def test_reconnecting_after_the_broker_was_killed(broker_process: Callable[..., Any]) -> None:
    port = free_port()
    process = broker_process(BusSettings(tcp=f"127.0.0.1:{port}", tcp_token="secret", tcp_role="operator"))
    back = asyncio.Event()

    async def reconnected() -> None:
        back.set()

    async def silent(_error: Exception) -> None:
        return None

    client = await nats.connect(
        f"nats://secret@127.0.0.1:{port}",
        reconnected_cb=reconnected,
        error_cb=silent,
        reconnect_time_wait=0.05,
        max_reconnect_attempts=200,
    )
    subscription = await client.subscribe("np.r")
    await client.publish("np.r", b"before")
    assert (await subscription.next_msg(SOON)).data == b"before"
    process.kill()
    process.start()
    await asyncio.wait_for(back.wait(), 120)
    await settled(client)
    await client.publish("np.r", b"after")
    assert (await subscription.next_msg(SOON)).data == b"after"
    await client.close()
