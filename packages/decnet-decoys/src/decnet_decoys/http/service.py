# SPDX-License-Identifier: MIT
"""The HTTP service: a decky's site, its requests and logins recorded."""

import asyncio
import time

from decnet_core.net.http_head import Head, Parsed
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.http.dialects import DIALECTS, MAX_HEAD, keeps_alive
from decnet_decoys.http.exchanges import Exchanges
from decnet_decoys.http.flavour import Exchange, Response, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.request import BadRequest, Body, ended_within, parse_head
from decnet_decoys.http.site import Site
from decnet_decoys.http.timeouts import LONGEST, timeouts_of
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.service import Service


class HttpService(Service[HttpProfile]):
    """HTTP/1.1: the persona's site, with every request and login recorded."""

    default_port = 8080
    standard_port = 80
    in_default_fleet = True
    reach = "http://{address}:{port}/"
    suggestion = "curl http://{address}:{port}/"
    idle_seconds = LONGEST
    Profile = HttpProfile

    def __init__(self, context: DeckyContext, profile: HttpProfile, port: int, *, scheme: str = "http") -> None:
        super().__init__(context, profile, port)
        self.site = Site(profile, context.decky.address, port, scheme)

    async def serve(self, connection: Connection, first: bytes = b"") -> None:
        """Answer a client, of whom `first` was read already."""
        await _Requests(self, connection, first).serve()


class _Requests:
    """The requests of one connection, one after the other."""

    def __init__(self, service: HttpService, connection: Connection, first: bytes) -> None:
        self._service = service
        self._context = service.context
        self._site = service.site
        self._connection = connection
        self._exchanges = Exchanges(service.site, service.context, connection.recorder)
        self._buffer = bytearray(first)
        self._start = 0
        """Where in the buffer the next request begins: what is before it is discarded when more is read."""
        self._number = 0
        """Of the request that comes next."""
        self._ended = False
        """Whether a body is not whole and no more of it comes: the client has ended it, or is too slow."""
        self._timeouts = timeouts_of(service.profile.flavour)
        self._late = False
        """Whether the client has sent nothing more of what it had begun for too long."""
        self._began = self._now()
        """When the head's first byte came, of the first one when the connection was made."""

    async def serve(self) -> None:
        """Answer until a request asks to close, or is none.

        One request is answered before the next is looked at, and nothing is read meanwhile: who does not read our
        answers is not listened to, whatever it has sent (RFC 9112 §9.3.2 lets it send as many as it likes).
        """
        while (head := await self._head()) is not None:
            if not await self._answer(head, await self._body(head)) or self._ended:
                return
            self._connection.lease.close()
            await turn.give_way()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _more(self, seconds: float) -> bool:
        """Read more into the buffer; False when the client has left, or has sent nothing for so many seconds."""
        del self._buffer[: self._start]
        self._start = 0
        try:
            data = await self._connection.read(seconds)
        except TimeoutError:
            self._late = True
            return False
        self._buffer += data
        return bool(data)

    async def _head(self) -> Head | None:
        """Return the next head; None when the client has left, or was answered that it is none."""
        searched = 0
        self._began = self._now() if self._number else self._began
        while (parsed := self._parsed(window := self._window(), searched)) is None:
            searched = len(window)
            if not await self._more_of_head(searched):
                bad = ended_within(window, DIALECTS[self._service.profile.flavour])
                if bad is not None:
                    await self._reject(bad._replace(status=408) if self._late else bad)
                return None
        if isinstance(parsed, BadRequest):
            await self._reject(parsed)
            return None
        self._start += parsed.end
        return parsed.head

    async def _more_of_head(self, size: int) -> bool:
        """Read more of a head of which `size` bytes have come, within the time that it may take."""
        left = self._timeouts.left_for_head(self._number, size)
        if not size and self._number:
            more = await self._more(left)
            self._began = self._now()
            return more
        return await self._more(max(0.0, self._began + left - self._now()))

    def _parsed(self, window: bytes, searched: int) -> Parsed | BadRequest | None:
        return parse_head(window, searched, DIALECTS[self._service.profile.flavour])

    def _window(self) -> bytes:
        return bytes(self._buffer[self._start : self._start + MAX_HEAD + 1])

    async def _body(self, head: Head) -> Body:
        """Return the body, whole unless the client has ended it early or is too slow.

        Raises ConnectionEnded when there is no memory for it.
        """
        body = Body(head, self._context.settings.limits.body_bytes, flavour=self._service.profile.flavour)
        if self._site.asks_for_body(head, waiting=not body.done, sent=self._start < len(self._buffer)):
            await self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not body.done:
            before = len(body.data)
            self._start = body.take(self._buffer, self._start)
            if not self._connection.lease.hold(len(body.data) - before):
                raise ConnectionEnded("no memory for the request's body")
            await turn.give_way()
            if not (body.done or body.paused) and not await self._more(self._timeouts.body):
                self._ended = True
                break
        return body

    async def _reject(self, bad: BadRequest) -> None:
        exchange = Exchange(head_only=bad.head_only(self._service.profile.flavour), bare=bad.bare)
        await self._reply(self._exchanges.rejected(bad), exchange)

    async def _answer(self, head: Head, body: Body) -> bool:
        """Record a whole request, then answer it; returns whether the connection stays open."""
        flavour = self._service.profile.flavour
        status = (408 if self._late else 400) if self._ended and flavour == "apache" else body.status
        answer = await self._exchanges.answered(head, bytes(body.data), status)
        if self._ended:
            answer = self._site.signed(answer, head)._replace(hangs_up=flavour == "nginx", measured=True)
        if self._number + 1 == self._timeouts.requests:
            answer = answer._replace(close=True)
        stays = (
            keeps_alive(head, DIALECTS[flavour])
            and self._site.keeps_alive
            and not answer.close
            and head.version != "HTTP/0.9"
        )
        keep_alive = stays and not (answer.hangs_up and flavour != "nginx")
        if flavour == "lighttpd" and head.method == "POST":
            stays = stays and head.get("content-length") == "0"
            keep_alive = keep_alive and stays
            answer = self._site.without_ranges(answer)
        exchange = Exchange(
            keep_alive=keep_alive,
            head_only=head.method == "HEAD",
            old=head.version == "HTTP/1.0",
            asks_to_stay="keep-alive" in (head.get("connection") or "").lower(),
            number=self._number,
            bare=head.version == "HTTP/0.9",
        )
        self._number += 1
        await self._reply(answer, exchange)
        return stays and not answer.hangs_up

    async def _reply(self, answer: Response, exchange: Exchange) -> None:
        await self._connection.write(rendered(self._service.profile, answer, now=time.time(), exchange=exchange))
