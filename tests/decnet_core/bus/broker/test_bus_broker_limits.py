# SPDX-License-Identifier: MIT
"""The broker's limits: who is slow, silent, greedy or not allowed harms nobody but itself, and is counted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings, Role

StartBroker = Callable[..., Awaitable[Broker]]
OpenWire = Callable[..., Awaitable[Any]]

SOON = 120.0
NOBODY = 65_534


def unread_socket(broker: Broker, said: bytes) -> socket.socket:
    """A connection that says something and never reads, with small kernel buffers."""
    connection = socket.socket(socket.AF_UNIX)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(broker.address.removeprefix("unix://"))
    connection.sendall(said)
    return connection


async def until(broker: Broker, counter: str, value: float) -> None:
    async with asyncio.timeout(SOON):
        while broker.counters().get(counter, 0) < value:
            await asyncio.sleep(0.005)


async def test_a_slow_subscriber_loses_its_oldest_messages_and_nobody_else_does(
    start_broker: StartBroker, wire: OpenWire
) -> None:
    broker = await start_broker(BusSettings(max_waiting_bytes=65_536, slow_seconds=60))
    slow = await wire(broker, '{"name": "slow one", "protocol": 1}')
    await slow.say(b"SUB flood 1\r\nSUB quiet 2\r\n")
    await slow.silent()
    quick = await connect(broker.address, name="quick", wait=SOON)
    heard = await quick.subscribe("flood", limit=10_000)
    publisher = await connect(broker.address, name="publisher", wait=SOON)
    for number in range(3000):
        publisher.publish("flood", b"%08d" % number + bytes(992))
        if number % 50 == 0:
            await publisher.flush()
    for number in range(3000):
        assert (await heard.next(SOON)).payload[:8] == b"%08d" % number
    counters = broker.counters()
    assert counters["dropped"] == counters["dropped.slow_one"] > 1000
    assert counters["waiting_bytes"] <= 65_536 + 1024
    assert counters["in_messages"] * 2 == counters["out_messages"] + counters["dropped"] + counters["waiting"]

    data = await slow.heard() + await slow.heard()  # the INFO may come after the first PONG
    numbers, told = [], 0
    while data:
        line, _, data = data.partition(b"\r\n")
        if line.startswith(b"INFO"):
            told = max(told, int(line.partition(b'"dropped":')[2].rstrip(b"}")))
            continue
        assert line == b"MSG flood 1 1000"  # whole frames only
        numbers.append(int(data[:8]))
        data = data[1002:]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 2999
    assert len(numbers) == 3000 - counters["dropped"]
    assert told == counters["dropped"]
    await quick.close()
    await publisher.close()


async def test_our_client_sees_what_was_dropped_for_it(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(max_waiting_bytes=65_536, slow_seconds=60))
    reader = await connect(broker.address, name="busy", wait=SOON)
    subscription = await reader.subscribe("flood", limit=100)
    publisher = await connect(broker.address, name="publisher", wait=SOON)
    reader._uplink.link._transport.pause_reading()  # type: ignore[union-attr]  # a worker whose loop is busy
    for number in range(2000):
        publisher.publish("flood", bytes(1000))
        if number % 50 == 0:
            await publisher.flush()
    await publisher.flush()
    dropped = broker.counters()["dropped"]
    assert dropped > 0
    reader._uplink.link._transport.resume_reading()  # type: ignore[union-attr]
    async with asyncio.timeout(SOON):
        while reader.counters()["dropped_by_broker"] < dropped:
            await subscription.next()
    assert reader.counters()["dropped_by_broker"] == dropped
    await reader.close()
    await publisher.close()


async def test_a_subscriber_that_never_reads_is_disconnected(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(slow_seconds=0.1))
    stuck = unread_socket(broker, b"CONNECT {}\r\nSUB flood 1\r\n")
    publisher = await connect(broker.address, name="publisher", wait=SOON)
    await until(broker, "subscriptions", 1)
    for _ in range(1000):
        publisher.publish("flood", bytes(1000))
    await publisher.flush()
    await until(broker, "slow_consumers", 1)
    async with asyncio.timeout(SOON):
        while broker.counters()["connections"] > 1:
            await asyncio.sleep(0.005)
    counters = broker.counters()
    assert counters["in_messages"] == counters["out_messages"] + counters["dropped"] + counters["unrouted"] == 1000
    await publisher.close()
    stuck.close()


async def test_a_client_that_asks_and_never_reads_is_disconnected(start_broker: StartBroker) -> None:
    broker = await start_broker()
    greedy = unread_socket(broker, b"CONNECT {}\r\n")
    greedy.setblocking(False)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(SOON):
            while True:
                await loop.sock_sendall(greedy, b"PING\r\n" * 10_000)
    assert broker.counters()["errors"] == broker.counters()["slow_consumers"] == 1
    greedy.close()


async def test_waiting_bytes_of_all_slow_subscribers_are_bounded_together(start_broker: StartBroker) -> None:
    settings = BusSettings(max_waiting_bytes=8 << 20, max_total_waiting_bytes=1 << 20, slow_seconds=60)
    broker = await start_broker(settings)
    stuck = [unread_socket(broker, b"CONNECT {}\r\nSUB flood 1\r\n") for _ in range(8)]
    publisher = await connect(broker.address, name="publisher", wait=SOON)
    await until(broker, "subscriptions", 8)
    for number in range(3000):
        publisher.publish("flood", bytes(1000))
        if number % 50 == 0:
            await publisher.flush()
    await publisher.flush()
    assert broker.counters()["waiting_bytes"] <= (1 << 20) + 8 * 1100
    assert broker.counters()["dropped"] > 0
    await publisher.close()
    for connection in stuck:
        connection.close()


async def test_half_messages_of_all_clients_are_bounded_together(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(max_held_bytes=1 << 20))
    innocent = await wire(broker)
    hoarders = [await wire(broker) for _ in range(3)]
    for hoarder in hoarders:
        with contextlib.suppress(ConnectionError):
            await hoarder.say(b"PUB a 1000000\r\n" + bytes(500_000))
    await until(broker, "errors", 1)
    assert broker.state.held_bytes <= 1 << 20
    await innocent.silent()


async def test_half_messages_kept_for_long_give_way_to_newer_ones(start_broker: StartBroker, wire: OpenWire) -> None:
    """Else a few clients that never finish would have everybody thrown out who says something large."""
    broker = await start_broker(BusSettings(max_held_bytes=1 << 20))
    hoarders = [await wire(broker) for _ in range(4)]
    for hoarder in hoarders:
        await hoarder.say(b"PUB a 1000000\r\n" + bytes(240_000))
    async with asyncio.timeout(SOON):
        while broker.state.held_bytes < 960_000:
            await asyncio.sleep(0.005)
    innocent = await wire(broker)
    await innocent.say(b"SUB a 1\r\nPUB a 1000000\r\n" + bytes(500_000))
    await until(broker, "errors", 2)
    await innocent.say(bytes(500_000) + b"\r\n")
    await innocent.hear(b"MSG a 1 1000000\r\n" + bytes(1_000_000) + b"\r\n")
    assert [await hoarder.rest() != b"" for hoarder in hoarders[:2]] == [True, True]
    assert broker.state.held_bytes <= 1 << 20


async def test_what_all_subscriptions_take_is_bounded(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(max_subscribed_bytes=1 << 20))
    greedy, other = await wire(broker), await wire(broker)
    patterns = [f"{number}" + ".x" * 500 for number in range(8)]
    await greedy.say(b"".join(b"SUB %b %d\r\n" % (pattern.encode(), sid) for sid, pattern in enumerate(patterns)))
    assert await greedy.rest() == b"-ERR 'Maximum Subscriptions Exceeded'\r\n"
    async with asyncio.timeout(SOON):
        while broker.counters()["subscriptions"]:
            await asyncio.sleep(0.005)
    assert broker.counters()["subscribed_bytes"] == 0
    await other.say(b"SUB a 1\r\nSUB a q 2\r\nUNSUB 1\r\nUNSUB 2\r\n")
    await other.silent()
    assert broker.counters()["subscribed_bytes"] == 0


async def test_a_client_that_never_sends_connect_is_disconnected(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(handshake_seconds=0.5))
    silent, polite = await wire(broker, None), await wire(broker)
    await silent.info()
    assert await silent.rest() == b"-ERR 'Authentication Timeout'\r\n"
    await polite.silent()


async def test_a_client_that_does_not_answer_pings_is_stale(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(ping_seconds=0.03))
    connection = await wire(broker)
    assert await connection.rest() == b"PING\r\n" * 2 + b"-ERR 'Stale Connection'\r\n"


async def test_a_client_that_speaks_by_itself_is_not_asked(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(ping_seconds=1.0))
    while True:  # until this process has run all the time: to be held up is to be silent
        connection, begun, longest = await wire(broker), time.monotonic(), 0.0
        spoken = begun
        while spoken < begun + 1.5:  # a check falls into it, and mostly two
            await connection.say(b"PUB still.here 0\r\n\r\n")
            await asyncio.sleep(0.05)
            spoken, before = time.monotonic(), spoken
            longest = max(longest, spoken - before)
        if longest < 0.5:
            break
    await connection.silent()


async def test_a_client_that_answers_pings_stays(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(ping_seconds=0.1))
    client = await connect(broker.address, name="alive", wait=SOON)
    await asyncio.sleep(0.6)
    assert client.counters()["connections"] == 1
    await client.close()


async def test_connections_are_limited(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(max_connections=2))
    first, _second = await wire(broker), await wire(broker)
    third = await wire(broker, None)
    assert await third.rest() == b"-ERR 'Maximum Connections Exceeded'\r\n"
    first.close()
    async with asyncio.timeout(SOON):
        while broker.counters()["connections"] > 1:
            await asyncio.sleep(0.005)
    await (await wire(broker)).silent()
    assert broker.counters()["connections_refused"] == 1


async def test_subscriptions_of_a_connection_are_limited(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker(BusSettings(max_subscriptions=2)))
    await connection.say(b"SUB a 1\r\nSUB a 2\r\nSUB a 3\r\n")
    assert await connection.rest() == b"-ERR 'Maximum Subscriptions Exceeded'\r\n"


async def test_a_role_limits_publishing_and_subscribing(tmp_path: Path, start_broker: StartBroker) -> None:
    """Over TCP the role is a setting, so that one user can be two kinds of client."""
    role = Role(name="sensor", publish=("spool.>", "_INBOX.>"), subscribe=("events.>", "_INBOX.>"))
    settings = BusSettings(roles=(role,), tcp="127.0.0.1:0", tcp_token="secret", tcp_role="sensor")
    broker = await start_broker(settings)
    operator = await connect(broker.address, name="operator", wait=SOON)
    sensor = await connect(f"nats://secret@127.0.0.1:{broker.tcp_port}", name="sensor", wait=SOON)
    everything = await operator.subscribe(">")
    with pytest.raises(BusError, match="may not subscribe to system"):
        await sensor.subscribe("system.>")
    await sensor.subscribe("events.ingested")
    sensor.publish("spool.sensor.appended")
    sensor.publish("system.canary.control")
    with pytest.raises(BusError, match="may not publish to notice"):
        await sensor.request("notice.x")
    await sensor.flush()
    assert (await everything.next(SOON)).subject == "spool.sensor.appended"
    with pytest.raises(TimeoutError):
        await everything.next(0.02)
    assert broker.counters()["refused"] == 3
    assert sensor.counters()["refused"] == 3
    await operator.close()
    await sensor.close()


AS_NOBODY = r"""
import os, socket, sys
os.setgroups([int(group) for group in sys.argv[2].split(",") if group])
os.setgid(65534)
os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.recv(4096)
connection.sendall(b'CONNECT {"verbose":false}\r\nPUB events.ingested 0\r\n\r\n')
connection.sendall(b"PUB system.x.control 0\r\n\r\nPING\r\n")
data = b""
while not data.endswith(b"PONG\r\n"):
    data += connection.recv(4096)
sys.stdout.buffer.write(data)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
@pytest.mark.parametrize(("groups", "refused"), [("", True), ("5000", False), ("4999,5000,5001", False)])
async def test_only_operators_send_control_messages(start_broker: StartBroker, groups: str, refused: bool) -> None:
    """The kernel says who connects: another user's process is a worker unless it is in the operator's group."""
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        broker = Broker(BusSettings(operator_group="5000", socket_group=str(NOBODY)), Path(open_to_all) / "bus.sock")
        await broker.start()
        command = [sys.executable, "-c", AS_NOBODY, broker.address.removeprefix("unix://"), groups]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        output, _ = await asyncio.wait_for(process.communicate(), 120)
        answer = b"-ERR 'Permissions Violation for Publish to \"system.x.control\"'\r\n" if refused else b""
        assert output == answer + b"PONG\r\n"
        assert broker.counters()["refused"] == int(refused)
        await broker.stop()
