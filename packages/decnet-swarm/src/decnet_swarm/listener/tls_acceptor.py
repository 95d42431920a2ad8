# SPDX-License-Identifier: MIT
"""The listener's port: who may come in, how many, and who must leave.

TLS asks for a certificate of the fleet's authority; the registry then says whether its holder still belongs to it, at
the handshake and again whenever the registry changed, so a revocation acts on connections that stand. What an
unknown can occupy is bounded before its first byte is read: a number of handshakes, in all and per address. When there
are so many, the one that has taken longest makes room: a sensor is through in a moment, and who only holds places
cannot keep it out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from decnet_core.exits import StartupError
from decnet_core.net.addresses import peer_address, source_of
from decnet_core.net.sockets import BindError, listening
from decnet_core.runtime.context import Context
from decnet_core.text import for_terminal
from decnet_swarm.address import address_in
from decnet_swarm.listener.session import Session
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.contexts import Reloaded, listener_context
from decnet_swarm.pki.names import Role
from decnet_swarm.stream import Stream, accepted

log = logging.getLogger(__name__)

Open = Callable[[Stream, Admitted], Session]
Exchange = Callable[[Stream, Admitted], Awaitable[None]]


class Guest(NamedTuple):
    """Who is connected and has not shown a certificate yet."""

    sock: socket.socket
    host: str
    source: str


class Gate:
    """Accepts connections and hands them to what the agreed protocol asks for."""

    def __init__(
        self,
        settings: ListenerSettings,
        folder: Path,
        *,
        sessions: Mapping[str | None, Open],
        exchanges: Mapping[str, Exchange] | None = None,
        farewells: Mapping[str | None, Callable[[str], bytes]] | None = None,
    ) -> None:
        """`sessions` and `exchanges` are what to do by ALPN name; None is for a peer that names no protocol.

        `farewells` are how each protocol says why somebody with a certificate of the fleet may not stay.

        Raises StartupError when there is no certificate or the address cannot be used.
        """
        self._settings = settings
        self._sessions = sessions
        self._exchanges = exchanges or {}
        self._farewells = farewells or {}
        self._protocols = [name for name in (*sessions, *self._exchanges) if name is not None]
        self.admission = Admission(folder)
        self._contexts = Reloaded(self._make_context, folder)
        address = address_in(settings.listen)
        try:
            self._sock = listening(address.host, address.port)
        except BindError as error:
            raise StartupError(f"[listener] cannot listen on {address}: {error}") from error
        self._greeting: dict[Guest, None] = {}
        """Who is, in the order in which they came."""
        self._present: set[Session] = set()
        self._newest: dict[tuple[str, type[Session]], Session] = {}
        self._counts = dict.fromkeys(
            ("connections", "refused_full", "refused_greeting", "refused_certificate", "revoked_live", "broken"), 0
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._sock.getsockname()[1])

    def counters(self) -> dict[str, float]:
        """Return what happened since the start, and who is connected."""
        return {**self._counts, "connected": len(self._present), "greeting": len(self._greeting)}

    async def accept(self, ctx: Context) -> None:
        """Let in who comes, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, address = await loop.sock_accept(self._sock)
            except OSError as error:  # too many open files, or a connection that was gone again
                log.warning("cannot accept a connection: %s", error.strerror)
                await asyncio.sleep(1)
                continue
            host = peer_address(str(address[0]))
            guest = Guest(sock, host, source_of(host))
            if self._has_place(guest):
                self._greeting[guest] = None
                ctx.spawn(self._serve(guest), name="connection", may_end=True)
            else:
                self._counts["refused_full"] += 1
                sock.close()
            await asyncio.sleep(0)  # for accepting does not wait while there is somebody, and the others must get on

    def review(self) -> None:
        """End the connections of who was revoked or whose certificate has expired."""
        self.admission.refresh()
        for session in list(self._present):
            still = self.admission.admit_fingerprint(session.member.fingerprint)
            if isinstance(still, Refusal):
                self._counts["revoked_live"] += 1
                log.warning("connection ended sensor=%s: %s", session.member.name, still.reason)
                session.end(still.reason)

    def keep_alive(self) -> None:
        """Let every connection say something."""
        for session in list(self._present):
            session.keep_alive()

    def close(self) -> None:
        """Take no more, and end who is connected."""
        self._sock.close()
        for session in list(self._present):
            session.end("the listener stops")

    def _has_place(self, guest: Guest) -> bool:
        """Return whether `guest` may greet, if need be in the place of one that has not come to an end with it."""
        settings = self._settings
        if len(self._greeting) + len(self._present) >= settings.max_connections:
            return False
        crowds = Counter(each.source for each in self._greeting)
        if crowds[guest.source] >= settings.max_greetings_per_address:
            self._dismiss_slowest(guest.source)
        elif len(self._greeting) >= settings.max_greetings:
            self._dismiss_slowest(crowds.most_common(1)[0][0])
        return True

    def _dismiss_slowest(self, source: str) -> None:
        slowest = next(each for each in self._greeting if each.source == source)
        del self._greeting[slowest]
        self._counts["refused_full"] += 1
        with contextlib.suppress(OSError):  # it is gone already
            slowest.sock.shutdown(socket.SHUT_RDWR)  # its own task sees the end and closes it

    async def _serve(self, guest: Guest) -> None:
        stream = await self._greet(guest)
        if stream is None:
            return
        try:
            await self._welcome(stream)
        except OSError as error:  # ssl.SSLError is one
            self._counts["broken"] += 1
            log.info("connection broken peer=%s: %s", guest.host, for_terminal(str(error)))
        finally:
            stream.abort()

    async def _greet(self, guest: Guest) -> Stream | None:
        try:
            return await accepted(guest.sock, self._contexts.current(), self._settings.greeting_seconds)
        except (OSError, ssl.SSLError) as error:
            self._counts["refused_greeting"] += 1
            log.info("no TLS peer=%s: %s", guest.host, for_terminal(str(error)))
            guest.sock.close()
            return None
        finally:
            self._greeting.pop(guest, None)

    async def _welcome(self, stream: Stream) -> None:
        self.admission.refresh()
        member, protocol = self.admission.admit(stream.peer_der), stream.protocol
        reason = self._reason_against(member)
        if isinstance(member, Refusal) or reason:
            log.warning("refused: %s", reason)
            if protocol in self._farewells:
                stream.write(self._farewells[protocol](reason))
                await stream.close()
        elif protocol is not None and protocol in self._exchanges:
            await self._exchanges[protocol](stream, member)
            await stream.close()
        else:
            await self._attend(self._sessions[protocol](stream, member))

    def _reason_against(self, member: Admitted | Refusal) -> str:
        """Return why `member` may not come in, and count it; empty when there is no reason."""
        if isinstance(member, Refusal) or member.role is not Role.FORWARDER:
            self._counts["refused_certificate"] += 1
            return member.reason if isinstance(member, Refusal) else f"{member.name} is no sensor"
        if sum(each.member.name == member.name for each in self._present) >= self._settings.max_connections_per_sensor:
            self._counts["refused_full"] += 1
            return f"{member.name} has {self._settings.max_connections_per_sensor} connections already"
        return ""

    async def _attend(self, session: Session) -> None:
        """Run it as the only one of its kind for its sensor: one that is cut off may not know it yet."""
        key = (session.member.name, type(session))
        before = self._newest.get(key) if session.alone else None
        self._newest[key] = session
        self._present.add(session)
        self._counts["connections"] += 1
        log.info("connected sensor=%s", session.member.name)
        try:
            if before is not None:
                before.end("another connection of this sensor")
                await before.ended.wait()
            await session.run()
        finally:
            session.ended.set()
            self._present.discard(session)
            if self._newest.get(key) is session:
                del self._newest[key]
            log.info("disconnected sensor=%s", session.member.name)

    def _make_context(self, folder: Path) -> ssl.SSLContext:
        context = listener_context(folder)
        context.set_alpn_protocols(self._protocols)
        return context
