# SPDX-License-Identifier: MIT
"""An application served by our own server on a TCP port, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from decnet_core.net.sockets import listening
from decnet_web.api.hosting.serving import Server


@contextmanager
def served_over_tcp(application: FastAPI) -> Iterator[str]:
    """Yield the URL of the application until the end of the block."""
    started: list[tuple[asyncio.AbstractEventLoop, Server]] = []
    ready = threading.Event()
    sock = listening("127.0.0.1", 0)
    port = sock.getsockname()[1]

    async def serve() -> None:
        server = Server(application)
        started.append((asyncio.get_running_loop(), server))
        running = asyncio.ensure_future(server.serve_on([(sock, None)]))
        await server.begun.wait()
        ready.set()
        await running

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(100)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop, server = started[0]
        loop.call_soon_threadsafe(server.end)
        thread.join(30)
