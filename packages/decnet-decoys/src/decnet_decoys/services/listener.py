# SPDX-License-Identifier: MIT
"""Listens on one port of a decky and serves each client in a task of its own.

Own accept loop, not asyncio's servers: accepting costs little, and each client is admitted in its source's turn. One
over the limit is rejected before a connection is allocated for it, and until the first arrives a service of a decky is
one bound socket. Measured with 2,000 SSH clients of 200 addresses waiting: a newcomer is answered after 0.3 to 0.6 s of
processor time instead of 2 to 2.8, with 512 of 25 after 0.1 instead of 0.2.
"""

import asyncio
import functools
import logging
import socket
from abc import ABC, abstractmethod
from typing import Any

from decnet_core.exits import StartupError
from decnet_core.net.addresses import peer_address, source_of
from decnet_core.net.sockets import BindError, PortTakenError, bound_udp, listening
from decnet_decoys.decky import port_name
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.places import Place
from decnet_decoys.processor import scheduler, turn
from decnet_decoys.processor.account import Account
from decnet_decoys.services.connection import Connection, ConnectionEnded, TcpConnection, UdpConversation
from decnet_decoys.services.service import Service
from decnet_decoys.services.tarpit import hold_up, tarpit_of
from decnet_decoys.settings import LimitSettings

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""How long to wait before accepting again after it failed: most likely this process has no file descriptor left."""
BACKLOG = 4096
"""Clients that may wait to be accepted; the kernel turns a newcomer away for seconds when they are too many."""
MAX_DATAGRAM = 65_535
"""Bytes, of IP (RFC 791)."""


class Listener(ABC):
    """One service's bound port."""

    def __init__(self, name: str, service: Service[Any], bound: socket.socket) -> None:
        self._name = name
        self._service = service
        self._context = service.context
        self._counters = service.context.runtime.counters
        self._socket = bound
        self._serving: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._tarpit = tarpit_of(self._context.settings, self._context.decky.name, name)

    def open(self) -> None:
        if not self._closed:
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    @property
    def place(self) -> str:
        """What the port is called where its places are counted."""
        return port_name(self._context.decky, self._name)

    @property
    def bound(self) -> socket.socket:
        return self._socket

    async def prepare(self) -> None:
        """Have the service make what its clients will need; a failure is logged and stops nothing."""
        try:
            await self._service.prepare()
        except Exception:
            self._counters.add("decoys_preparations_failed")
            log.exception("preparation failed service=%s decky=%s", self._name, self._context.decky.name)

    async def close(self) -> None:
        """Stop accepting and close open connections; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        asyncio.get_running_loop().remove_reader(self._socket)
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        self._socket.close()

    @abstractmethod
    def _accept(self) -> None: ...

    def _admit(self, peer: tuple[str, int]) -> Place | None:
        place = Place(self.place, peer[0])
        if self._context.fleet.places.take(place):
            return place
        self._counters.add("decoys_connections_refused")
        return None

    def _recorder(self, peer: tuple[str, int], here: tuple[str, int]) -> ConnectionRecorder:
        decky, source = self._context.decky.name, (peer_address(peer[0]), peer[1])
        session = self._context.fleet.expected.take(decky, *source)
        info = ConnectionInfo(decky, self._name, peer[:2], here[:2], session is not None)
        return ConnectionRecorder(self._context.runtime, info, session)

    def _terms(self, peer: tuple[str, int]) -> tuple[LimitSettings, float, MemoryLease]:
        """Return a client's idle timeout, and how many bytes it may send and have kept."""
        context = self._context
        lease = MemoryLease(context.fleet.budget, source_of(peer[0]))
        return context.settings.limits, self._service.idle_seconds, lease

    def _account(self, peer: tuple[str, int]) -> Account:
        return self._context.fleet.processor.account(self._name, self._context.decky.name, peer[0])

    def _start(self, connection: Connection, place: Place, account: Account) -> None:
        task = scheduler.context_of(account).run(
            self._context.runtime.spawn, self._serve(connection), name=f"{self._name}-connection", may_end=True
        )
        place.active_at, place.evict = account.last_active, task.cancel
        self._serving.add(task)
        task.add_done_callback(functools.partial(self._ended, connection, place))

    async def _serve(self, connection: Connection) -> None:
        """Serve one connection to its end; whatever goes wrong ends this connection only."""
        recorder, limits = connection.recorder, self._context.settings.limits
        try:
            recorder.opened()
            recorder.counters.add("decoys_synthetic_connections" if recorder.info.synthetic else "decoys_connections")
            async with asyncio.timeout(limits.session_seconds):
                if self._tarpit is not None and not recorder.info.synthetic:
                    await hold_up(connection, self._tarpit)
                await self._service.serve(connection)
        except (OSError, EOFError, ConnectionEnded):
            pass  # a client that went away, was silent for too long, or sent too much
        except Exception:
            recorder.counters.add("decoys_connection_errors")
            log.exception("connection failed service=%s decky=%s", self._name, recorder.info.decky)
        finally:
            connection.record_received()

    def _ended(self, connection: Connection, place: Place, task: asyncio.Task[Any]) -> None:
        """Release what the connection held; also that of a task which was cancelled before it began."""
        self._serving.discard(task)
        self._context.fleet.places.release(place)
        connection.close()


class TcpListener(Listener):
    """Accepts clients quickly and serves them in turn, so that a newcomer need not wait for a crowd before it."""

    def __init__(self, name: str, service: Service[Any], bound: socket.socket) -> None:
        super().__init__(name, service, bound)
        self._unadmitted: dict[socket.socket, str] = {}

    async def close(self) -> None:
        for client in list(self._unadmitted):  # first: one that is admitted while others end would be served on
            self._take_up(client)
            client.close()
        await super().close()

    def _accept(self) -> None:
        """Accept waiting clients for one turn: new ones queue behind one that connects a thousand times a second."""
        turn.begin()
        fleet = self._context.fleet
        while fleet.unadmitted < fleet.most_unadmitted and self._accept_one() and not turn.is_over():
            pass

    def _accept_one(self) -> bool:
        """Accept one client; False when none is waiting."""
        loop = asyncio.get_running_loop()
        try:
            client, peer = self._socket.accept()
        except ConnectionAbortedError:
            return True  # whoever was there has gone again: no reason to let others wait
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self._counters.add("decoys_accept_failed")
            loop.remove_reader(self._socket)
            loop.call_later(RETRY_SECONDS, self.open)
            return False
        fleet, source = self._context.fleet, source_of(peer[0])
        if fleet.unadmitted_of[source] >= self._context.settings.limits.connections_per_source:
            self._counters.add("decoys_connections_refused")
            client.close()
            return True
        self._unadmitted[client] = source
        fleet.unadmitted += 1
        fleet.unadmitted_of[source] += 1
        account = self._account(peer)
        loop.call_soon(self._admit_client, client, peer, account, context=scheduler.context_of(account))
        return True

    def _take_up(self, client: socket.socket) -> None:
        fleet, source = self._context.fleet, self._unadmitted.pop(client)
        fleet.unadmitted -= 1
        fleet.unadmitted_of[source] -= 1
        if not fleet.unadmitted_of[source]:
            del fleet.unadmitted_of[source]

    def _admit_client(self, client: socket.socket, peer: tuple[str, int], account: Account) -> None:
        if client not in self._unadmitted:  # closed meanwhile
            return
        self._take_up(client)
        place = self._admit(peer)
        if place is None:
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        recorder = self._recorder(peer, client.getsockname())
        self._start(TcpConnection(client, recorder, *self._terms(peer)), place, account)


class UdpListener(Listener):
    """Gives each datagram to the conversation with its sender, which the first one begins."""

    def __init__(self, name: str, service: Service[Any], bound: socket.socket) -> None:
        super().__init__(name, service, bound)
        self._conversations: dict[tuple[str, int], UdpConversation] = {}

    def _accept(self) -> None:
        try:
            data, peer = self._socket.recvfrom(MAX_DATAGRAM)
        except OSError:  # an ICMP error about one that we sent
            return
        conversation = self._conversations.get(peer)
        if conversation is None:
            place = self._admit(peer)
            if place is None:
                return
            recorder = self._recorder(peer, self._socket.getsockname())
            conversation = UdpConversation(self._socket, recorder, *self._terms(peer))
            self._conversations[peer] = conversation
            self._start(conversation, place, self._account(peer))
        conversation.deliver(data)

    def _ended(self, connection: Connection, place: Place, task: asyncio.Task[Any]) -> None:
        super()._ended(connection, place, task)
        del self._conversations[connection.recorder.info.src]


class TakenError(StartupError):
    """Another program has a port that a decky is to offer."""


def listener_of(name: str, service: Service[Any]) -> Listener:
    """Return the listener of a service of a decky, its port bound; raises StartupError, or TakenError, which is one."""
    decky = service.context.decky
    try:
        if service.transport == "udp":
            return listener_on(name, service, bound_udp(decky.address, service.port))
        return listener_on(name, service, listening(decky.address, service.port, BACKLOG))
    except BindError as error:
        place = f"{decky.address}:{service.port}"
        refusal = TakenError if isinstance(error, PortTakenError) else StartupError
        raise refusal(f"decky {decky.name}: cannot offer {name} at {place}: {error}") from error


def listener_on(name: str, service: Service[Any], bound: socket.socket) -> Listener:
    """Return the listener of a service on a bound socket, which is its own from now on; raises OSError."""
    bound.setblocking(False)
    if service.transport == "udp":
        return UdpListener(name, service, bound)
    bound.listen(BACKLOG)
    return TcpListener(name, service, bound)
