# SPDX-License-Identifier: MIT
"""Issues certificates to sensors: enrolment on a port of its own, renewal on the port that events arrive at.

Enrolment has its own port so that the other one never serves a peer without a certificate. While no token is waiting,
connections to it are closed before TLS begins. Otherwise the rate of each source, the number of connections and the
time of each are limited. A request costs the listener one comparison of hashes; only a valid token makes it start a
child process that signs.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path

from decnet_core.exits import StartupError
from decnet_core.net.addresses import peer_address
from decnet_core.net.sockets import BindError, listening
from decnet_core.runtime.counters import Counters
from decnet_core.text import for_terminal
from decnet_swarm.address import Address
from decnet_swarm.enrolment import messages
from decnet_swarm.enrolment.messages import AskAuthority, Authority, Enrol, Issued, Malformed, Refused, Renew, Reply
from decnet_swarm.enrolment.rate_limit import EnrolmentRates
from decnet_swarm.enrolment.renewal_loop import is_ending
from decnet_swarm.enrolment.signing_requests import SignEnrolment, SigningRequest, SignRenewal, sign_in_child
from decnet_swarm.pki import files, sensor_registry
from decnet_swarm.pki.admission import Admission, Admitted
from decnet_swarm.pki.contexts import Reloaded, enrolment_context
from decnet_swarm.pki.registry_file import RegistryError, load

log = logging.getLogger(__name__)

SECONDS = 10.0
"""Deadline of one exchange, without the time that signing takes."""
MAX_CONNECTIONS = 8
"""Enrolment connections open at once."""
MAX_QUEUED = 16
"""Requests that may wait for a signing child; one runs at a time."""


class EnrolmentServer:
    """Serves enrolment and renewal, and has each accepted request signed."""

    def __init__(self, folder: Path, admission: Admission, counters: Counters, *, days: float, port: int) -> None:
        self._folder = folder
        self._admission = admission
        self._counters = counters
        self._days = days
        self._port = port
        """The listener's, for the reply to the sensor."""
        self._rates = EnrolmentRates()
        self._connections = 0
        self.came = 0
        """Connections that were accepted, whatever became of them."""
        self._queue = 0
        self._signing = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._context: Reloaded | None = None
        counters.read_from(lambda: {"certificate_ending": int(is_ending(folder))})

    @property
    def address(self) -> tuple[str, int] | None:
        """Address and port of the open enrolment socket."""
        if self._server is None or not self._server.sockets:
            return None
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def busy(self) -> bool:
        """Whether somebody is being served."""
        return bool(self._connections or self._queue)

    async def open(self, host: str, port: int, listening: Callable[[str, int], socket.socket] = listening) -> None:
        """Accept enrolments there; without it only renewals are served. Raises StartupError.

        `listening` returns the socket, as `net.sockets.listening` does.
        """
        try:
            self._context = Reloaded(enrolment_context, self._folder)
            sock = listening(host, port)
            self._server = await asyncio.start_server(self._accept, sock=sock, limit=messages.LIMIT)
        except files.NotEnrolledError as error:
            raise StartupError(str(error)) from error
        except BindError as error:
            raise StartupError(f"[listener] enrol: cannot listen on {Address(host, port)}: {error}") from error
        log.info("sensors enrol at port=%d while a token waits", self.address[1] if self.address else port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def renew(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, member: Admitted) -> None:
        """Reply to the one request of `member` on a connection that negotiated `messages.RENEWAL_PROTOCOL`."""
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            asked = await self._receive(reader)
            if isinstance(asked, Renew):
                reply = await self._signed(SignRenewal(member.name, member.fingerprint, asked.request))
            else:
                reply = Refused("request", "this is where certificates are renewed")
            self._counters.add("renewed" if isinstance(reply, Issued) else "renewals_refused")
            await self._send(writer, reply)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        source = peer_address(str((writer.get_extra_info("peername") or ("?",))[0]))
        if not self._is_allowed(source):
            writer.transport.abort()
            return
        self._connections += 1
        try:
            await self._serve(reader, writer, source)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._counters.add("enrolment_errors")
            log.info("enrolment broke off source=%s: %s", source, for_terminal(str(error) or type(error).__name__))
            error.__traceback__ = None  # it would hold the connection: see `stream.accept_tls`
        finally:
            self._connections -= 1
            writer.transport.abort()

    def _is_allowed(self, source: str) -> bool:
        self._admission.refresh()
        if not self._admission.may_enrol():
            self._counters.add("enrolments_closed")
        elif self._connections >= MAX_CONNECTIONS or not self._rates.allows(source, time.monotonic()):
            self._counters.add("enrolments_limited")
        else:
            return True
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str) -> None:
        assert self._context is not None
        async with asyncio.timeout(SECONDS):
            await writer.start_tls(self._context.current(), ssl_handshake_timeout=SECONDS)
        asked = await self._receive(reader)
        reply = await self._reply_to(asked, source)
        if not isinstance(reply, Authority):
            self._counters.add("enrolled" if isinstance(reply, Issued) else "enrolments_refused")
            outcome = reply.name if isinstance(reply, Issued) else reply.text
            log.info("enrolment source=%s outcome=%s", source, for_terminal(outcome))
        await self._send(writer, reply)

    async def _reply_to(self, asked: messages.Request | Malformed, source: str) -> Reply:
        if isinstance(asked, AskAuthority):
            return Authority((self._folder / files.AUTHORITY).read_text("ascii"), int(time.time()))
        if not isinstance(asked, Enrol):
            return Refused("request", "this is where sensors enrol")
        if (refusal := self._token_refusal(asked)) is not None:
            return refusal
        return await self._signed(SignEnrolment(asked.id, asked.secret, asked.request, source))

    def _token_refusal(self, asked: Enrol) -> Refused | None:
        try:
            found = sensor_registry.find_token(load(self._folder), asked.id, asked.secret, int(time.time()))
        except RegistryError as error:
            log.error("%s", error)  # noqa: TRY400  # the operator needs the sentence, not our stack
            return Refused("defect", "the master cannot read who may enrol; its log says why")
        return Refused(found.reason, found.text) if isinstance(found, sensor_registry.RegistryRefusal) else None

    async def _signed(self, request: SigningRequest) -> Issued | Refused:
        if self._queue >= MAX_QUEUED:
            return Refused("busy", "the master is busy signing; try again in a minute")
        self._queue += 1
        try:
            async with self._signing:
                reply = await sign_in_child(self._folder, request, self._days)
        finally:
            self._queue -= 1
        self._admission.refresh()
        if isinstance(reply, Issued):
            return Issued(reply.name, reply.chain, reply.pins, self._port)
        return reply

    async def _receive(self, reader: asyncio.StreamReader) -> messages.Request | Malformed:
        async with asyncio.timeout(SECONDS):
            length = messages.length_in(await reader.readexactly(messages.HEAD))
            if isinstance(length, Malformed):
                return length
            return messages.request_in(await reader.readexactly(length))

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        async with asyncio.timeout(SECONDS):
            writer.write(messages.framed(reply))
            await writer.drain()
            writer.close()
            with contextlib.suppress(OSError):  # a peer that has the reply may close at once
                await writer.wait_closed()
