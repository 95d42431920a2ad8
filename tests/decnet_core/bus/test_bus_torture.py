# SPDX-License-Identifier: MIT
"""The bus at its worst: a thousand clients, stopped readers, garbage, a broker killed again and again under load."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.client import Client, connect
from decnet_core.bus.protocol.operations import Deliver, Info, Malformed, Operation, Pong
from decnet_core.bus.protocol.parser import Parser, lines_from_server
from decnet_core.bus.settings import BusSettings, ClientOptions
from decnet_core.bus.worker import allow_files
from decnet_core.tasks import Tasks

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]

BrokerProcess = Callable[..., Any]

SOON = 120.0
HASTY = ClientOptions(first_retry_seconds=0.01, max_retry_seconds=0.1)
KILLS = 50


def rss_mib(pid: int) -> float:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


async def test_a_thousand_clients(broker_process: BrokerProcess) -> None:
    allow_files(2200)
    process = broker_process()
    idle = rss_mib(process.pid)
    clients: list[Client] = []
    for start in range(0, 1000, 100):
        dialled = (connect(process.url, name=f"c{start + n}", wait=SOON) for n in range(100))
        clients += await asyncio.gather(*dialled)
    assert all(client.connected for client in clients)
    inboxes = [await client.subscribe("everybody") for client in clients]
    own = [await client.subscribe(f"only.{index}") for index, client in enumerate(clients)]
    for number in range(10):
        clients[number].publish("everybody", b"%d" % number)
        await clients[number].flush()
    for index in range(1000):
        clients[-1].publish(f"only.{index}", b"%d" % index)
    for inbox in inboxes:
        assert sorted([(await inbox.next(SOON)).payload for _ in range(10)]) == [b"%d" % n for n in range(10)]
    for index, inbox in enumerate(own):
        assert (await inbox.next(SOON)).payload == b"%d" % index
    assert rss_mib(process.pid) - idle < 40
    for client in clients:
        await client.close()


async def test_stopped_readers_and_garbage_harm_nobody_else(broker_process: BrokerProcess) -> None:
    settings = BusSettings(max_waiting_bytes=1 << 20, max_total_waiting_bytes=8 << 20, max_held_bytes=8 << 20)
    process = broker_process(settings)
    idle = rss_mib(process.pid)
    path = process.url.removeprefix("unix://")
    publisher = await connect(process.url, name="publisher", wait=SOON)
    innocent = await connect(process.url, name="innocent", wait=SOON)
    heard = await innocent.subscribe("flood", limit=100_000)
    stopped = []
    for _ in range(50):
        reader = socket.socket(socket.AF_UNIX)
        reader.connect(path)
        reader.sendall(b'CONNECT {"verbose":false}\r\nSUB flood 1\r\n')
        stopped.append(reader)

    pests = Tasks("pests")
    for seed in range(20):
        pests.spawn(pest(path, random.Random(seed)), name=str(seed))
    for number in range(20_000):
        publisher.publish("flood", b"%06d" % number + bytes(500))
        if number % 100 == 99:
            await publisher.flush(SOON)
            for expected in range(number - 99, number + 1):
                assert (await heard.next(SOON)).payload[:6] == b"%06d" % expected
    await pests.close()
    assert publisher.counters()["connections"] == innocent.counters()["connections"] == 1
    assert innocent.counters()["dropped_by_broker"] == heard.dropped == 0
    assert rss_mib(process.pid) - idle < 60
    for reader in stopped:
        reader.close()
    await publisher.close()
    await innocent.close()


async def pest(path: str, chance: random.Random) -> None:
    """Connect, say something bad, leave; for ever."""
    while True:
        said = chance.choice(
            [
                chance.randbytes(chance.randrange(1, 5000)),
                b"PUB flood 2147483648\r\n" + bytes(5000),
                b"PUB flood 1000000\r\n" + bytes(chance.randrange(200_000)),
                b"HPUB flood 5 4\r\n",
                b"SUB flood" + b" " * 5000,
                b"CONNECT {" + b"[" * 3000,
                b"PING\r\n" * 5000,
                b'CONNECT {"verbose":true}\r\n' + b"SUB a 1\r\nUNSUB 1\r\n" * 3000,
            ]
        )
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):  # TimeoutError is one
            connection.setblocking(False)
            async with asyncio.timeout(0.05):
                await loop.sock_connect(connection, path)
                await loop.sock_sendall(connection, said)
                await loop.sock_recv(connection, 1000)


async def test_fifty_kills_under_load(broker_process: BrokerProcess) -> None:
    process = broker_process()
    publishers = [await connect(process.url, name=f"p{n}", wait=SOON, options=HASTY) for n in range(4)]
    subscribers = [await connect(process.url, name=f"s{n}", wait=SOON, options=HASTY) for n in range(8)]
    load = Load()
    for client in publishers:
        load.tasks.spawn(load.publish(client), name="publish")
    for client in subscribers:
        load.tasks.spawn(load.listen(client), name="listen")
    for kill in range(KILLS):
        process.kill()
        process.start()
        load.round = kill + 1
        async with asyncio.timeout(SOON):
            await load.heard_by(subscribers)  # everyone is back, and hears what was published after the kill
    assert len(load.tasks) == len(publishers) + len(subscribers)  # nobody met an error
    for client in publishers + subscribers:
        assert client.counters()["connections"] == KILLS + 1
        assert client.counters()["refused"] == 0
    await load.tasks.close()
    for client in publishers + subscribers:
        await client.close()


class Load:
    """Publishers that never stop, and what each subscriber has heard last."""

    def __init__(self) -> None:
        self.round = 0
        self.tasks = Tasks("load")
        self._latest: dict[Client, int] = {}

    async def publish(self, client: Client) -> None:
        """Publish the number of the round, as fast as the broker takes it."""
        while True:
            for _ in range(50):
                client.publish("spool.load.appended", b"%d" % self.round)
            with contextlib.suppress(TimeoutError):  # the broker was killed meanwhile
                await client.flush(SOON)

    async def listen(self, client: Client) -> None:
        """Remember the newest round that was heard."""
        async for message in await client.subscribe("spool.>", limit=100_000):
            self._latest[client] = max(self._latest.get(client, 0), int(message.payload))

    async def heard_by(self, clients: list[Client]) -> None:
        """Wait until all have heard of this round."""
        while any(self._latest.get(client, 0) < self.round for client in clients):
            await asyncio.sleep(0.01)


async def test_every_message_is_accounted_for(start_broker: Callable[..., Any]) -> None:
    """Published = delivered + dropped + refused + unrouted, to the last one, with readers that read now and then."""
    settings = BusSettings(tcp="127.0.0.1:0", tcp_token="t", max_waiting_bytes=65_536, slow_seconds=60)
    broker = await start_broker(settings)
    worker = await connect(f"nats://t@127.0.0.1:{broker.tcp_port}", name="worker", wait=SOON)
    readers = [await Reader.open(broker.address.removeprefix("unix://")) for _ in range(12)]
    chance = random.Random(7)
    sent: Counter[str] = Counter()
    for _ in range(400):
        for _ in range(100):
            subject = chance.choice(["spool.a", "spool.b", "events.nobody", "system.x.control"])
            worker.publish(subject, bytes(300))
            sent[subject.partition(".")[0]] += 1
        await worker.flush(SOON)
        for reader in chance.sample(readers, 3):
            await reader.read_a_little()
    counters = broker.counters()
    assert counters["waiting"] > 0
    assert counters["in_messages"] == sent.total() == worker.counters()["sent"]
    assert counters["refused"] == worker.counters()["refused"] == sent["system"]
    assert counters["unrouted"] == sent["events"]
    assert 12 * sent["spool"] == counters["out_messages"] + counters["dropped"] + counters["waiting"]
    async with asyncio.timeout(SOON):
        while broker.counters()["waiting"] or broker.counters()["out_messages"] > sum(r.delivered for r in readers):
            for reader in readers:
                await reader.read_a_little()
    counters = broker.counters()
    assert counters["dropped"] > 1000
    assert 12 * sent["spool"] == counters["out_messages"] + counters["dropped"]
    assert counters["out_messages"] == sum(reader.delivered for reader in readers)
    for reader in readers:
        assert reader.told_dropped == sent["spool"] - reader.delivered
        reader.close()
    await worker.close()


class Reader:
    """A subscriber on a raw connection that reads only when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.delivered = 0
        self.told_dropped = 0
        self.close = writer.close
        self._reader = reader
        self._parser = Parser(lines_from_server())

    @classmethod
    async def open(cls, path: str) -> Reader:
        """Subscribe and wait until it is done."""
        reader, writer = await asyncio.open_unix_connection(path, limit=4096)
        writer.write(b'CONNECT {"verbose":false,"protocol":1}\r\nSUB spool.> 1\r\nPING\r\n')
        opened = cls(reader, writer)
        while not any(isinstance(operation, Pong) for operation in await opened.read_a_little()):
            continue
        return opened

    async def read_a_little(self) -> list[Operation]:
        """Read what is there, at most some kilobytes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.005):
                found = [operation for operation, _ in self._parser.feed(await self._reader.read(20_000))]
                self.delivered += sum(isinstance(operation, Deliver) for operation in found)
                self.told_dropped = max([self.told_dropped, *(o.dropped for o in found if isinstance(o, Info))])
                assert not any(isinstance(operation, Malformed) for operation in found)
                return found
        return []
