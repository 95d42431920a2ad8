# SPDX-License-Identifier: MIT
"""A dashboard that runs on a free port of loopback, and an API in its place that a test writes."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.memory import MemoryBus
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import open_context
from decnet_core.settings import Settings
from decnet_web.web.settings import WebSettings
from decnet_web.web.worker import Web

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PAGE = b"<!doctype html><title>dashboard</title>"
SCRIPT = b"export const answer = 42;\n" * 100


class Api:
    """What listens at the socket of `api`: it keeps what each connection sent, and answers as the test says."""

    def __init__(self) -> None:
        self.connections: list[bytes] = []
        self.answer: Handler | None = None
        self.answers = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nhi"
        self.ended = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.connections)
        self.connections.append(b"")
        try:
            if self.answer is not None:
                await self.answer(reader, writer)
            else:
                head = await reader.readuntil(b"\r\n\r\n")
                self.connections[number] = head
                if b"content-length: " in head:
                    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                    self.connections[number] += await reader.readexactly(length)
                elif b"transfer-encoding: chunked" in head:
                    self.connections[number] += await reader.readuntil(b"0\r\n\r\n")
                writer.write(self.answers)
                await writer.drain()
                self.connections[number] += await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.ended += 1
            writer.close()


class Running:
    """A started worker."""

    def __init__(self, worker: Web, ctx: Context, api: Api) -> None:
        self.worker, self.ctx, self.api = worker, ctx, api
        assert worker.address is not None
        self.port = worker.address[1]

    @property
    def api_socket(self) -> Path:
        return self.ctx.state.run_of("api") / "api.socket"

    async def say(self, sent: bytes, seconds: float = 120) -> bytes:
        """Send bytes on a connection of their own; return all that comes until the server ends it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(sent)
            async with asyncio.timeout(seconds):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def get(
        self, target: str, *fields: str, method: str = "GET", host: str = "localhost"
    ) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
        return parsed(await self.say("\r\n".join(lines).encode()))


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return status, fields with names in lower case, and the body as it was sent."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), fields, body


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built dashboard."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "favicon.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    script = folder / "assets" / "index-Bx3f_9aQ.js"
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(b"as brotli")
    (folder / "secret.pem").write_bytes(b"key")
    return folder


@pytest.fixture
async def start_web(tmp_path: Path, static: Path) -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    async with AsyncExitStack() as stack:
        started = itertools.count()

        async def start(*, with_api: bool = True, folder: Path = static, **changes: Any) -> Running:
            settings = WebSettings(**{"listen": "127.0.0.1:0", **changes})
            document = {"state": {"dir": str(tmp_path / f"s{next(started)}"), "sensor": "lab"}}
            ctx = await open_context(Web, Settings(document, {}, "test"), MemoryBus())
            stack.push_async_callback(ctx.close)
            worker = Web(settings, folder)
            stack.push_async_callback(worker.stop, ctx)
            await worker.start(ctx)
            running = Running(worker, ctx, Api())
            if with_api:
                await listen(running, stack)
            return running

        yield start


async def listen(running: Running, stack: AsyncExitStack) -> None:
    """Have the test's API listen at its socket."""
    running.api_socket.parent.mkdir(parents=True, exist_ok=True)
    server = await asyncio.start_unix_server(running.api.serve, running.api_socket)
    stack.callback(server.close)
