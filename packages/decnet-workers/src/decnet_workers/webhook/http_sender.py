# SPDX-License-Identifier: MIT
"""One POST and its response over h11, on a connection that is kept for the next.

h11 on asyncio's own streams instead of an HTTP client library: measured in one process with the database loaded, httpx
costs about 5 MiB and 0.35 s more to import, and its connection pool would decide where to connect, which must stay with
`dial`. Redirects are not followed, proxies of the environment not used, responses not stored.
"""

import asyncio
import contextlib

import h11
import msgspec

from decnet_workers.errors import WorkersError
from decnet_workers.webhook.dial import DialError, Dialler, Stream
from decnet_workers.webhook.target import Target

MAX_HEAD_BYTES = 16384
MAX_ANSWER_BYTES = 65536
"""Bytes of a response body that are read (and dropped) so that the connection can be reused."""

_READ_BYTES = 16384


class Reply(msgspec.Struct, frozen=True):
    """The receiver's response."""

    status: int
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Failed(msgspec.Struct, frozen=True):
    """No response, and why: in our words, because a receiver's must not be logged."""

    reason: str


class _StaleError(WorkersError):
    """A kept connection had been closed by the peer before it answered."""


class HttpSender:
    """Sends to one endpoint, one message at a time; keeps its connection for `idle_seconds`."""

    def __init__(self, dialler: Dialler, *, attempt_seconds: float, idle_seconds: float) -> None:
        self._dialler = dialler
        self._attempt_seconds = attempt_seconds
        self._idle_seconds = idle_seconds
        self._stream: Stream | None = None
        self._protocol = h11.Connection(h11.CLIENT)
        self._place: tuple[Target, bool] | None = None
        self._expiry: asyncio.TimerHandle | None = None

    async def post(
        self, target: Target, headers: list[tuple[str, str]], body: bytes, *, allow_private: bool
    ) -> Reply | Failed:
        """Send `body` and return the response, or why there is none within the deadline."""
        if self._expiry is not None:
            self._expiry.cancel()
        try:
            async with asyncio.timeout(self._attempt_seconds):
                reply = await self._exchange((target, allow_private), headers, body)
        except TimeoutError:
            self.close()
            return Failed(f"no answer within {self._attempt_seconds:g} s")
        except DialError as error:
            self.close()
            return Failed(str(error))
        except (OSError, h11.ProtocolError, _StaleError) as error:
            self.close()
            return Failed(_reason(error))
        except asyncio.CancelledError:
            self.close()
            raise
        if self._stream is not None:
            self._expiry = asyncio.get_running_loop().call_later(self._idle_seconds, self.close)
        return reply

    def close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self._stream is not None:
            self._stream[1].transport.abort()
            self._stream = None

    async def _exchange(self, place: tuple[Target, bool], headers: list[tuple[str, str]], body: bytes) -> Reply:
        """Use the kept connection; when that is dead, a new one, once."""
        if self._stream is not None and self._place == place:
            with contextlib.suppress(_StaleError, ConnectionError):
                return await self._send(self._stream, place[0], headers, body)
        self.close()
        target, allow_private = place
        self._stream = await self._dialler.open(target, allow_private=allow_private)
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._place = place
        return await self._send(self._stream, target, headers, body)

    async def _send(self, stream: Stream, target: Target, headers: list[tuple[str, str]], body: bytes) -> Reply:
        http, (_, writer) = self._protocol, stream
        own = [("Host", target.authority), ("Content-Length", str(len(body)))]
        head = http.send(h11.Request(method="POST", target=target.path, headers=own + headers))
        data = http.send(h11.Data(data=body))
        writer.write((head or b"") + (data or b"") + (http.send(h11.EndOfMessage()) or b""))
        await writer.drain()
        response = await self._response(stream)
        reply = Reply(response.status_code, _header(response, b"retry-after"))
        await self._finish(stream)
        return reply

    async def _response(self, stream: Stream) -> h11.Response:
        """Return the final response; 1xx ones are skipped."""
        while True:
            event = await self._event(stream)
            if isinstance(event, h11.Response):
                return event

    async def _finish(self, stream: Stream) -> None:
        """Read the rest of the response if it is short, so that the connection can be kept; else close it."""
        read = 0
        try:
            while read <= MAX_ANSWER_BYTES:
                event = await self._event(stream)
                if isinstance(event, h11.Data):
                    read += len(event.data)
                elif not isinstance(event, h11.InformationalResponse):
                    break
            if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
                self._protocol.start_next_cycle()
                return
        except (OSError, h11.ProtocolError):
            pass  # the status has come, and that is the answer
        self.close()

    async def _event(self, stream: Stream) -> h11.Event | h11.ConnectionClosed:
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                data = await stream[0].read(_READ_BYTES)
                if not data and self._protocol.their_state is h11.SEND_RESPONSE:
                    raise _StaleError
                self._protocol.receive_data(data)
            elif event is h11.PAUSED:
                raise h11.RemoteProtocolError("more than one answer")
            else:
                assert not isinstance(event, type)
                return event


def _header(response: h11.Response, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in response.headers if key == name), None)


def _reason(error: Exception) -> str:
    if isinstance(error, h11.ProtocolError):
        return "the answer was not HTTP"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "the connection was closed without an answer"
