# SPDX-License-Identifier: MIT
"""Serves the application with uvicorn, in the event loop of the worker's host."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS = 5
FINISH_SECONDS = 2
"""How long a request may still take when the worker stops."""


class Server(uvicorn.Server):
    """uvicorn without its signal handlers and without its wake-ups ten times a second."""

    def __init__(self, application: ASGIApp, **options: object) -> None:
        config = uvicorn.Config(
            application,
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=FINISH_SECONDS,
            **options,  # type: ignore[arg-type]  # of uvicorn
        )
        super().__init__(config)
        self._ending = asyncio.Event()

    @property
    def requests(self) -> int:
        """How many requests have begun."""
        return self.server_state.total_requests

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return bool(self.server_state.tasks)

    async def serve_on(self, sockets: Sequence[socket.socket]) -> None:
        """Serve until `end`."""
        await self.serve(list(sockets))

    def end(self) -> None:
        """Make `serve_on` return once the requests have been answered, at most FINISH_SECONDS later."""
        self.should_exit = True
        self._ending.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the worker's host."""
        yield

    async def main_loop(self) -> None:
        """Wait for `end`."""
        await self._ending.wait()
