# SPDX-License-Identifier: MIT
"""A connection to a receiver: some requests are written at once, and their responses come in the same order.

That is pipelining (RFC 9112 §9.3.2). Requests without a response when the connection ends may have arrived: they are
sent again with the same `webhook-id`, which is what the RFC wants of a client that pipelines POST.
"""

import asyncio
from collections.abc import Sequence

from decnet_workers.errors import WorkersError
from decnet_workers.webhook.outcome import Reply
from decnet_workers.webhook.transports.http_responses import ResponseReader


class NoReplyError(WorkersError):
    """The first request was not answered, though the connection was open; the message says why."""


class StaleError(NoReplyError):
    """The peer closed the connection without an answer: it may have been too old."""


class HttpConnection(asyncio.Protocol):
    """One group of requests at a time; what comes unasked closes the connection."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.usable = False
        """Whether another group can be sent."""
        self._responses = ResponseReader()
        self._replies: list[Reply] = []
        self._wanted = 0
        self._finished: asyncio.Future[None] | None = None
        self._deadline: asyncio.Timeout | None = None
        self._seconds = 0.0
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.usable = transport, True

    @property
    def peer(self) -> str:
        """The address that it is connected to."""
        return str(self._transport.get_extra_info("peername")[0])

    @property
    def announced_end(self) -> bool:
        """Whether the peer said that the last response is the last one of this connection."""
        return self._responses.last

    async def exchange(self, requests: Sequence[bytes], until: float, seconds: float) -> list[Reply]:
        """Send `requests` and return the responses, fewer when no more come.

        The first one may take until the loop's time is `until`, each other one `seconds` after the one before. Raises
        TimeoutError, OSError or NoReplyError when there is no first one.
        """
        self._wanted, self._replies, self._seconds = len(requests), [], seconds
        self._finished = asyncio.get_running_loop().create_future()
        self._transport.write(b"".join(requests))
        try:
            async with asyncio.timeout_at(until) as self._deadline:
                await self._finished
        except TimeoutError:
            self.close()
            if not self._replies:
                raise
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._deadline = self._finished = None
        if not self._replies:
            raise self._error or self._unanswered()
        return self._replies

    def close(self) -> None:
        self.usable = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._finished is None or self._finished.done():
            self.close()
            return
        replies = self._responses.receive(data)
        self._replies += replies
        if replies and self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
        last = self._responses.last and not self._responses.explains
        if self._responses.broken or last or len(self._replies) > self._wanted:
            del self._replies[self._wanted :]
            self._end(NoReplyError("the answer was not HTTP"))
        elif len(self._replies) == self._wanted and self._responses.between:
            self._finished.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _unanswered(self) -> NoReplyError:
        if self._responses.within_head:
            return NoReplyError("the connection was closed in the middle of an answer, or it was not HTTP")
        return StaleError("the connection was closed without an answer")

    def _end(self, error: Exception | None) -> None:
        self._error = self._error or error
        self.close()
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)
