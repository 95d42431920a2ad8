# SPDX-License-Identifier: MIT
"""The embedded NATS server: core messaging between the processes of one machine, over a UNIX socket.

It stores nothing: a message goes to the present subscribers. A slow subscriber loses its own oldest messages, a client
that breaks the protocol or a limit loses its own connection; no other client is affected.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import socket
from pathlib import Path

from decnet_core.bus.broker.connection import LINGER_SECONDS
from decnet_core.bus.broker.listener import BrokerSocket, credentials, tcp_address
from decnet_core.bus.broker.logins import Logins
from decnet_core.bus.broker.peer import Peer
from decnet_core.bus.broker.permissions import NOBODY, Access, resolved
from decnet_core.bus.broker.state import BrokerState
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.net.sockets import BindError, listening

log = logging.getLogger(__name__)

_NAMED_DROPS = 16  # how many subscribers' drops are listed by name


class Broker:
    """The server: `start`, `stop`, and `counters` in between."""

    def __init__(self, settings: BusSettings, path: Path) -> None:
        """Serve at `path`; BusError for settings that cannot be met."""
        self._settings = settings
        self.state = BrokerState(settings)
        self._client_ids = itertools.count(1)
        self._peers: set[Peer] = set()
        self._empty = asyncio.Event()
        self._connections_total = self._connections_refused = 0
        self._gone_sent = self._gone_bytes = self._gone_dropped = 0
        self._gone_drops: dict[str, int] = {}
        self._roles = resolved(settings.roles, settings.operator_group, os.getuid())
        self._logins = Logins(settings, self._roles)
        self._tcp = tcp_address(settings)
        self._path = path
        self._socket = BrokerSocket(path)
        self._servers: list[asyncio.Server] = []

    @property
    def address(self) -> str:
        return f"unix://{self._path}"

    @property
    def tcp_place(self) -> tuple[str, int]:
        """The address and port on the loopback that were bound; port 0 when there is none."""
        return self._servers[1].sockets[0].getsockname()[:2] if len(self._servers) > 1 else ("", 0)

    @property
    def tcp_port(self) -> int:
        """The port of `tcp_place`."""
        return self.tcp_place[1]

    async def start(self) -> None:
        """Listen; BusError when another broker already does."""
        loop = asyncio.get_running_loop()
        backlog = self._settings.max_connections
        listener = await asyncio.to_thread(self._socket.bind, self._settings)
        self._servers.append(await loop.create_server(self._peer, sock=listener, backlog=backlog))
        if self._tcp is not None:
            try:
                tcp = listening(*self._tcp, backlog)
            except BindError as error:
                await self.stop()
                raise BusError(f"[bus] tcp: cannot listen on {self._settings.tcp}: {error}") from error
            self._servers.append(await loop.create_server(self._tcp_peer, sock=tcp, backlog=backlog))
        log.info("bus listening socket=%s tcp=%s", self._path, self._settings.tcp or "off")

    async def retire(self) -> None:
        """Enter lame duck mode, as nats-server calls it; return when every client is gone.

        The socket's name is free for a successor at once. INFO tells the clients; those that stay are closed in turn.
        """
        self.state.lame = True
        await self._stop_listening()
        for peer in self._peers:
            if peer.wants_info:
                peer.send_line(peer.greeting())
        self.state.flush()
        log.info("bus lame duck clients=%d", len(self._peers))
        await self._emptied(self._settings.lame_duck_grace_seconds)
        pause = self._settings.lame_duck_seconds / max(1, len(self._peers))
        for peer in list(self._peers):
            peer.close()
            await self._emptied(pause)
        await self._emptied(LINGER_SECONDS)

    async def stop(self) -> None:
        """Close every connection and remove the socket; safe to call twice."""
        await self._stop_listening()
        for peer in list(self._peers):
            peer.send_queue.flush()
            peer.abort()
        await self._emptied(None)  # asyncio tells each of them on the next turn

    async def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        await asyncio.to_thread(self._socket.release)

    async def _emptied(self, seconds: float | None) -> None:
        """Wait until there is no client, at most `seconds`."""
        if self._peers:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)

    def counters(self) -> dict[str, float]:
        """Return what has happened so far.

        Every accepted message that reached a subscription is in exactly one of `out_messages`, `dropped` and
        `waiting`; the others are in `refused` or `unrouted`. Bytes are counted on the wire.
        """
        queues = [peer.send_queue for peer in self._peers]
        counted: dict[str, float] = {
            "connections": len(self._peers),
            "connections_total": self._connections_total,
            "connections_refused": self._connections_refused,
            "subscriptions": len(self.state.routes),
            "subscribed_bytes": self.state.subscribed_bytes,
            "in_messages": self.state.in_messages,
            "in_bytes": self.state.in_bytes,
            "out_messages": self._gone_sent + sum(queue.sent for queue in queues),
            "out_bytes": self._gone_bytes + sum(queue.sent_bytes for queue in queues),
            "waiting": sum(queue.waiting for queue in queues),
            "waiting_bytes": sum(queue.waiting_bytes for queue in queues),
            "dropped": self._gone_dropped + sum(queue.dropped for queue in queues),
            "unrouted": self.state.unrouted,
            "refused": self.state.refused,
            "slow_consumers": self.state.slow_consumers,
            "errors": self.state.errors,
        }
        return counted | self._drops_by_name()

    def admit(self, peer: Peer, transport: asyncio.Transport) -> Access | None:
        self._peers.add(peer)
        self._connections_total += 1
        if len(self._peers) > self._settings.max_connections:
            self._connections_refused += 1
            peer.refuse("Maximum Connections Exceeded")
            return None
        opened: socket.socket = transport.get_extra_info("socket")
        if opened.family != socket.AF_UNIX:
            return self._logins.anonymous or NOBODY
        return self._roles.of(credentials(opened))

    def forget(self, peer: Peer) -> None:
        self._peers.discard(peer)
        if not self._peers:
            self._empty.set()
        self._gone_sent += peer.send_queue.sent
        self._gone_bytes += peer.send_queue.sent_bytes
        self._gone_dropped += peer.send_queue.dropped
        if peer.send_queue.dropped:
            self._note_drops(peer)

    def _peer(self) -> Peer:
        return Peer(self.state, self, next(self._client_ids))

    def _tcp_peer(self) -> Peer:
        return Peer(self.state, self, next(self._client_ids), logins=self._logins)

    def _note_drops(self, peer: Peer) -> None:
        name = _label(peer.name)
        self._gone_drops[name] = self._gone_drops.get(name, 0) + peer.send_queue.dropped
        if len(self._gone_drops) > _NAMED_DROPS:
            del self._gone_drops[min(self._gone_drops, key=self._gone_drops.__getitem__)]

    def _drops_by_name(self) -> dict[str, float]:
        drops: dict[str, float] = dict(self._gone_drops)
        for peer in self._peers:
            if peer.send_queue.dropped:
                name = _label(peer.name)
                drops[name] = drops.get(name, 0) + peer.send_queue.dropped
        worst = sorted(drops, key=lambda name: -drops[name])[:_NAMED_DROPS]
        return {f"dropped.{name}": drops[name] for name in worst}


def _label(name: str) -> str:
    """Return a client's name in a form safe for a counter's name: it is the client's own text."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name[:32])
