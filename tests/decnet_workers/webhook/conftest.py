# SPDX-License-Identifier: MIT
"""A webhook worker on a real database, and a real HTTP receiver on loopback that does as it is told."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database
from tests.ports import free_port

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import AttackerObserved, Notice, notice_kind
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.notices import queries as notices
from decnet_models.webhooks import queries
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.signature import secret_of, webhook_key, written
from decnet_workers.webhook.worker import Webhook


class Request(msgspec.Struct):
    """What a receiver got; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


Behaviour = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


class Receiver:
    """An HTTP server that may stop and start again.

    `answers` (status, bytes or coroutine function) are used up one per request, then it is 204.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[int | bytes | Behaviour] = []
        self.connections = 0
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append(Request(head[0].split()[1], headers, body, number))
                await self._answer(writer)
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        answer = self.answers.pop(0) if self.answers else 204
        if callable(answer):
            await answer(writer, len(self.requests))
        else:
            writer.write(_status(answer) if isinstance(answer, int) else answer)
        await writer.drain()


def _status(status: int) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()


class Fleet:
    """The database and the worker, from an operator's view."""

    def __init__(self, state: Path, bus: MemoryBus) -> None:
        self.state = state
        self.bus = bus
        self.engine: Engine = open_engine(f"sqlite:///{state / 'decnet.db'}")
        self.key = webhook_key(state / "keys")
        self.running: asyncio.Task[None] | None = None

    def add(self, url: str, **options: Any) -> queries.Webhook:
        """Add an endpoint on a private address that hears what comes from now on."""
        with writing(self.engine) as connection:
            since = notices.last_seq(connection)
            choices = {"allow_private": True, "since_seq": since, "now_ns": time.time_ns(), **options}
            return queries.add_webhook(connection, url, **choices)

    def secret(self, webhook: queries.Webhook) -> str:
        """The secret as the receiver is given it."""
        return written(secret_of(self.key, webhook.id, webhook.generation))

    def notice(self, key: str = "a", notice: Notice | None = None) -> None:
        made = notice or AttackerObserved(1_700_000_000_123_456_789, f"attacker {key}")
        with writing(self.engine) as connection:
            notices.add(connection, key, made, time.time_ns())
        self.bus.publish(NOTICE.of(notice_kind(made)), msgspec.json.encode(NoticeWritten(0)))

    def do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with writing(self.engine) as connection:
            return function(connection, *arguments, **named)

    def deliveries(self) -> list[queries.Delivery]:
        with reading(self.engine) as connection:
            return queries.deliveries(connection)[::-1]

    def states(self) -> list[str]:
        return [delivery.state for delivery in self.deliveries()]

    def status(self, webhook_id: str) -> queries.WebhookStatus:
        with reading(self.engine) as connection:
            return next(found for found in queries.webhooks(connection) if found.webhook.id == webhook_id)

    async def until(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for what a worker in a thread or process commits; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not condition():
                if self.running is not None and self.running.done():
                    await self.running
                await asyncio.sleep(0.01)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    migrated_database(tmp_path / "decnet.db")
    made = Fleet(tmp_path, MemoryBus())
    yield made
    made.engine.dispose()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def start_webhook(fleet: Fleet) -> AsyncIterator[Callable[..., Awaitable[Webhook]]]:
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Webhook:
            quick = {"first_retry_seconds": 0.05, "retry_factor": 1.0, "poll_seconds": 0.5, "breaker_seconds": 0.05}
            worker = Webhook(WebhookSettings(**{**quick, **changes}))
            document = {"state": {"dir": str(fleet.state)}}
            ctx = await open_context(Webhook, Settings(document, {}, "test"), fleet.bus.share())
            ready = asyncio.Event()
            running = asyncio.create_task(Host(worker, ctx).run(ready.set))

            async def stop() -> None:
                ctx.stop()
                await asyncio.wait_for(running, 120)

            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((waiting, running), return_when=asyncio.FIRST_COMPLETED, timeout=100)
            waiting.cancel()
            if not ready.is_set():
                await running
            stack.push_async_callback(stop)
            fleet.running = running
            return worker

        yield start


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for hook.test with its key, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "hook.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file
