# SPDX-License-Identifier: MIT
"""The listening sockets of one parked worker: what comes in wakes it, and waits in them until it runs.

Whoever waits longer than a client can be expected to, because the worker does not come up, is turned away.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence

from decnet_core.net.inherited import close_all

PATIENCE_SECONDS = 5.0
"""How long clients wait for a worker that has been woken."""

_LARGEST_DATAGRAM = 65_535
_MOST_AT_ONCE = 64


class HeldSockets:
    """Holds duplicates of a worker's sockets from its request to be parked until it runs again."""

    def __init__(self, came: Callable[[], None], refused: Callable[[int], None] = lambda _: None) -> None:
        """`came` is called when a client comes, `refused` with the number of clients that were turned away."""
        self._came = came
        self._refused = refused
        self._sockets: dict[str, socket.socket] = {}
        self._watched = False
        self._patience: asyncio.TimerHandle | None = None

    @property
    def descriptors(self) -> dict[str, int]:
        """The descriptors by name, for the worker's next life."""
        return {name: sock.fileno() for name, sock in self._sockets.items()}

    def hold(self, names: Sequence[str], descriptors: Sequence[int]) -> None:
        """Hold these, which are ours from now on, instead of what is held; wait for clients."""
        self.release()
        if len(names) == len(descriptors):
            self._sockets = {
                name: socket.socket(fileno=number) for name, number in zip(names, descriptors, strict=True)
            }
            self._watch(self._on_client)
        else:
            close_all(descriptors)

    def release(self) -> None:
        """Close them: the worker has its own, or is gone for good."""
        self._unwatch()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def _on_client(self) -> None:
        self._unwatch()
        self._patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._watch, self._turn_away)
        self._came()

    def _watch(self, on_readable: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets.values():
            loop.add_reader(sock, on_readable)
        self._watched = True

    def _unwatch(self) -> None:
        if self._watched:
            for sock in self._sockets.values():
                asyncio.get_running_loop().remove_reader(sock)
        self._watched = False

    def _turn_away(self) -> None:
        refused = 0
        for sock in self._sockets.values():
            with contextlib.suppress(OSError):  # nobody is left
                for _ in range(_MOST_AT_ONCE):
                    if sock.type == socket.SOCK_DGRAM:
                        sock.recv(_LARGEST_DATAGRAM, socket.MSG_DONTWAIT)
                    else:
                        sock.accept()[0].close()
                    refused += 1
        self._refused(refused)
