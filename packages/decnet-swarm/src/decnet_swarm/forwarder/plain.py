# SPDX-License-Identifier: MIT
"""One connection to a syslog server that is no listener (RFC 5425): at least once, as far as TCP can tell.

Syslog has no acknowledgements. What the server's kernel has confirmed counts as arrived: a cut repeats at most what was
under way, but a server that dies before it has read or written what its kernel took, loses that. There is no cure on
this side; exactly once needs a listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from decnet_core.runtime.context import Context
from decnet_core.tasks import Tasks
from decnet_swarm.forwarder.batch import Parcel
from decnet_swarm.forwarder.send_queue import Outgoing
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.stream import Stream

_SHORTEST, _LONGEST = 0.002, 0.25


class PlainShipment:
    """The events of `outgoing` over `stream`, whose other end speaks RFC 5425."""

    def __init__(self, ctx: Context, stream: Stream, outgoing: Outgoing, settings: ForwarderSettings) -> None:
        self._ctx = ctx
        self._stream = stream
        self._outgoing = outgoing
        self._settings = settings
        self._over = False
        """Ends `_send`, too: a nudge at the same moment can swallow its cancellation (asyncio.wait_for before 3.12)."""

    async def run(self, until: asyncio.Event, welcome: Callable[[], None]) -> None:
        """Ship until `until` is set; raises OSError when the connection ends before. TLS was all the `welcome`."""
        await self._ctx.in_thread(self._outgoing.resume, {})
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
            parcel = await self._ctx.in_thread(self._save_and_read)
            if parcel is None:
                await self._ctx.nudged(self._ctx.poll_seconds(self._settings.poll_seconds))
                continue
            self._ctx.counters.add("events_sent", parcel.events)
            self._ctx.counters.add("bytes_sent", len(parcel.data))
            self._stream.write(parcel.data)
            await self._taken()
            self._outgoing.stored(parcel)

    def _save_and_read(self) -> Parcel | None:
        self._outgoing.save()
        parcel = self._outgoing.next_parcel(plain=True)
        if parcel is None:
            self._outgoing.save(now=True)
        return parcel

    async def _taken(self) -> None:
        """Wait until the peer's TCP has confirmed everything; nothing tells, so look, ever more rarely."""
        await self._stream.drain()
        pause = _SHORTEST
        while self._stream.untaken():
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)

    async def _notice_end(self) -> None:
        while await self._stream.receive():
            pass  # a syslog server has nothing to say
        raise ConnectionResetError("the server ended the connection")
