# SPDX-License-Identifier: MIT
"""One HTTP/2 connection: its requests are recorded and answered as those of HTTP/1.1 are (`http/exchanges.py`).

They are answered one after the other, nothing is read meanwhile, and nothing more while the client does not take what
it is sent. What a client can have held is counted against its source (`lease`): bodies, and answers that wait for a
window. What costs it little and the server much ends the connection: priorities and a thousand requests, as nginx
does, and frames that carry next to nothing, of which nginx takes some hundred thousand.
"""

from __future__ import annotations

import time
from typing import Final

from decnet_core.net.http_head import Head
from decnet_decoys.http.exchanges import Exchanges
from decnet_decoys.http.flavour import Exchange, Response, fields_of
from decnet_decoys.http.request import BadRequest, refused_with
from decnet_decoys.http.service import HttpService
from decnet_decoys.https.http2.fields import BlockDecoder, Field, StreamError, block_of, request_head
from decnet_decoys.https.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    LARGEST_WINDOW,
    PREFACE,
    WHOLE_BYTES,
    Code,
    Frame,
    FrameReader,
    Http2Error,
    Kind,
    frame,
    number,
    unpadded,
)
from decnet_decoys.https.http2.sending import DEFAULT_WINDOW, Sending
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import MOST_AT_ONCE, Connection

MAX_STREAMS: Final = 128
WINDOW: Final = 65536
"""Bytes of a body that a client may send before more are asked for (`http2_body_preread_size`)."""
MAX_REQUESTS: Final = 1000
"""Of one connection (`keepalive_requests`)."""
MAX_PRIORITIES: Final = 128
MAX_CONTINUATIONS: Final = 128
MAX_EMPTY: Final = 20_000
"""Frames of a connection that carry less than LITTLE: about half a second of processor time."""
LITTLE: Final = 64
"""Bytes of data. What is in header blocks counts as none: one may be refused, or come after the last request."""
_SETTINGS = b"".join(
    key.to_bytes(2, "big") + number(value) for key, value in ((3, MAX_STREAMS), (4, WINDOW), (5, (1 << 24) - 1))
)
GREETING: Final = frame(Kind.SETTINGS, 0, 0, _SETTINGS) + frame(
    Kind.WINDOW_UPDATE, 0, 0, number(LARGEST_WINDOW - DEFAULT_WINDOW)
)
_FIRST = 18
"""Bytes of the preface that are compared before the others have come."""


class _Request:
    """A request whose body is not complete."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.body = bytearray()
        self.window = WINDOW


class Http2Requests:
    """Serves one client that has chosen h2."""

    def __init__(self, service: HttpService, connection: Connection) -> None:
        self._service = service
        self._connection = connection
        self._exchanges = Exchanges(service.site, service.context, connection.recorder)
        self._limit = service.context.settings.limits.body_bytes
        self._reader = FrameReader()
        self._decoder = BlockDecoder()
        self._sending = Sending()
        self._open: dict[int, _Request] = {}
        self._unread: set[int] = set()
        """Streams that are answered before the client has ended them."""
        self._last = 0
        self._requests = 0
        self._going = False
        self._priorities = MAX_PRIORITIES
        self._table_changed = False
        self._block: tuple[int, int, bytearray, int] | None = None
        """Stream, flags, bytes and frames of a header block that is not complete."""
        self._withheld: tuple[int, int, bytes] | None = None
        """A whole block that ended by an empty frame: nginx looks at it when it has another byte."""
        self._empty = 0

    async def serve(self) -> None:
        """Answer until the client leaves or does what ends the connection; raises OSError, ConnectionEnded."""
        self._sending.out += GREETING
        try:
            await self._write()
            if await self._greeted():
                await self._read_frames()
        except Http2Error as error:
            await self._end(error.code)
        except TimeoutError:
            await self._end(Code.NO_ERROR)

    async def _end(self, code: Code) -> None:
        self._sending.out += frame(Kind.GOAWAY, 0, 0, number(self._last) + number(code))
        await self._write()

    async def _write(self) -> None:
        if self._sending.out:
            data = bytes(self._sending.out)
            self._sending.out.clear()
            await self._connection.write(data)

    async def _greeted(self) -> bool:
        """Read the preface; returns False when the client has left. Raises Http2Error for another one."""
        data = b""
        while len(data) < len(PREFACE):
            more = await self._connection.read()
            if not more:
                return False
            data += more
            if not data.startswith(PREFACE[: len(data)]) and len(data) >= _FIRST:
                break
        if not data.startswith(PREFACE):
            self._connection.record_not_understood("no HTTP/2")
            raise Http2Error(Code.PROTOCOL_ERROR)
        self._reader.feed(data[len(PREFACE) :])
        return True

    async def _read_frames(self) -> None:
        while True:
            for each in self._reader.frames():
                await self._take(each)
                self._charge(each)
                if len(self._sending.out) >= MOST_AT_ONCE:  # a few bytes may widen the windows of all streams
                    await self._write()
                await turn.give_way()
            await self._write()
            if self._going and not (self._open or self._sending.waiting):
                return
            data = await self._connection.read()
            if not data:
                await self._take_withheld()  # which nginx never looks at; here it is on record
                return
            self._reader.feed(data)

    def _charge(self, each: Frame) -> None:
        """Count a frame and what is held; raises Http2Error, ConnectionEnded."""
        if each.kind in (Kind.HEADERS, Kind.DATA):
            self._connection.hold(self._sending.held + sum(len(one.body) for one in self._open.values()))
        self._empty += each.kind != Kind.DATA or len(each.payload) < LITTLE
        if self._empty > MAX_EMPTY:
            raise Http2Error(Code.NO_ERROR)

    async def _take(self, each: Frame) -> None:
        await self._take_withheld()
        if self._block is not None and (each.kind != Kind.CONTINUATION or each.stream != self._block[0]):
            raise Http2Error(Code.PROTOCOL_ERROR)
        if each.kind in (Kind.HEADERS, Kind.CONTINUATION):
            await self._take_block(each)
        elif each.kind == Kind.DATA:
            await self._take_data(each)
        else:
            self._take_control(each)

    async def _take_withheld(self) -> None:
        if self._withheld is not None:
            withheld, self._withheld = self._withheld, None
            await self._take_request(*withheld)

    def _take_control(self, each: Frame) -> None:
        connection_only = each.kind in (Kind.SETTINGS, Kind.PING, Kind.GOAWAY)
        stream_only = each.kind in (Kind.PRIORITY, Kind.RST_STREAM)
        if (connection_only and each.stream) or (stream_only and not each.stream):
            raise Http2Error(Code.PROTOCOL_ERROR)
        if each.kind == Kind.SETTINGS and not each.flags & ACK:
            self._take_settings(each.payload)
        elif each.kind == Kind.PING and not each.flags & ACK:
            self._sending.out += frame(Kind.PING, ACK, 0, each.payload)
        elif each.kind == Kind.WINDOW_UPDATE:
            self._take_window(each)
        elif each.kind == Kind.RST_STREAM:
            self._forget(each.stream)
        elif each.kind == Kind.PRIORITY:
            self._take_priority(each)

    def _take_priority(self, each: Frame) -> None:
        self._priorities -= 1
        if not self._priorities:
            raise Http2Error(Code.ENHANCE_YOUR_CALM)
        if int.from_bytes(each.payload[:4], "big") & LARGEST_WINDOW == each.stream:
            raise Http2Error(Code.PROTOCOL_ERROR)

    def _take_window(self, each: Frame) -> None:
        size = int.from_bytes(each.payload, "big") & LARGEST_WINDOW
        if size == 0:
            raise Http2Error(Code.PROTOCOL_ERROR)
        if each.stream and self._sending.is_too_wide(each.stream, size):
            self._forget(each.stream)
            self._reset(each.stream, Code.FLOW_CONTROL_ERROR)
        else:
            self._sent(self._sending.widen(each.stream, size))

    def _forget(self, stream: int) -> None:
        """End a stream, whether its request is not complete or its answer not sent."""
        self._open.pop(stream, None)
        self._unread.discard(stream)
        self._sending.forget(stream)

    def _reset(self, stream: int, code: Code) -> None:
        self._sending.out += frame(Kind.RST_STREAM, 0, stream, number(code))

    def _take_settings(self, payload: bytes) -> None:
        last: dict[int, int] = {}
        for start in range(0, len(payload), 6):
            key, value = int.from_bytes(payload[start : start + 2], "big"), payload[start + 2 : start + 6]
            last[key] = int.from_bytes(value, "big")
            if key == 4 and last[key] > LARGEST_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR)
            if (key == 5 and not 1 << 14 <= last[key] < 1 << 24) or (key == 2 and last[key] > 1):
                raise Http2Error(Code.PROTOCOL_ERROR)
        self._table_changed = self._table_changed or 1 in last
        self._sending.out += frame(Kind.SETTINGS, ACK, 0)
        if 4 in last:
            self._sent(self._sending.set_initial(last[4]))

    def _sent(self, streams: list[int]) -> None:
        for stream in streams:
            if stream in self._unread:
                self._unread.discard(stream)
                self._reset(stream, Code.NO_ERROR)

    async def _take_block(self, each: Frame) -> None:
        if each.kind == Kind.HEADERS:
            block = self._begin_block(each)
            frames = 0
        elif self._block is None:
            raise Http2Error(Code.PROTOCOL_ERROR)
        else:
            block, frames = self._block[2], self._block[3] + 1
            block += each.payload
        stream, flags = self._block[:2] if self._block else (each.stream, each.flags)
        if len(block) > WHOLE_BYTES or frames > MAX_CONTINUATIONS:
            raise Http2Error(Code.ENHANCE_YOUR_CALM)
        self._block = (stream, flags, block, frames)
        if each.flags & END_HEADERS:
            self._block = None
            if each.kind == Kind.CONTINUATION and not each.payload:
                self._withheld = (stream, flags, bytes(block))
            else:
                await self._take_request(stream, flags, bytes(block))

    def _begin_block(self, each: Frame) -> bytearray:
        block, parent = unpadded(each.flags, each.payload)
        if each.stream % 2 == 0 or each.stream <= self._last or parent == each.stream:
            raise Http2Error(Code.PROTOCOL_ERROR)
        if not block:
            raise Http2Error(Code.FRAME_SIZE_ERROR)
        self._last = each.stream
        return bytearray(block)

    async def _take_request(self, stream: int, flags: int, block: bytes) -> None:
        fields: list[Field] = []
        for part in self._decoder.decoded(block):
            fields += part
            await turn.give_way()
        if self._going:
            return
        if len(self._open) + len(self._sending.waiting) >= MAX_STREAMS:
            self._reset(stream, Code.REFUSED_STREAM)
            return
        self._count_request()
        await self._begin_request(stream, flags, fields)

    def _count_request(self) -> None:
        self._requests += 1
        self._priorities = MAX_PRIORITIES
        if self._requests >= MAX_REQUESTS:
            self._going = True
            self._sending.out += frame(Kind.GOAWAY, 0, 0, number(self._last) + number(Code.NO_ERROR))

    async def _begin_request(self, stream: int, flags: int, fields: list[Field]) -> None:
        line = _line(fields)
        if not flags & END_STREAM:
            self._unread.add(stream)
        try:
            head = request_head(fields)
        except StreamError:
            self._exchanges.rejected(BadRequest(400, line))
            self._unread.discard(stream)
            self._reset(stream, Code.PROTOCOL_ERROR)
            return
        self._sending.open(stream)
        if head is None:
            await self._refuse(stream, 400, line)
            return
        if status := refused_with(head._replace(version="HTTP/1.1")):
            await self._refuse(stream, status, line, head)
            return
        request = _Request(head)
        if refused := _refused_length(head, self._limit, ended=bool(flags & END_STREAM)):
            await self._answer(stream, request, refused)
        elif flags & END_STREAM:
            await self._answer(stream, request)
        else:
            self._open[stream] = request

    async def _take_data(self, each: Frame) -> None:
        if not each.stream:
            raise Http2Error(Code.PROTOCOL_ERROR)
        request = self._open.get(each.stream)
        if request is None:
            return
        request.window -= len(each.payload) + each.padding
        if request.window < 0:
            raise Http2Error(Code.FLOW_CONTROL_ERROR)
        request.body += each.payload
        if len(request.body) > self._limit:
            await self._answer(each.stream, self._open.pop(each.stream), 413)
        elif each.last and each.flags & END_STREAM:
            await self._answer(each.stream, self._open.pop(each.stream))
        elif request.window < WINDOW // 2:
            self._sending.out += frame(Kind.WINDOW_UPDATE, 0, each.stream, number(WINDOW - request.window))
            request.window = WINDOW

    async def _refuse(self, stream: int, status: int, line: str, head: Head | None = None) -> None:
        answer = self._exchanges.rejected(BadRequest(status, line, head, whole_line=True))
        await self._reply(stream, answer, head_only=line.startswith("HEAD "))

    async def _answer(self, stream: int, request: _Request, refused: int = 0) -> None:
        answer = await self._exchanges.answered(request.head, bytes(request.body), refused)
        if not refused and self._service.site.reads_body(request.head):
            self._unread.discard(stream)
        await self._reply(stream, answer, head_only=request.head.method == "HEAD")

    async def _reply(self, stream: int, answer: Response, *, head_only: bool) -> None:
        """Send an answer; the stream ends with it, also for a client that has not ended it (RFC 9113 §8.1)."""
        profile = self._service.profile
        exchange = Exchange(keep_alive=True, head_only=head_only)
        fields = fields_of(profile, answer, now=time.time(), exchange=exchange)
        ended = head_only or answer.status == 304 or not answer.body
        block = block_of(
            answer.status,
            [field for field in fields if field[0] not in ("Connection", "Transfer-Encoding")],
            table_changed=self._table_changed,
        )
        self._table_changed = False
        self._sending.out += frame(Kind.HEADERS, END_HEADERS | (END_STREAM if ended else 0), stream, block)
        if ended:
            self._sending.forget(stream)
            self._sent([stream])
        elif self._sending.send(stream, answer.body):
            self._sent([stream])
        await self._write()


def _line(fields: list[Field]) -> str:
    """Return what a request's first line would be in HTTP/1.1, for the record."""
    known = {
        name: value.decode("utf-8", "backslashreplace") for name, value in fields if name in (b":method", b":path")
    }
    return f"{known.get(b':method', '')} {known.get(b':path', '')} HTTP/2.0"


def _refused_length(head: Head, limit: int, *, ended: bool) -> int:
    """Return the status for a length that is no number, too large, or of a body that does not come; else 0."""
    length = head.get("content-length")
    if length is None:
        return 0
    if not length.isascii() or not length.isdecimal():
        return 400
    if len(length) > 18 or int(length) > limit:
        return 413
    return 400 if ended and int(length) else 0
