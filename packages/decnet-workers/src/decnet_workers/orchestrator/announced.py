# SPDX-License-Identifier: MIT
"""Connects from one decky's address to another decky, after announcing to `decoys` that what comes is synthetic."""

import asyncio
import socket

import msgspec

from decnet_core.deckies.handover import ask_one_of
from decnet_core.runtime.context import Context
from decnet_core.state import State
from decnet_workers.errors import WorkersError

CONNECT_SECONDS = 5.0


class SessionError(WorkersError):
    """A session did not take place; the message says why."""


class Route(msgspec.Struct, frozen=True):
    """From where to where a session goes, and what its events carry as their session."""

    decky: str
    source: str
    address: str
    port: int
    session: str


async def connected(ctx: Context, route: Route) -> socket.socket:
    """Return a connection that decoys takes for synthetic. Raises HandoverError, OSError, TimeoutError."""
    family = socket.AF_INET6 if ":" in route.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        sock.bind((route.source, 0))
        await ctx.in_thread(_announce, ctx.state, route, sock.getsockname()[1])
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(sock, (route.address, route.port))
    except BaseException:
        sock.close()
        raise
    return sock


def _announce(state: State, route: Route, port: int) -> None:
    """Announce the connection to the process of decoys that plays the decky."""
    ask_one_of(state, lambda client: client.expect(route.decky, (route.source, port), route.session))
