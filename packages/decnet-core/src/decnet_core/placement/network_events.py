# SPDX-License-Identifier: MIT
"""Wakes the reconciler when an interface or an address changes, on this host or in a decky's namespace (rtnetlink(7)).

While the worker is parked its supervisor holds the socket and wakes it as a client of a listening socket would: so
drift is repaired within a second, and a fleet without drift needs no process that waits for it. Events are not read
but forgotten: what changed is what the next look finds. They are forgotten before it begins, so a change that comes
while it looks, or while the worker is being parked, makes the socket readable again.
"""

import asyncio
import contextlib
import socket

from decnet_core.placement.netlink.connection import SOL_NETLINK
from decnet_core.runtime.context import Context

NAME = "netlink"
"""What the supervisor calls the socket."""
_GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR."""
_LISTEN_ALL_NSID = 8
_LARGEST = 1 << 16
_MOST = 10_000
"""Events forgotten at once; the rest only nudges again."""
_SETTLE_SECONDS = 0.05
"""One change, such as a link that goes down, is several events."""


class NetworkEvents:
    """The socket, while there are deckies that a change can concern."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._loop = asyncio.get_running_loop()
        self._socket = ctx.inherited.take_any(NAME)
        self._nudge: asyncio.TimerHandle | None = None
        if self._socket is not None:
            ctx.parking.sockets[NAME] = self._socket

    def forget(self) -> None:
        """Forget what has happened, as a look begins; what happens from now on nudges the worker."""
        if self._socket is None:
            return
        for _ in range(_MOST):
            try:
                self._socket.recv(_LARGEST, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: there were more than fit
                continue
        self._loop.add_reader(self._socket, self._on_event)

    def need(self, needed: bool) -> None:
        """Open the socket, or close it: without deckies on interfaces nothing that happens to these matters."""
        if not needed:
            self.close()
        elif self._socket is None:
            with contextlib.suppress(OSError):  # without it, drift is found when deckies are looked at anyway
                self._socket = self._ctx.parking.sockets[NAME] = _subscribed()
                self._ctx.nudge()  # something may have changed since the look before

    def close(self) -> None:
        if self._nudge is not None:
            self._nudge.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._ctx.parking.sockets.pop(NAME, None)
            self._socket.close()
            self._socket = None

    def _on_event(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._nudge = self._loop.call_later(_SETTLE_SECONDS, self._ctx.nudge)


def _subscribed() -> socket.socket:
    """Return a socket that receives the events; raises OSError."""
    found = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        with contextlib.suppress(OSError):  # needs CAP_NET_BROADCAST: without it, only this host's own events
            found.setsockopt(SOL_NETLINK, _LISTEN_ALL_NSID, 1)
        found.bind((0, _GROUPS))
    except OSError:
        found.close()
        raise
    return found
