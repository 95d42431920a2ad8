# SPDX-License-Identifier: MIT
"""The embedded NATS server: core messaging between the processes of one machine, over a UNIX socket.

It keeps nothing: a message goes to who is subscribed now. What is slow loses its own oldest messages, what misbehaves
loses its own connection, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import time
from pathlib import Path

from decnet_core.bus.broker.connection import Connection
from decnet_core.bus.broker.listener import Place, credentials, tcp_address
from decnet_core.bus.broker.peer import Peer, Subscribed
from decnet_core.bus.broker.permissions import Access, resolved
from decnet_core.bus.interface import BusError
from decnet_core.bus.protocol.match import Routes
from decnet_core.bus.protocol.operations import SERVER_VERSION, Connect, Info
from decnet_core.bus.protocol.parser import lines_from_client
from decnet_core.bus.protocol.send_queue import CHUNK
from decnet_core.bus.settings import BusSettings
from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

READ_SIZE = 65_536
_LOG_SECONDS = 1.0  # one line at most in this time: clients must not be able to fill the log
_NAMED_DROPS = 16  # how many subscribers' drops are listed by name


class Broker:
    """The server: `start`, `stop`, and `counters` in between."""

    def __init__(self, settings: BusSettings, path: Path) -> None:
        """Serve at `path`; BusError for settings that cannot be met."""
        self.settings = settings
        self.lines = lines_from_client(settings.max_payload_bytes)
        self.routes: Routes[Subscribed] = Routes()
        self.buffer = memoryview(bytearray(READ_SIZE))
        self.congested: set[Connection] = set()
        self.in_messages = self.in_bytes = self.refused = self.unrouted = 0
        self.slow_consumers = self.held_bytes = self.subscribed_bytes = 0
        self.holding: dict[Connection, None] = {}
        """Who has sent half a message so far, the oldest half first."""
        self._client_ids = itertools.count(1)
        self._log_again = 0.0
        self._unlogged = 0
        self._server_id = os.urandom(11).hex().upper()
        self._peers: set[Peer] = set()
        self._empty = asyncio.Event()
        self._dirty: list[Connection] = []
        self._connections_total = self._connections_refused = self._errors = 0
        self._gone_sent = self._gone_bytes = self._gone_dropped = 0
        self._gone_drops: dict[str, int] = {}
        self._roles = resolved(settings.roles, settings.operator_group, os.getuid())
        self._tcp_access = self._roles.named(settings.tcp_role)
        self._tcp = tcp_address(settings)
        self._path = path
        self._place = Place(path)
        self._servers: list[asyncio.Server] = []

    @property
    def address(self) -> str:
        """The URL for clients on this machine."""
        return f"unix://{self._path}"

    @property
    def tcp_port(self) -> int:
        """The port on the loopback that was bound; 0 when there is none."""
        return int(self._servers[1].sockets[0].getsockname()[1]) if len(self._servers) > 1 else 0

    async def start(self) -> None:
        """Listen; BusError when another broker already does."""
        loop = asyncio.get_running_loop()
        backlog = self.settings.max_connections
        listener = await asyncio.to_thread(self._place.take, self.settings)
        self._servers.append(await loop.create_server(self._peer, sock=listener, backlog=backlog))
        if self._tcp is not None:
            try:
                self._servers.append(await loop.create_server(self._tcp_peer, *self._tcp, backlog=backlog))
            except OSError as error:
                await self.stop()
                raise BusError(f"[bus] tcp: cannot listen on {self.settings.tcp}: {error.strerror}") from error
        log.info("bus listening socket=%s tcp=%s", self._path, self.settings.tcp or "off")

    async def stop(self) -> None:
        """Close every connection and remove the socket; safe to call twice."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for peer in list(self._peers):
            peer.outbox.flush()
            peer.abort()
        if self._peers:  # asyncio tells each of them on the next turn
            self._empty.clear()
            await self._empty.wait()
        await asyncio.to_thread(self._place.leave)

    def counters(self) -> dict[str, float]:
        """Return what has happened so far.

        Every accepted message that reached a subscription is in exactly one of `out_messages`, `dropped` and
        `waiting`; the others are in `refused` or `unrouted`. Bytes are counted on the wire.
        """
        boxes = [peer.outbox for peer in self._peers]
        counted: dict[str, float] = {
            "connections": len(self._peers),
            "connections_total": self._connections_total,
            "connections_refused": self._connections_refused,
            "subscriptions": len(self.routes),
            "subscribed_bytes": self.subscribed_bytes,
            "in_messages": self.in_messages,
            "in_bytes": self.in_bytes,
            "out_messages": self._gone_sent + sum(box.sent for box in boxes),
            "out_bytes": self._gone_bytes + sum(box.sent_bytes for box in boxes),
            "waiting": sum(box.waiting for box in boxes),
            "waiting_bytes": sum(box.waiting_bytes for box in boxes),
            "dropped": self._gone_dropped + sum(box.dropped for box in boxes),
            "unrouted": self.unrouted,
            "refused": self.refused,
            "slow_consumers": self.slow_consumers,
            "errors": self._errors,
        }
        return counted | self._drops_by_name()

    # --- what peers ask of their broker -----------------------------------------------------------

    def admit(self, peer: Peer, transport: asyncio.Transport) -> Access | None:
        """Return what the client behind `transport` may do, or refuse it and return None."""
        self._peers.add(peer)
        self._connections_total += 1
        if len(self._peers) > self.settings.max_connections:
            self._connections_refused += 1
            peer.refuse("Maximum Connections Exceeded")
            return None
        opened: socket.socket = transport.get_extra_info("socket")
        if opened.family != socket.AF_UNIX:
            return self._tcp_access
        return self._roles.of(credentials(opened))

    def forget(self, peer: Peer) -> None:
        """Keep nothing of `peer` but its counts."""
        self._peers.discard(peer)
        if not self._peers:
            self._empty.set()
        self._gone_sent += peer.outbox.sent
        self._gone_bytes += peer.outbox.sent_bytes
        self._gone_dropped += peer.outbox.dropped
        if peer.outbox.dropped:
            self._note_drops(peer)

    def info(self, peer: Peer) -> Info:
        """Return what `peer` is told about this server and about itself."""
        return Info(
            server_id=self._server_id,
            server_name="decnet-bus",
            version=SERVER_VERSION,
            proto=1,
            headers=True,
            max_payload=self.settings.max_payload_bytes,
            client_id=peer.client_id,
            auth_required=peer.needs_token,
            dropped=peer.outbox.dropped,
        )

    def token_is(self, token: str, options: Connect) -> bool:
        """Return whether `options` carry `token`, in a time that says nothing about it."""
        import hmac  # most brokers have no token to compare

        return hmac.compare_digest(token.encode(), options.auth_token.encode("utf-8", "surrogatepass"))

    @property
    def subscribed_out(self) -> bool:
        """Whether the subscriptions take as much as they may."""
        return self.subscribed_bytes >= self.settings.max_subscribed_bytes

    def relieve(self) -> None:
        """Throw out who has kept half a message for longest, until the other halves have room."""
        while self.held_bytes > self.settings.max_held_bytes and self.holding:
            next(iter(self.holding)).give_up()

    def allowance(self) -> int:
        """Return how many bytes a slow subscriber may have waiting: its limit, or a fair share of all there is."""
        share = self.settings.max_total_waiting_bytes // max(1, len(self.congested))
        return max(CHUNK, min(self.settings.max_waiting_bytes, share))

    def soil(self, peer: Connection) -> None:
        """Remember that `peer` has something to be flushed."""
        if not peer.dirty:
            peer.dirty = True
            self._dirty.append(peer)

    def flush(self) -> None:
        """Hand on what this batch made ready."""
        dirty, self._dirty = self._dirty, []
        for peer in dirty:
            peer.dirty = False
            peer.outbox.flush()

    def note_closed(self, name: str, text: str) -> None:
        """Record that the client `name` was thrown out because of `text`."""
        self._errors += 1
        now = time.monotonic()
        if now < self._log_again:
            self._unlogged += 1
            return
        more, self._unlogged, self._log_again = self._unlogged, 0, now + _LOG_SECONDS
        log.warning("bus client closed client=%s reason=%s unlogged=%d", for_terminal(name), for_terminal(text), more)

    def _peer(self) -> Peer:
        return Peer(self, next(self._client_ids))

    def _tcp_peer(self) -> Peer:
        return Peer(self, next(self._client_ids), token=self.settings.tcp_token)

    def _note_drops(self, peer: Peer) -> None:
        name = _label(peer.name)
        self._gone_drops[name] = self._gone_drops.get(name, 0) + peer.outbox.dropped
        if len(self._gone_drops) > _NAMED_DROPS:
            del self._gone_drops[min(self._gone_drops, key=self._gone_drops.__getitem__)]

    def _drops_by_name(self) -> dict[str, float]:
        drops: dict[str, float] = dict(self._gone_drops)
        for peer in self._peers:
            if peer.outbox.dropped:
                name = _label(peer.name)
                drops[name] = drops.get(name, 0) + peer.outbox.dropped
        worst = sorted(drops, key=lambda name: -drops[name])[:_NAMED_DROPS]
        return {f"dropped.{name}": drops[name] for name in worst}


def _label(name: str) -> str:
    """Return a client's name fit for a counter's name: it is the client's own text."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name[:32])
