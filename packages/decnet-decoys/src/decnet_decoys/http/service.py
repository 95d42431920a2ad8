# SPDX-License-Identifier: MIT
"""The HTTP service: a decky's site, its requests and logins recorded."""

import hashlib
import time

from decnet_core.deckies.messages import PlacedFile
from decnet_core.events.catalogue import BaitRead, ClientIdentified, HttpRequest
from decnet_core.net.http_head import Head, Parsed
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.http.flavour import Exchange, Response, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.request import MAX_HEAD, BadRequest, Body, parse_head
from decnet_decoys.http.site import Site, path_of
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.service import Service

BODY_TEXT = 8192
"""Bytes of a body that its event keeps as text; the whole is kept as an artifact when it is longer."""


class HttpService(Service[HttpProfile]):
    """HTTP/1.1: the persona's site, with every request and login recorded."""

    default_port = 8080
    standard_port = 80
    in_default_fleet = True
    reach = "http://{address}:{port}/"
    suggestion = "curl http://{address}:{port}/"
    idle_seconds = 65.0
    Profile = HttpProfile

    def __init__(self, context: DeckyContext, profile: HttpProfile, port: int, *, scheme: str = "http") -> None:
        super().__init__(context, profile, port)
        self.site = Site(profile, context.decky.address, port, scheme)

    async def serve(self, connection: Connection) -> None:
        await _Requests(self, connection).serve()


class _Requests:
    """The requests of one connection, one after the other."""

    def __init__(self, service: HttpService, connection: Connection) -> None:
        self._service = service
        self._context = service.context
        self._site = service.site
        self._connection = connection
        self._recorder = connection.recorder
        self._buffer = bytearray()
        self._start = 0
        """Where in the buffer the next request begins: what is before it is discarded when more is read."""
        self._agent: str | None = None
        self._number = 0
        """Of the request that comes next."""

    async def serve(self) -> None:
        """Answer until a request asks to close, or is none.

        One request is answered before the next is looked at, and nothing is read meanwhile: who does not read our
        answers is not listened to, whatever it has sent (RFC 9112 §9.3.2 lets it send as many as it likes).
        """
        while (head := await self._head()) is not None:
            body = await self._body(head)
            if body is None or not await self._answer(head, body):
                return
            self._connection.lease.close()
            await turn.give_way()

    async def _more(self) -> bool:
        """Read more into the buffer; False when the client has left."""
        del self._buffer[: self._start]
        self._start = 0
        data = await self._connection.read()
        self._buffer += data
        return bool(data)

    async def _head(self) -> Head | None:
        """Return the next head; None when the client has left, or was answered that it is none."""
        searched = 0
        while (parsed := self._parsed(window := self._window(), searched)) is None:
            searched = len(window)
            if not await self._more():
                return None
        if isinstance(parsed, BadRequest):
            await self._reject(parsed)
            return None
        self._start += parsed.end
        return parsed.head

    def _parsed(self, window: bytes, searched: int) -> Parsed | BadRequest | None:
        return parse_head(window, searched, any_version=self._service.profile.flavour == "apache")

    def _window(self) -> bytes:
        return bytes(self._buffer[self._start : self._start + MAX_HEAD + 1])

    async def _body(self, head: Head) -> Body | None:
        """Return the whole body; None when the client left before its end.

        Raises ConnectionEnded when there is no memory for it.
        """
        body = Body(head, self._context.settings.limits.body_bytes)
        if (head.get("expect") or "").lower() == "100-continue" and not body.done:
            await self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not body.done:
            before = len(body.data)
            self._start = body.take(self._buffer, self._start)
            if not self._connection.lease.hold(len(body.data) - before):
                raise ConnectionEnded("no memory for the request's body")
            await turn.give_way()
            if not (body.done or body.paused) and not await self._more():
                return None
        return body

    async def _reject(self, bad: BadRequest) -> None:
        method, _, rest = bad.line.partition(" ")
        target, _, version = rest.rpartition(" ")
        answer = self._site.refused(bad)
        self._recorder.emit(
            HttpRequest(
                method=text(method[:64]), target=text(target or rest), version=text(version[:16]), status=answer.status
            )
        )
        await self._reply(answer, Exchange())

    async def _answer(self, head: Head, body: Body) -> bool:
        """Record a whole request, then answer it; returns whether the connection stays open."""
        data = bytes(body.data)
        digest = await self._kept(data)
        await turn.give_way()
        placed = self._placed(head)
        if body.status:
            answer = self._site.refused_body(body.status)
        else:
            answer = self._site.answer(head, data, None if placed is None else placed.content)
        self._record_client(head)
        self._record(head, data, digest, answer)
        if placed is not None and placed.token and answer.status in (200, 206) and head.method == "GET":
            self._recorder.emit(BaitRead(service=self._recorder.service, path=placed.path, token=placed.token))
        self._record_login(head, data)
        keep_alive = head.keep_alive and self._site.keeps_alive and not (answer.close or answer.hangs_up)
        if self._service.profile.flavour == "lighttpd" and head.method == "POST":
            keep_alive = False
            answer = self._site.without_ranges(answer)
        exchange = Exchange(
            keep_alive=keep_alive,
            head_only=head.method == "HEAD",
            old=head.version == "HTTP/1.0",
            asks_to_stay="keep-alive" in (head.get("connection") or "").lower(),
            number=self._number,
        )
        self._number += 1
        await self._reply(answer, exchange)
        return keep_alive

    def _placed(self, head: Head) -> PlacedFile | None:
        """Return the file that was placed on the machine at the path of a request."""
        path = path_of(head.target)
        return None if path is None else self._context.fleet.placed.on_site(self._context.decky.name, path)

    def _record_client(self, head: Head) -> None:
        agent = head.get("user-agent")
        if agent and agent != self._agent:
            self._agent = agent
            self._recorder.emit(ClientIdentified(service=self._recorder.service, software=text(agent)))

    async def _kept(self, data: bytes) -> str | None:
        """Return the hash of a body, None if it is empty; one that an event has no room for is kept as an artifact."""
        if len(data) > BODY_TEXT:
            return await turn.in_turns(self._context.fleet.artifacts.storing(data))
        return hashlib.sha256(data).hexdigest() if data else None

    def _record(self, head: Head, data: bytes, digest: str | None, answer: Response) -> None:
        self._recorder.emit(
            HttpRequest(
                method=head.method,
                target=text(head.target),
                version=head.version,
                host=_text(head.get("host")),
                user_agent=_text(head.get("user-agent")),
                headers=tuple((name, text(value)) for name, value in head.headers),
                status=answer.status,
                body=text(data[:BODY_TEXT]) if data else None,
                body_bytes=len(data),
                body_sha256=digest,
            )
        )

    def _record_login(self, head: Head, data: bytes) -> None:
        credentials = self._site.credentials(head, data)
        if credentials is None:
            return
        self._recorder.login(credentials.username, success=False, password=credentials.password)

    async def _reply(self, answer: Response, exchange: Exchange) -> None:
        await self._connection.write(rendered(self._service.profile, answer, now=time.time(), exchange=exchange))


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)
