# SPDX-License-Identifier: MIT
"""Accepts the clients of a listening socket, as many of each source as a limit admits, TLS or not.

asyncio's servers show a connection when its TLS handshake is complete, so what has said nothing yet is not counted and
may be any number. Here a client is counted as soon as it is accepted, and until its connection is lost.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from decnet_core.net.addresses import Network, lies_in, peer_address, source_of
from decnet_core.net.connections import ConnectionLimiter
from decnet_core.tasks import Tasks

Factory = Callable[[Callable[[], None]], asyncio.Protocol]
"""Makes the protocol of a connection; it calls what it is given when the connection is lost."""

_AT_ONCE = 16
"""Clients that are accepted before others have their turn."""
_RETRY_SECONDS = 1.0
"""How long to wait before accepting again after it failed: most likely this process has no file descriptor left."""
_TLS_READ_BYTES = 32_768
"""asyncio would take a buffer of 256 KiB for each connection before its client has said anything."""
_SHUTDOWN_SECONDS = 2.0
"""How long a client may take to end TLS."""


class Acceptor:
    """Accepts on one listening socket, from when it is made until `close`."""

    def __init__(
        self,
        sock: socket.socket,
        factory: Factory,
        limiter: ConnectionLimiter,
        *,
        refused: Callable[[], None],
        unlimited: Sequence[Network] = (),
        context: Any = None,
        handshake_seconds: float = 10.0,
    ) -> None:
        """`refused` is called for each client that is closed at once, being one too many.

        `context` is an ssl.SSLContext, None for no TLS.

        Addresses in `unlimited`, such as those of proxies, and programs at a UNIX socket bring many clients: for them
        only the limit in all holds.
        """
        if context is not None:
            import asyncio.sslproto  # where there is no TLS, nothing loads OpenSSL

            setattr(asyncio.sslproto.SSLProtocol, "max_size", _TLS_READ_BYTES)  # noqa: B010  # to typeshed a constant
        self._sock = sock
        self._factory = factory
        self._limiter = limiter
        self._refused = refused
        self._unlimited = tuple(unlimited)
        self._context = context
        self._handshake_seconds = handshake_seconds if context else None
        self._shutdown_seconds = _SHUTDOWN_SECONDS if context else None
        self._tasks = Tasks("acceptor")
        self._closed = False
        self._open()

    @property
    def beginning(self) -> int:
        """How many clients were accepted that are no connection yet."""
        return len(self._tasks)

    def close(self) -> None:
        """Accept no more; connections that are there stay."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()

    async def wait_closed(self) -> None:
        """End the handshakes that are not complete."""
        await self._tasks.close()

    def _open(self) -> None:
        if not self._closed:
            asyncio.get_running_loop().add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._accept_one():
                return

    def _accept_one(self) -> bool:
        """Accept one client; False when none is waiting."""
        try:
            client, peer = self._sock.accept()
        except ConnectionAbortedError:
            return True  # gone again
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sock)
            loop.call_later(_RETRY_SECONDS, self._open)
            return False
        source = self._source(peer[0] if peer else "", client)
        if self._limiter.acquire(source):
            client.setblocking(False)
            self._tasks.spawn(self._serve(client, source), name="connection", may_end=True)
        else:
            self._refused()
            client.close()
        return True

    def _source(self, peer: str, client: socket.socket) -> str:
        if not peer or lies_in(peer, self._unlimited):
            return f"{peer} {client.fileno()}"
        return source_of(peer_address(peer))

    async def _serve(self, client: socket.socket, source: str) -> None:
        """Make the connection; what keeps it from being one, such as a failed handshake, ends only it."""
        place = _Place(self._limiter, source)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                partial(self._factory, place.free),
                client,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_seconds,
                ssl_shutdown_timeout=self._shutdown_seconds,
            )
        except BaseException as error:
            client.close()
            place.free()
            error.__traceback__ = None  # its frames hold the connection, which holds the error
            if not isinstance(error, OSError):
                raise


class _Place:
    """What a limiter admitted; it is released once, whoever says first that the connection is gone."""

    def __init__(self, limiter: ConnectionLimiter, source: str) -> None:
        self._limiter: ConnectionLimiter | None = limiter
        self._source = source

    def free(self) -> None:
        if self._limiter is not None:
            self._limiter.release(self._source)
            self._limiter = None
