# SPDX-License-Identifier: MIT
"""Accepts TLS connections of the fleet's members, and ends those of members that are revoked.

TLS requires a certificate of the fleet's authority. The registry then decides whether its holder is still a member, at
the handshake and whenever the registry changes, so a revocation also ends open connections. What an unknown peer can
occupy is bounded before its first byte is read: handshakes in progress, in all and per source. At the limit the oldest
handshake is dropped: a sensor completes its own in a moment, so idle connections cannot keep it out.
"""

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
from decnet_swarm.listener.session import PeerSession
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.contexts import Reloaded, listener_context
from decnet_swarm.pki.names import Role
from decnet_swarm.stream import Stream, accept_tls

log = logging.getLogger(__name__)

OpenSession = Callable[[Stream, Admitted], PeerSession]
Exchange = Callable[[Stream, Admitted], Awaitable[None]]


class Handshake(NamedTuple):
    """A connection that has not completed TLS yet."""

    sock: socket.socket
    host: str
    source: str


class TlsAcceptor:
    """Accepts connections and hands each to the session or exchange of its protocol."""

    def __init__(
        self,
        settings: ListenerSettings,
        folder: Path,
        *,
        sessions: Mapping[str | None, OpenSession],
        exchanges: Mapping[str, Exchange] | None = None,
        farewells: Mapping[str | None, Callable[[str], bytes]] | None = None,
        listening: Callable[[str, int], socket.socket] = listening,
    ) -> None:
        """`sessions` and `exchanges` are by ALPN name; None stands for a peer that negotiates no protocol.

        `farewells` encode, for each protocol, why a peer with a certificate of the fleet is refused. `listening`
        returns the socket that listens on an address and port, as `net.sockets.listening` does.

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
        self._handshakes: dict[Handshake, None] = {}
        """In the order of their arrival."""
        self.came = 0
        """Connections that were accepted, whatever became of them."""
        self._present: set[PeerSession] = set()
        self._newest: dict[tuple[str, type[PeerSession]], PeerSession] = {}
        self._counts = dict.fromkeys(
            ("connections", "refused_full", "refused_greeting", "refused_certificate", "revoked_live", "broken"), 0
        )

    @property
    def port(self) -> int:
        return int(self._sock.getsockname()[1])

    @property
    def busy(self) -> bool:
        """Whether a connection is open."""
        return bool(self._handshakes or self._present)

    def counters(self) -> dict[str, float]:
        return {**self._counts, "connected": len(self._present), "greeting": len(self._handshakes)}

    async def accept(self, ctx: Context) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, address = await loop.sock_accept(self._sock)
            except OSError as error:  # too many open files, or a connection that was gone again
                log.warning("cannot accept a connection: %s", error.strerror)
                await asyncio.sleep(1)
                continue
            self.came += 1
            host = peer_address(str(address[0]))
            handshake = Handshake(sock, host, source_of(host))
            if self._make_room(handshake):
                self._handshakes[handshake] = None
                ctx.spawn(self._serve(handshake), name="connection", may_end=True)
            else:
                self._counts["refused_full"] += 1
                sock.close()
            await asyncio.sleep(0)  # sock_accept does not yield while connections are pending

    def review(self) -> None:
        """End connections whose certificate was revoked or has expired."""
        self.admission.refresh()
        for session in list(self._present):
            still = self.admission.admit_fingerprint(session.member.fingerprint)
            if isinstance(still, Refusal):
                self._counts["revoked_live"] += 1
                log.warning("connection ended sensor=%s: %s", session.member.name, still.reason)
                session.end(still.reason)

    @property
    def connected(self) -> set[str]:
        """The names of the sensors that have a connection."""
        return {session.member.name for session in self._present}

    def offer(self, ctx: Context) -> None:
        """Let every connection send what its peer is to have; one whose peer does not read keeps no other waiting."""
        for session in self._present:
            ctx.spawn(_offered(session), name="offer", may_end=True)

    def keep_alive(self) -> None:
        """Send a keep-alive on every connection."""
        for session in list(self._present):
            session.keep_alive()

    def close(self) -> None:
        self._sock.close()
        for session in list(self._present):
            session.end("the listener stops")

    def _make_room(self, handshake: Handshake) -> bool:
        """Return whether `handshake` may begin, dropping the oldest one at the limit."""
        settings = self._settings
        if len(self._handshakes) + len(self._present) >= settings.max_connections:
            return False
        crowds = Counter(each.source for each in self._handshakes)
        if crowds[handshake.source] >= settings.max_greetings_per_address:
            self._dismiss_slowest(handshake.source)
        elif len(self._handshakes) >= settings.max_greetings:
            self._dismiss_slowest(crowds.most_common(1)[0][0])
        return True

    def _dismiss_slowest(self, source: str) -> None:
        slowest = next(each for each in self._handshakes if each.source == source)
        del self._handshakes[slowest]
        self._counts["refused_full"] += 1
        with contextlib.suppress(OSError):  # it is gone already
            slowest.sock.shutdown(socket.SHUT_RDWR)  # its own task sees the end and closes it

    async def _serve(self, handshake: Handshake) -> None:
        stream = await self._shake_hands(handshake)
        if stream is None:
            return
        try:
            await self._dispatch(stream)
        except OSError as error:  # ssl.SSLError is one
            self._counts["broken"] += 1
            log.info("connection broken peer=%s: %s", handshake.host, for_terminal(str(error)))
        finally:
            stream.abort()

    async def _shake_hands(self, handshake: Handshake) -> Stream | None:
        try:
            return await accept_tls(handshake.sock, self._contexts.current(), self._settings.greeting_seconds)
        except (OSError, ssl.SSLError) as error:
            self._counts["refused_greeting"] += 1
            log.info("no TLS peer=%s: %s", handshake.host, for_terminal(str(error)))
            handshake.sock.close()
            return None
        finally:
            self._handshakes.pop(handshake, None)

    async def _dispatch(self, stream: Stream) -> None:
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
            await self._run_session(self._sessions[protocol](stream, member))

    def _reason_against(self, member: Admitted | Refusal) -> str:
        """Return why `member` is refused, and count it; empty when it is accepted."""
        if isinstance(member, Refusal) or member.role is not Role.FORWARDER:
            self._counts["refused_certificate"] += 1
            return member.reason if isinstance(member, Refusal) else f"{member.name} is no sensor"
        if sum(each.member.name == member.name for each in self._present) >= self._settings.max_connections_per_sensor:
            self._counts["refused_full"] += 1
            return f"{member.name} has {self._settings.max_connections_per_sensor} connections already"
        return ""

    async def _run_session(self, session: PeerSession) -> None:
        """Run `session`; it replaces an older one of its kind and sensor, which may not have noticed a cut."""
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


async def _offered(session: PeerSession) -> None:
    with contextlib.suppress(OSError):  # its own task sees that, too
        await session.offer()
