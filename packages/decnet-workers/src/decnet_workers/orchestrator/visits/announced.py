# SPDX-License-Identifier: MIT
"""Connects from one decky's address to another decky, after announcing to `decoys` that what comes is synthetic.

From a decky with a network namespace of its own it goes by a socket that `reconciler` opened there and `decoys` lends.
"""

import asyncio
import contextlib
import socket
import time
from functools import partial
from pathlib import Path

import msgspec

from decnet_core.deckies.handover import HandoverClient, HandoverError, ask_one_of, first_of
from decnet_core.runtime.context import Context
from decnet_core.state import State
from decnet_workers.errors import WorkersError

CONNECT_SECONDS = 5.0
REPLACED_SECONDS = 3.0
"""How long a process of `decoys` may be away that is replaced by another; nothing has been sent before."""
_AGAIN_SECONDS = 0.2


class SessionError(WorkersError):
    """A session did not take place; the message says why."""


class Route(msgspec.Struct, frozen=True):
    """From where to where a session goes, and what its events carry as their session."""

    decky: str
    source: str
    address: str
    port: int
    session: str
    lender: str = ""
    """The decky with a network namespace of its own from which it goes; empty: this host has the source's address."""


class LentSocket(socket.socket):
    """A socket of a decky's network namespace, lent for one connection: closing it ends that."""

    lender: HandoverClient

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        super().close()
        self.lender.close()


async def connected(ctx: Context, route: Route, *, data_port: int | None = None) -> socket.socket:
    """Return a connection that decoys takes for synthetic. Raises HandoverError, OSError, TimeoutError.

    To a `data_port` it belongs to another connection, with which the service has agreed on it: nothing is announced.
    """
    deadline = time.monotonic() + REPLACED_SECONDS
    while True:
        try:
            return await _connected(ctx, route, data_port)
        except HandoverError:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)


async def _connected(ctx: Context, route: Route, data_port: int | None) -> socket.socket:
    sock = await ctx.in_thread(_opened, ctx.state, route)
    try:
        sock.bind((route.source, 0))
        if data_port is None:
            await ctx.in_thread(_announce, ctx.state, route, sock.getsockname()[1])
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(sock, (route.address, data_port or route.port))
    except BaseException:
        sock.close()
        raise
    return sock


def _opened(state: State, route: Route) -> socket.socket:
    """Return a socket of the network that the visitor is in; raises HandoverError, OSError."""
    if route.lender:
        return first_of(state, partial(_lent, route))
    family = socket.AF_INET6 if ":" in route.address else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)


def _lent(route: Route, path: Path) -> LentSocket:
    client = HandoverClient(path)
    try:
        lent = LentSocket(fileno=client.lend(route.lender, 6 if ":" in route.address else 4))
    except BaseException:
        client.close()
        raise
    lent.lender = client
    lent.setblocking(False)
    return lent


def _announce(state: State, route: Route, port: int) -> None:
    """Announce the connection to the process of decoys that plays the decky."""
    ask_one_of(state, lambda client: client.expect(route.decky, (route.source, port), route.session))
