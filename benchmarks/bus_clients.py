# SPDX-License-Identifier: MIT
"""The two clients of the bus benchmark behind the same few calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class OurClient:
    """decnet_core.bus.client behind the few calls the benchmark needs."""

    async def open(self, url: str) -> None:
        """Connect."""
        from decnet_core.bus.client import connect

        self.client = await connect(url, name="benchmark", wait=5.0)
        assert self.client.connected
        self.readers: list[asyncio.Task[None]] = []

    async def publish(self, subject: str, payload: bytes, count: int) -> None:
        """Publish `count` times."""
        publish = self.client.publish
        for _ in range(count):
            publish(subject, payload)

    async def subscribe(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each payload."""
        subscription = await self.client.subscribe(subject, limit=1_000_000)

        async def read() -> None:
            async for message in subscription:
                heard(message.payload)

        self.readers.append(asyncio.create_task(read()))

    async def answer(self, subject: str) -> None:
        """Answer requests with their own payload."""
        subscription = await self.client.subscribe(subject)

        async def read() -> None:
            async for message in subscription:
                self.client.publish(message.reply or "", message.payload)

        self.readers.append(asyncio.create_task(read()))

    async def request(self, subject: str, payload: bytes) -> None:
        """Ask and wait for the answer."""
        await self.client.request(subject, payload, timeout=5.0)

    async def flush(self) -> None:
        """Wait until the server has everything."""
        await self.client.flush()

    async def close(self) -> None:
        """Disconnect."""
        await self.client.close()
        await asyncio.gather(*self.readers, return_exceptions=True)


class NatsPy:
    """nats-py behind the same calls, used as its documentation shows."""

    async def open(self, url: str) -> None:
        """Connect."""
        import nats

        self.client: Any = await nats.connect(url)

    async def publish(self, subject: str, payload: bytes, count: int) -> None:
        """Publish `count` times."""
        publish = self.client.publish
        for _ in range(count):
            await publish(subject, payload)

    async def subscribe(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each payload."""

        async def on_message(message: Any) -> None:
            heard(message.data)

        await self.client.subscribe(subject, cb=on_message, pending_msgs_limit=1_000_000, pending_bytes_limit=1 << 30)
        await self.client.flush()

    async def answer(self, subject: str) -> None:
        """Answer requests with their own payload."""

        async def on_message(message: Any) -> None:
            await message.respond(message.data)

        await self.client.subscribe(subject, cb=on_message)
        await self.client.flush()

    async def request(self, subject: str, payload: bytes) -> None:
        """Ask and wait for the answer."""
        await self.client.request(subject, payload, timeout=5.0)

    async def flush(self) -> None:
        """Wait until the server has everything."""
        await self.client.flush()

    async def close(self) -> None:
        """Disconnect."""
        await self.client.close()


CLIENTS: dict[str, Callable[[], Any]] = {"decnet": OurClient, "nats-py": NatsPy}


async def opened(kind: str, url: str, count: int) -> list[Any]:
    """Return connected clients."""
    clients = [CLIENTS[kind]() for _ in range(count)]
    for client in clients:
        await client.open(url)
    return clients
