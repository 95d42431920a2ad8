# SPDX-License-Identifier: MIT
"""The client outlives its broker: killed, absent, replaced, silent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.address import parse
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings, ClientOptions

StartBroker = Callable[..., Awaitable[Broker]]
BrokerProcess = Callable[..., Any]

SOON = 120.0
HASTY = ClientOptions(first_retry_seconds=0.01, max_retry_seconds=0.05)


async def away(client: Client) -> None:
    async with asyncio.timeout(SOON):
        while client.connected:
            await asyncio.sleep(0.005)


async def test_everything_works_again_after_the_broker_was_killed(broker_process: BrokerProcess) -> None:
    process = broker_process()
    here = await connect(process.url, name="here", wait=SOON, options=HASTY)
    there = await connect(process.url, name="there", wait=SOON, options=HASTY)
    plain = await there.subscribe("spool.*.appended")
    member = await there.subscribe("events.>", queue="q")
    with pytest.raises(TimeoutError):
        await here.request("spool.x.appended", timeout=0.01)
    for round_number in range(3):
        process.kill()
        await away(here)
        await away(there)
        process.start()
        assert await there.wait_connected(SOON)
        await there.flush()
        here.publish("spool.x.appended", b"%d" % round_number)
        here.publish("events.ingested", b"%d" % round_number)
        while (await plain.next(SOON)).payload != b"%d" % round_number:
            continue  # the unanswered request of the beginning
        assert (await member.next(SOON)).payload == b"%d" % round_number
        asked = asyncio.ensure_future(here.request("spool.y.appended", timeout=SOON))
        question = await plain.next(SOON)
        assert question.reply is not None
        there.publish(question.reply, b"answer")
        assert (await asked).payload == b"answer"
    assert here.counters()["connections"] == 4
    await here.close()
    await there.close()


async def test_a_client_may_be_there_before_its_broker(start_broker: StartBroker, tmp_path: Path) -> None:
    client = await connect(f"unix://{tmp_path}/bus.sock", name="early", options=HASTY)
    assert not client.connected
    subscription = await client.subscribe("early")
    client.publish("early", b"kept until the broker came")
    broker = await start_broker()
    assert (await subscription.next(SOON)).payload == b"kept until the broker came"
    assert broker.counters()["in_messages"] == client.counters()["connections"] == 1
    await client.close()


async def test_connecting_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    started = asyncio.get_running_loop().time()
    client = await connect(f"unix://{tmp_path}/nobody.sock", name="x", wait=0.1, options=HASTY)
    assert 0.05 < asyncio.get_running_loop().time() - started < SOON
    assert not client.connected
    assert "No such file" in client.last_error
    with pytest.raises(TimeoutError):
        await client.flush(0.02)
    await client.close()


async def test_a_url_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(BusError):
        await connect("carrier-pigeon://coop", name="x")


async def test_what_is_published_while_away_is_bounded_and_counted(start_broker: StartBroker, tmp_path: Path) -> None:
    options = ClientOptions(max_waiting_bytes=100_000, first_retry_seconds=0.01, max_retry_seconds=0.05)
    client = await connect(f"unix://{tmp_path}/bus.sock", name="x", options=options)
    subscription = await client.subscribe("s", limit=10_000)
    for number in range(1000):
        client.publish("s", b"%04d" % number + bytes(996))
    counters = client.counters()
    assert counters["dropped_waiting"] + counters["waiting"] == counters["published"] == 1000
    kept = int(counters["waiting"])
    assert 90 < kept < 100
    await start_broker()
    for number in range(1000 - kept, 1000):
        assert (await subscription.next(SOON)).payload[:4] == b"%04d" % number
    assert client.counters()["sent"] == kept
    await client.close()


async def test_a_limited_subscription_keeps_its_count_across_connections(broker_process: BrokerProcess) -> None:
    process = broker_process()
    client = await connect(process.url, name="x", wait=SOON, options=HASTY)
    limited = await client.subscribe("n", max_messages=3)
    client.publish("n", b"0")
    assert (await limited.next(SOON)).payload == b"0"
    process.kill()
    await away(client)
    process.start()
    await client.wait_connected(SOON)
    for number in range(1, 6):
        client.publish("n", b"%d" % number)
    assert [message.payload async for message in limited] == [b"1", b"2"]
    await client.close()


async def test_a_request_made_while_away_is_answered_later(start_broker: StartBroker, tmp_path: Path) -> None:
    slowly = ClientOptions(first_retry_seconds=0.5)
    asker = await connect(f"unix://{tmp_path}/bus.sock", name="asker", wait=0.01, options=slowly)
    answerer = await connect((await start_broker()).address, name="answerer", wait=SOON)
    questions = await answerer.subscribe("ask")
    asked = asyncio.ensure_future(asker.request("ask", b"?", timeout=SOON))
    question = await questions.next(SOON)
    assert question.reply is not None
    answerer.publish(question.reply, b"!")
    assert (await asked).payload == b"!"
    await asker.close()
    await answerer.close()


async def test_a_connection_that_has_just_ended_is_asked_nothing(start_broker: StartBroker) -> None:
    broker = await start_broker()
    client = await connect(broker.address, name="x", wait=SOON, options=HASTY)
    link = client._uplink.link
    assert link is not None
    link.abort("cut")
    while client.connected:
        await asyncio.sleep(0)
    async with asyncio.timeout(SOON):  # and does not wait for a PONG that nobody will send
        await client.flush(60)
    subscription = await client.subscribe("s")
    client.publish("s", b"x")
    assert (await subscription.next(SOON)).payload == b"x"
    with pytest.raises(ConnectionError, match="cut"):
        await link.ping()
    await client.close()


async def test_flushing_fails_when_the_broker_dies_meanwhile(broker_process: BrokerProcess) -> None:
    process = broker_process()
    client = await connect(process.url, name="x", wait=SOON, options=HASTY)
    os.kill(process.pid, signal.SIGSTOP)
    flushing = asyncio.ensure_future(client.flush(SOON))
    await asyncio.sleep(0.05)
    process.kill()
    with pytest.raises(TimeoutError, match="lost before it confirmed"):
        await flushing
    await client.close()


async def test_a_broker_that_is_silent_is_given_up(broker_process: BrokerProcess) -> None:
    process = broker_process()
    options = ClientOptions(ping_seconds=0.05, dial_seconds=0.05, first_retry_seconds=0.01, max_retry_seconds=0.05)
    client = await connect(process.url, name="x", wait=SOON, options=options)
    os.kill(process.pid, signal.SIGSTOP)
    await away(client)
    assert "PING" in client.last_error
    os.kill(process.pid, signal.SIGCONT)
    assert await client.wait_connected(SOON)
    await client.close()


async def test_every_change_of_the_connection_is_reported(broker_process: BrokerProcess) -> None:
    process = broker_process()
    client = await connect(process.url, name="x", wait=SOON, options=HASTY)
    told: list[bool] = []
    client.on_change(lambda: told.append(client.connected))
    process.kill()
    await away(client)
    process = broker_process()
    assert await client.wait_connected(SOON)
    assert told == [False, True]
    await client.close()


async def test_a_cluster_is_tried_member_after_member(start_broker: StartBroker, tmp_path: Path) -> None:
    broker = await start_broker()
    urls = f"unix://{tmp_path}/gone.sock,nats://127.0.0.1:1,{broker.address}"
    client = await connect(urls, name="x", wait=SOON, options=HASTY)
    assert client.connected
    await client.close()


async def test_a_server_that_is_no_bus_is_left(tmp_path: Path) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_unix_server(talk, tmp_path / "mail.sock")
    client = await connect(f"unix://{tmp_path}/mail.sock", name="x", wait=0.05, options=HASTY)
    assert not client.connected
    assert "not the NATS protocol" in client.last_error
    await client.close()
    server.close()
    await server.wait_closed()


@contextlib.asynccontextmanager
async def greeted_by(place: Path, said: bytes, scheme: str = "unix") -> AsyncIterator[Client]:
    """A client that has a subscription, and that a server has told `said` and nothing else."""
    talks: list[asyncio.Task[None] | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    if scheme == "unix":
        server: asyncio.Server = await asyncio.start_unix_server(talk, place / "fake.sock")
        url = f"unix://{place}/fake.sock"
    else:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = await connect(url, name="x", options=ClientOptions(first_retry_seconds=60, max_retry_seconds=60))
    inbox = await client.subscribe("system.x.control")
    async with asyncio.timeout(SOON):
        while not client.last_error:
            await asyncio.sleep(0.005)
    assert client.counters()["received"] == 0
    with pytest.raises(TimeoutError):
        await inbox.next(0.01)
    yield client
    await client.close()
    server.close()
    for task in talks:
        if task is not None:
            await task


@pytest.mark.parametrize("rest", [b"MSG system.x.control 1 4\r\nstop\r\n", b"PONG\r\n", b"MSG system.x.con"])
@pytest.mark.parametrize("scheme", ["tls", "nats"])
async def test_nothing_that_comes_before_tls_is_believed(tmp_path: Path, rest: bytes, scheme: str) -> None:
    """Who sits in between could slip orders in behind the INFO, which is sent in the clear."""
    info = b'INFO {"tls_required":true,"tls_available":true}\r\n'
    async with greeted_by(tmp_path, info + rest, scheme=scheme) as client:
        assert "man in the middle" in client.last_error


async def test_no_message_is_taken_from_a_server_that_has_not_taken_us(tmp_path: Path) -> None:
    said = b'INFO {"headers":true}\r\nMSG system.x.control 1 4\r\nstop\r\n'
    async with greeted_by(tmp_path, said) as client:
        assert "before it had taken our greeting" in client.last_error


async def test_a_client_that_is_closed_while_it_dials_leaves_no_connection(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"headers":true}\r\n')
        connected.set()
        while await reader.read(1000):
            continue
        writer.close()
        left.set()

    connected = asyncio.Event()
    server = await asyncio.start_unix_server(talk, tmp_path / "slow.sock")
    client = await connect(f"unix://{tmp_path}/slow.sock", name="x")
    await asyncio.wait_for(connected.wait(), SOON)
    await client.close()
    await asyncio.wait_for(left.wait(), SOON)
    server.close()
    await server.wait_closed()


async def test_refused_credentials_are_not_offered_again_and_again(
    start_broker: StartBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", tcp_token="secret"))
    url = f"nats://wrong@127.0.0.1:{broker.tcp_port}"
    with caplog.at_level("INFO", "decnet_core.bus"):
        client = await connect(url, name="x", options=HASTY)
        async with asyncio.timeout(SOON):
            while not client.last_error:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.3)
    assert client.last_error == "Authorization Violation"
    assert broker.counters()["connections_total"] == 1  # at the pace of HASTY it would be ten and more
    assert len([record for record in caplog.records if "bus away" in record.getMessage()]) == 1
    await client.close()


async def test_credentials_are_offered_again_when_somebody_may_have_mended_them(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", tcp_token="secret"))
    options = ClientOptions(first_retry_seconds=0.01, refused_retry_seconds=0.02)
    client = await connect(f"nats://wrong@127.0.0.1:{broker.tcp_port}", name="x", options=options)
    async with asyncio.timeout(SOON):
        while broker.counters()["connections_total"] < 3:
            await asyncio.sleep(0.005)
    await client.close()


async def test_a_client_that_is_thrown_out_at_once_backs_off(start_broker: StartBroker) -> None:
    """It has more subscriptions than the broker allows, which it says on each new connection."""
    broker = await start_broker(BusSettings(max_subscriptions=1))
    options = ClientOptions(first_retry_seconds=0.02, max_retry_seconds=60)
    client = Client(parse(broker.address), "greedy", options)
    for number in range(2):
        await client.subscribe(f"s.{number}")
    async with asyncio.timeout(SOON):
        while broker.counters()["connections_total"] < 3:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.3)
    assert broker.counters()["connections_total"] <= 8  # 0.01 s at least, then twice as long each time
    await client.close()


async def test_closing_while_away_ends_at_once(tmp_path: Path) -> None:
    client = await connect(f"unix://{tmp_path}/nobody.sock", name="x", options=HASTY)
    subscription = await client.subscribe("s")
    reader = asyncio.ensure_future(subscription.next())
    asked = asyncio.ensure_future(client.request("s", timeout=60))
    await asyncio.sleep(0.02)
    async with asyncio.timeout(SOON):
        await client.drain(0.05)
    for waiting in (reader, asked):
        with pytest.raises(BusError):
            await waiting
