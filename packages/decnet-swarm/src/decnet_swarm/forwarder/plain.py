# SPDX-License-Identifier: MIT
"""One connection to a syslog server that is no listener (RFC 5425): at least once, as far as TCP can tell.

Syslog has no acknowledgements. What the server's kernel has confirmed counts as arrived: a cut repeats at most what was
under way, but a server that dies before it has read or written what its kernel took, loses that. There is no cure on
this side; exactly once needs a listener.
"""

import asyncio
import time
from collections.abc import Callable

from decnet_core.runtime.context import Context
from decnet_core.tasks import Tasks
from decnet_swarm.forwarder.batch import OutboundBatch
from decnet_swarm.forwarder.send_queue import SendQueue
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.stream import Stream

_SHORTEST, _LONGEST = 0.002, 0.25


class PlainTransfer:
    """The events of `queue` over `stream`, whose other end speaks RFC 5425."""

    def __init__(self, ctx: Context, stream: Stream, queue: SendQueue, settings: ForwarderSettings) -> None:
        self._ctx = ctx
        self._stream = stream
        self._queue = queue
        self._settings = settings
        self._over = False
        """Ends `_send`, too: a nudge at the same moment can swallow its cancellation (asyncio.wait_for before 3.12)."""

    async def run(self, until: asyncio.Event, welcome: Callable[[], None]) -> None:
        """Ship until `until` is set; raises OSError when the connection ends before. `welcome` is called after TLS."""
        await self._ctx.in_thread(self._queue.resume, {})
        welcome()
        tasks = Tasks("forwarder")
        tasks.spawn(self._send(), name="send")
        tasks.spawn(self._notice_end(), name="notice-end")
        try:
            await tasks.until(until)
        finally:
            self._over = True
            await tasks.close()

    async def _send(self) -> None:
        while not self._over:
            await self._ctx.unpaused.wait()
            began = time.monotonic()
            batch = await self._ctx.in_thread(self._save_and_read)
            if batch is None:
                seconds = self._ctx.poll_seconds(self._settings.poll_seconds)
                await self._ctx.nudged(self._ctx.parking.rest(began, seconds))
                continue
            self._ctx.parking.worked()
            self._ctx.counters.add("events_sent", batch.events)
            self._ctx.counters.add("bytes_sent", len(batch.data))
            self._stream.write(batch.data)
            await self._taken()
            self._queue.stored(batch)

    def _save_and_read(self) -> OutboundBatch | None:
        self._queue.save()
        batch = self._queue.next_batch(plain=True)
        if batch is None:
            self._queue.save(now=True)
        return batch

    async def _taken(self) -> None:
        """Wait until the peer's TCP has confirmed everything; there is no event for it, so poll, ever more rarely."""
        await self._stream.drain()
        pause = _SHORTEST
        while self._stream.untaken():
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)

    async def _notice_end(self) -> None:
        while await self._stream.receive():
            pass  # a syslog server has nothing to say
        raise ConnectionResetError("the server ended the connection")
