# SPDX-License-Identifier: MIT
"""One client's connection: its requests one after the other, each answered from the files or by `api`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from decnet_core.net.addresses import peer_address
from decnet_core.net.places import Place
from decnet_web.web.api_link import ApiAbsentError, ApiBrokenError
from decnet_web.web.exchange import Exchange
from decnet_web.web.forwarding import Sender, sender
from decnet_web.web.local import send_file
from decnet_web.web.messages.body import PIECE, BodyError
from decnet_web.web.messages.requests import MAX_HEAD_BYTES, Refused, Request, parse
from decnet_web.web.messages.responses import problem
from decnet_web.web.site import Site
from decnet_web.web.stream import Stream

log = logging.getLogger(__name__)

_OF_API = frozenset(("/healthz", "/readyz", "/metrics"))
"""What `api` answers besides /api/; for /metrics it asks those for a token who come through here."""
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 1 << 20
_BROKEN = (ConnectionError, TimeoutError, asyncio.IncompleteReadError, OSError)
"""What ends a connection without anybody's fault."""


class Client:
    """The client at the other end of one connection."""

    def __init__(self, site: Site, stream: Stream, place: Place) -> None:
        self._site = site
        self._place = place
        self._stream = stream
        self._reader, self._writer = stream.reader, stream.writer
        name: Any = self._writer.get_extra_info("peername")
        self._peer = peer_address(name[0]) if isinstance(name, tuple) else ""
        self._tls = self._writer.get_extra_info("sslcontext") is not None
        place.evict = self._writer.transport.abort
        self._site.came += 1
        self._site.open.add(self._writer.transport)
        self._site.waiting.add(self._writer.transport)

    async def serve(self) -> None:
        """Answer until either side ends the connection."""
        try:
            await self._requests()
        except _BROKEN:
            self._writer.transport.abort()
        except Exception:  # one client's trouble is no other's
            log.exception("a connection was ended by an error")
            self._site.counters.add("errors")
            self._writer.transport.abort()
        finally:
            self._writer.close()
            self._site.open.discard(self._writer.transport)
            self._site.waiting.discard(self._writer.transport)

    async def _requests(self) -> None:
        seconds = self._site.settings.head_seconds
        while True:
            request = await self._next(seconds)
            if request is None:
                return
            self._site.waiting.add(self._writer.transport)
            if isinstance(request, Refused) or not request.has_body:
                self._place.busy()
            again = not isinstance(request, Refused) and await self._answer(request)
            if isinstance(request, Refused):
                await self._refuse(request.status, request.detail)
            self._place.idle()
            if not again or self._site.stopping:
                await self._linger()
                return
            self._site.waiting.discard(self._writer.transport)
            await asyncio.sleep(0)  # the others' turn: the next request may have come already, and 5,000 more
            seconds = self._site.settings.idle_seconds

    async def _next(self, seconds: float) -> Request | Refused | None:
        """Read the next head; None when there is none in time."""
        try:
            async with asyncio.timeout(seconds):
                head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return Refused(431, f"The head of a request may have {MAX_HEAD_BYTES} bytes.")
        except TimeoutError:
            self._site.counters.add("deadlines")
            return None
        except asyncio.IncompleteReadError:
            return None
        self._site.counters.add("requests")
        return parse(head.removeprefix(b"\r\n"))

    async def _answer(self, request: Request) -> bool:
        """Answer a request; return whether another may follow it."""
        if not self._site.hosts.accept(request.get("host") or ""):
            await self._refuse(421, "This server is not known by that name; its operator can add it to [web] hosts.")
            return False
        who = sender(request, self._peer, "https" if self._tls else "http", self._site.proxies)
        if not request.path.startswith("/api/") and request.path not in _OF_API:
            return await self._local(request, secure=who.scheme == "https")
        return await self._hand_on(request, who)

    async def _hand_on(self, request: Request, who: Sender) -> bool:
        """Have `api` answer; once more where it ended the connection, for it was being parked or was killed."""
        exchange = Exchange(self._site, self._stream, request, who, self._place.busy)
        try:
            try:
                return await exchange.run()
            except ApiBrokenError:
                if exchange.begun or exchange.late or request.has_body or request.method not in ("GET", "HEAD"):
                    raise
            exchange = Exchange(self._site, self._stream, request, who, self._place.busy)
            return await exchange.run()
        except BodyError as error:
            await self._refuse(400, f"The body is malformed: {error}.")
        except ApiAbsentError:
            self._site.counters.add("api_absent")
            await self._refuse(503, "The API does not run; `decnet status` says why.", (("Retry-After", "5"),))
        except ApiBrokenError as error:
            self._site.counters.add("api_broken")
            if exchange.begun:
                self._writer.transport.abort()
            else:
                await self._refuse(504 if exchange.late else 502, f"The API did not answer: {error}.")
        return False

    async def _local(self, request: Request, *, secure: bool) -> bool:
        if request.has_body or request.method not in ("GET", "HEAD"):
            await self._refuse(405, "The dashboard's files can only be read.", (("Allow", "GET, HEAD"),))
            return False
        return await send_file(self._site, self._writer, request, secure=secure)

    async def _refuse(self, status: int, detail: str, extra: tuple[tuple[str, str], ...] = ()) -> None:
        self._site.counters.add("refused")
        self._writer.write(problem(status, detail, secure=self._tls, last=True, extra=extra))
        async with asyncio.timeout(self._site.settings.stall_seconds):
            await self._writer.drain()

    async def _linger(self) -> None:
        """End our side and read on for a moment: to close with unread bytes would take the answer from the client."""
        with suppress(*_BROKEN):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(_LINGER_SECONDS):
                left = _LINGER_BYTES
                while left > 0 and (read := await self._reader.read(PIECE)):
                    left -= len(read)
