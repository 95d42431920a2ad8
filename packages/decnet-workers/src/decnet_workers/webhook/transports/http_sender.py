# SPDX-License-Identifier: MIT
"""The requests to one endpoint, over connections that are kept: the more at once, the more it has answered.

asyncio alone instead of an HTTP client library: measured in one process with the database loaded, httpx costs about
5 MiB and 0.35 s more to import, and its connection pool would decide where to connect, which must stay with
`decnet_workers.outbound.dial`. Redirects are not followed, proxies of the environment not used, responses not stored.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from decnet_workers.outbound.dial import DialError, Dialler
from decnet_workers.outbound.target import Target
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.http_connection import HttpConnection, NoReplyError, StaleError

MAX_IN_FLIGHT = 16
"""Requests that are sent before the response to the first of them."""

MAX_IN_FLIGHT_BYTES = 65536
"""Together, unless it is one; a receiver that writes before it has read need not buffer more."""

SINGLE_REQUESTS = 1000
"""How many requests are sent one at a time after some were left unanswered."""


class HttpSender:
    """Sends to one endpoint, one group of requests at a time; keeps its connection for `idle_seconds`.

    A new connection is given one request, and twice as many after each group that succeeded. When a receiver ends a
    connection within a group without having announced it, it may not understand pipelining: then one at a time.
    """

    def __init__(self, dialler: Dialler, *, attempt_seconds: float, idle_seconds: float) -> None:
        self.window = 1
        """How many requests may be sent now."""
        self._dialler = dialler
        self._attempt_seconds = attempt_seconds
        self._idle_seconds = idle_seconds
        self._connection: HttpConnection | None = None
        self._place: tuple[Target, bool] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._single = 0

    async def post(self, target: Target, requests: Sequence[bytes], *, allow_private: bool) -> list[Reply | Failed]:
        """Send the first of `requests`, at most `window`; return the outcomes of as many of them as are known.

        There is at least one outcome; a failure to answer is the only one. Send those without an outcome again.
        """
        if self._expiry is not None:
            self._expiry.cancel()
        try:
            replies = await self._exchange((target, allow_private), requests)
        except TimeoutError:
            failed = f"no answer within {self._attempt_seconds:g} s"
        except (DialError, NoReplyError) as error:
            failed = str(error)
        except OSError as error:
            failed = error.strerror or type(error).__name__
        except asyncio.CancelledError:
            self.close()
            raise
        else:
            self._expiry = asyncio.get_running_loop().call_later(self._idle_seconds, self.close)
            return [*replies]
        self.close()
        return [Failed(failed)]

    def close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.window = 1

    async def _exchange(self, place: tuple[Target, bool], requests: Sequence[bytes]) -> list[Reply]:
        """Use the kept connection; when that is dead, a new one, once."""
        until = asyncio.get_running_loop().time() + self._attempt_seconds
        if self._connection is not None and self._connection.usable and self._place == place:
            with contextlib.suppress(StaleError, ConnectionError):
                return await self._send(self._connection, requests, until)
        self.close()
        async with asyncio.timeout_at(until):
            self._connection = await self._dialler.open(place[0], HttpConnection, allow_private=place[1])
        self._place = place
        return await self._send(self._connection, requests, until)

    async def _send(self, connection: HttpConnection, requests: Sequence[bytes], until: float) -> list[Reply]:
        group, replies = requests[: self._fitting(requests)], []
        try:
            replies = await connection.exchange(group, until, self._attempt_seconds)
        finally:
            self._adapt(connection, len(group), replies)
        return replies

    def _fitting(self, requests: Sequence[bytes]) -> int:
        """Return how many of the requests are sent at once."""
        size = 0
        for count, request in enumerate(requests[: self.window]):
            size += len(request)
            if size > MAX_IN_FLIGHT_BYTES:
                return max(1, count)
        return min(self.window, len(requests))

    def _adapt(self, connection: HttpConnection, sent: int, replies: list[Reply]) -> None:
        """Set the window by how a group of `sent` requests went."""
        self._single = max(0, self._single - len(replies))
        if sent > 1 and len(replies) < sent and not connection.announced_end:
            self._single = SINGLE_REQUESTS
        grows = connection.usable and not self._single and all(reply.is_success for reply in replies)
        self.window = min(MAX_IN_FLIGHT, 2 * sent) if grows else 1
