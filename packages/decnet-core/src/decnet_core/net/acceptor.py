# SPDX-License-Identifier: MIT
"""Accepts the clients of a listening socket, as many of each source as there are places for, TLS or not.

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
from decnet_core.net.places import Place, Places
from decnet_core.tasks import Tasks

Factory = Callable[[Place], asyncio.Protocol]
"""Makes the protocol of a connection, which has a place: it says how to evict it, and frees it when it is lost."""

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
        places: Places,
        *,
        refused: Callable[[], None],
        unlimited: Sequence[Network] = (),
        context: Any = None,
        handshake_seconds: float = 10.0,
    ) -> None:
        """`refused` is called for each client that is closed at once, being one too many.

        `context` is an ssl.SSLContext, None for no TLS.

        Addresses in `unlimited`, such as those of proxies, and programs at a UNIX socket bring many clients: for them
        only the limit in all holds, and they are not evicted.
        """
        if context is not None:
            import asyncio.sslproto  # where there is no TLS, nothing loads OpenSSL

            setattr(asyncio.sslproto.SSLProtocol, "max_size", _TLS_READ_BYTES)  # noqa: B010  # to typeshed a constant
        self._sock = sock
        self._factory = factory
        self._places = places
        self._refused = refused
        self._unlimited = tuple(unlimited)
        self._context = context
        self._handshake_seconds = handshake_seconds if context else None
        self._shutdown_seconds = _SHUTDOWN_SECONDS if context else None
        self._tasks = Tasks("acceptor")
        self._unserved: set[socket.socket] = set()
        """Clients whose task has not begun."""
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
        place = self._take(peer[0] if peer else "", client)
        if place is not None:
            client.setblocking(False)
            self._unserved.add(client)
            task = self._tasks.spawn(self._serve(client, place), name="connection", may_end=True)
            place.evict = partial(self._end_beginning, task, client)
        else:
            self._refused()
            client.close()
        return True

    def _take(self, peer: str, client: socket.socket) -> Place | None:
        if not peer or lies_in(peer, self._unlimited):
            return self._places.take(f"{peer} {client.fileno()}", evictable=False)
        return self._places.take(source_of(peer_address(peer)))

    def _end_beginning(self, task: asyncio.Task[Any], client: socket.socket) -> None:
        """End what is no connection yet."""
        task.cancel()
        if client in self._unserved:  # then nothing else will
            self._unserved.discard(client)
            client.close()

    async def _serve(self, client: socket.socket, place: Place) -> None:
        """Make the connection; what keeps it from being one, such as a failed handshake, ends only it."""
        self._unserved.discard(client)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                partial(self._factory, place),
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
