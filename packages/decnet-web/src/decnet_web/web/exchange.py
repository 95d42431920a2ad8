# SPDX-License-Identifier: MIT
"""One request that `api` answers: both bodies pass through piece by piece, each as fast as its receiver takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from decnet_core.tasks import Tasks
from decnet_web.web import api_link
from decnet_web.web.api_link import ApiBrokenError, ApiResponse
from decnet_web.web.forwarding import Sender, forwarded_fields
from decnet_web.web.messages.body import LAST_CHUNK, BodyError, as_chunk, pieces
from decnet_web.web.messages.headers import DATA, with_defaults
from decnet_web.web.messages.requests import Request
from decnet_web.web.messages.responses import head, reason_of
from decnet_web.web.site import Site
from decnet_web.web.stream import Stream

T = TypeVar("T")


class Exchange:
    """A request on its way to `api` and the answer on its way back."""

    def __init__(self, site: Site, stream: Stream, request: Request, who: Sender, complete: Callable[[], None]) -> None:
        """`complete` is called when the request's body has come."""
        self._site = site
        self._complete = complete
        self._protocol, self._reader, self._writer = stream.protocol, stream.reader, stream.writer
        self._request = request
        self._who = who
        self.begun = False
        """Whether a part of an answer was sent."""
        self.late = False
        """Whether `api` took too long."""
        self._uploaded = not request.has_body
        self._wrong: BodyError | None = None

    async def run(self) -> bool:
        """Pass both on; return whether another request may follow. Raises BodyError and what `api_link` does."""
        reader, writer = await api_link.connect(self._site.api_socket, self._site.settings.wake_seconds)
        sending = Tasks("web")
        self._protocol.on_gone = writer.transport.abort
        try:
            fields = forwarded_fields(self._request, self._who)
            writer.write(_request_head(self._request, fields))
            if self._request.has_body:
                sending.spawn(self._send_body(writer), name="body", may_end=True)
            return await self._pass_answer(reader)
        finally:
            self._protocol.on_gone = None
            await sending.close()
            writer.transport.abort()

    async def _send_body(self, writer: asyncio.StreamWriter) -> None:
        """Pass the request's body on; what is wrong with it ends the connection to `api`, and so the answer."""
        try:
            if "100-continue" in (self._request.get("expect") or "").lower() and self._request.minor == 1:
                self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = pieces(self._reader, self._request.length)
            while (piece := await self._in_time(anext(body, None))) is not None:
                writer.write(as_chunk(piece) if self._request.length is None else piece)
                await writer.drain()
            if self._request.length is None:
                writer.write(LAST_CHUNK)
            self._uploaded = True
            self._complete()
        except (BodyError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._wrong = error if isinstance(error, BodyError) else BodyError("it ended early")
            writer.transport.abort()
        except ConnectionError:  # `api` wants no more of it: its answer says why
            return

    async def _pass_answer(self, reader: asyncio.StreamReader) -> bool:
        try:
            async with asyncio.timeout(self._site.settings.api_seconds):
                answer = await api_link.response(reader)
        except TimeoutError as error:
            self.late = True
            raise ApiBrokenError("it took too long") from error
        except ApiBrokenError:
            if self._wrong is not None:
                raise self._wrong from None
            raise
        keep = self._request.keep_alive and self._uploaded
        chunked = answer.get("content-length") is None and answer.has_body(self._request.method)
        if chunked and self._request.minor == 0:
            keep = chunked = False
        self.begun = True
        self._writer.write(self._answer_head(answer, chunked=chunked, keep=keep))
        if answer.has_body(self._request.method):
            async for piece in api_link.content(reader, answer):
                self._writer.write(as_chunk(piece) if chunked else piece)
                await self._in_time(self._writer.drain())
            if chunked:
                self._writer.write(LAST_CHUNK)
        await self._in_time(self._writer.drain())
        return keep

    def _answer_head(self, answer: ApiResponse, *, chunked: bool, keep: bool) -> bytes:
        fields = [*answer.kept(), ("connection", "keep-alive" if keep else "close")]
        if chunked:
            fields.append(("transfer-encoding", "chunked"))
        with_all = with_defaults(fields, DATA, secure=self._who.scheme == "https")
        return head(answer.status, answer.reason or _phrase(answer.status), with_all)

    async def _in_time(self, work: Awaitable[T]) -> T:
        async with asyncio.timeout(self._site.settings.stall_seconds):
            return await work


def _request_head(request: Request, fields: list[tuple[str, str]]) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _phrase(status: int) -> str:
    with suppress(ValueError):
        return reason_of(status)
    return ""
