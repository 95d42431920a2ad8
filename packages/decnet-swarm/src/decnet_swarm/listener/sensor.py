# SPDX-License-Identifier: MIT
"""A connection from a forwarder: passes its events to the store in batches, and acknowledges what is safe.

The certificate identifies the sensor of the events. An event that names another sensor is not corrected, which would
fabricate evidence, but quarantined; and it is acknowledged, or it would block the others for ever.
"""

import asyncio
from uuid import UUID

from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.codec import encode as encode_event
from decnet_core.runtime.counters import Counters
from decnet_swarm.assignments.envelope import parts
from decnet_swarm.errors import SwarmError
from decnet_swarm.framing import MAX_MESSAGE_BYTES, Deframer, frame
from decnet_swarm.listener.fleet import SensorFleet
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.session import AT_ONCE, PIECE_BYTES, PeerSession
from decnet_swarm.listener.store import PendingWrite, RejectedLine, Store, held_bytes
from decnet_swarm.message import event_line
from decnet_swarm.pki.admission import REVOKED, Admitted
from decnet_swarm.stream import Stream
from decnet_swarm.wire import (
    BATCH_BYTES,
    BATCH_EVENTS,
    MAX_SPOOLS,
    Assign,
    CaughtUp,
    Deckies,
    Farewell,
    Hello,
    Mark,
    Ping,
    Stored,
    Welcome,
    encode,
    from_forwarder,
)

_MOST_BYTES = BATCH_BYTES + MAX_MESSAGE_BYTES + BATCH_EVENTS * 1024
"""Of one batch: lines, the last of which may be the longest, and the header of each."""


_LINE_FEED = b"\n"
"""JSON may have one between its tokens; a line of a spool may not."""


class BreachError(SwarmError, ConnectionError):
    """The forwarder violated the protocol; the message says how."""


class SensorSession(PeerSession):
    alone = True

    def __init__(
        self,
        stream: Stream,
        member: Admitted,
        store: Store,
        *,
        records: Records,
        fleet: SensorFleet,
        counters: Counters,
        window_bytes: int,
    ) -> None:
        super().__init__(stream, member)
        self._store = store
        self._records = records
        self._fleet = fleet
        self._held: int | None = None
        self._offering = False
        self._counters = counters
        self._window_bytes = window_bytes
        self._deframer = Deframer()
        self._greeted = False
        self._spools: set[str] = set()
        self._ids: list[UUID] = []
        self._lines: list[bytes] = []
        self._rejected: list[RejectedLine] = []
        self._size = 0
        self._safe = 0
        self._told = 0

    async def run(self) -> None:
        while data := await self._receive():
            self._counters.add("bytes_received", len(data))
            self._fleet.contacts.heard(self.member.name)
            for start in range(0, len(data), PIECE_BYTES):
                for number, content in enumerate(self._deframer.feed(data[start : start + PIECE_BYTES])):
                    await self._take(content)
                    if number % AT_ONCE == AT_ONCE - 1:
                        await asyncio.sleep(0)  # the other sensors' turn
            if self._deframer.broken:
                raise BreachError(self._deframer.broken)
            await self._stream.drain()

    def keep_alive(self) -> None:
        """Send a ping, and end a connection that was silent too long."""
        self._send_control(Ping())
        super().keep_alive()

    async def offer(self) -> None:
        """Send the sensor's assignment if it has an older one; what cannot be sent now is tried again."""
        if self._held is None or not self._greeted or self._offering:
            return
        self._offering = True
        try:
            await self._offer(self._held)
        finally:
            self._offering = False

    async def _offer(self, held: int) -> None:
        found = await self._fleet.assignment(self.member.name, held)
        if found is None or not self._open:
            return
        self._held = found[0]
        for part in parts(*found):
            self._send_control(part)
            await self._stream.drain()

    def end(self, reason: str) -> None:
        """Report the reason to the forwarder, if it still reads, and end the connection."""
        self._send_control(Farewell(reason, reason.endswith(REVOKED)))
        super().end(reason)

    async def _take(self, content: bytes) -> None:
        self._size += len(content)
        if content.startswith(b"<") and self._greeted:
            self._take_event(content)
            return
        match from_forwarder(content):
            case Mark() as mark if self._greeted:
                await self._finish_batch(mark)
            case Hello(assigned=held) if not self._greeted:
                await self._greet()
                self._held = held
                await self.offer()
            case Deckies(standings) if self._greeted:
                self._size -= len(content)
                await self._fleet.report(self.member.name, standings)
            case CaughtUp() if self._greeted:
                self._size -= len(content)
                await self._store.settled(self.member.name)
                self._records.settle(self.member.name)
            case Ping() if self._greeted:
                self._size -= len(content)
            case _:
                raise BreachError("not this protocol, or at the wrong time")

    def _take_event(self, message: bytes) -> None:
        if len(self._lines) + len(self._rejected) >= BATCH_EVENTS or self._size > _MOST_BYTES:
            raise BreachError("a batch that is too large")
        line = event_line(message) or message
        try:
            event = decode(line)
            if event.sensor == self.member.name:
                self._lines.append(line if _LINE_FEED not in line else encode_event(event))
                self._ids.append(event.id)
                return
        except BadEventError as error:
            self._rejected.append(RejectedLine(str(error), line))
            return
        self._counters.add("foreign_events")
        self._rejected.append(RejectedLine("the event names a sensor that is not its certificate's", line))

    async def _greet(self) -> None:
        """Report what is stored, once everything from an earlier connection is."""
        await self._store.settled(self.member.name)
        self._greeted, self._size = True, 0
        places = self._records.places(self.member.name)
        self._spools.update(places)
        self._send_control(Welcome(self._window_bytes, dict(places)))

    async def _finish_batch(self, mark: Mark) -> None:
        self._spools.add(mark.spool)
        if len(self._spools) > MAX_SPOOLS:
            raise BreachError("more spools than a sensor may have")
        name = self.member.name
        size = held_bytes(self._lines, self._rejected)
        batch = PendingWrite(name, self._ids, self._lines, size, self._stored, mark.spool, mark.place, self._rejected)
        self._ids, self._lines, self._rejected, self._size = [], [], [], 0
        await self._store.put(batch)

    def _stored(self) -> None:
        """Acknowledge everything that became safe together."""
        self._safe += 1
        if self._safe == self._told + 1:
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told = self._safe
        self._send_control(Stored(self._safe))

    def _send_control(self, control: Welcome | Stored | Assign | Ping | Farewell) -> None:
        if self._open:
            self._stream.write(frame(encode(control)))
