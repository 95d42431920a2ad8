# SPDX-License-Identifier: MIT
"""A connection from any other RFC 5425 sender, e.g. rsyslog: each message becomes a `syslog.message` event.

The certificate identifies the sender; the message's own claims are kept as text. There are no acknowledgements in
syslog. A sender that is not read from, because the disk is full, keeps what it has, if it was told to queue.
"""

import asyncio
import time
from uuid import UUID

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.events.codec import BadEventError, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.counters import Counters
from decnet_core.syslog import NotSyslog, parse
from decnet_core.text import from_wire
from decnet_swarm.framing import MAX_MESSAGE_BYTES, Deframer
from decnet_swarm.listener.session import AT_ONCE, PIECE_BYTES, PeerSession
from decnet_swarm.listener.store import PendingWrite, Store, held_bytes
from decnet_swarm.pki.admission import Admitted
from decnet_swarm.stream import Stream
from decnet_swarm.wire import BATCH_EVENTS

_SURE_BYTES = 128 << 10
"""A message up to this fits an event however much JSON must escape of it."""
_NEARLY_BYTES = 1_040_000
"""A message up to this fits an event when JSON need not escape it."""
_USER, _NOTICE = 1, 5
"""What a message without a priority is (RFC 3164 §4.3.3)."""


class PlainSession(PeerSession):
    def __init__(self, stream: Stream, member: Admitted, store: Store, counters: Counters) -> None:
        super().__init__(stream, member)
        self._store = store
        self._counters = counters
        self._deframer = Deframer(lines=True)

    async def run(self) -> None:
        """Take messages until the connection ends; raises OSError."""
        self._store.settle_plain(self.member.name)
        while data := await self._receive():
            self._counters.add("bytes_received", len(data))
            for start in range(0, len(data), PIECE_BYTES):
                await self._put(self._deframer.feed(data[start : start + PIECE_BYTES]))
            if self._deframer.broken:
                raise ConnectionError(self._deframer.broken)
        await self._put(self._deframer.finish())

    def keep_alive(self) -> None:
        """A syslog sender may be silent for days; TCP's own keep-alive finds one that is gone."""

    async def _put(self, messages: list[bytes]) -> None:
        self._counters.add("syslog_messages", len(messages))
        for start in range(0, len(messages), BATCH_EVENTS):
            now = time.time_ns()
            ids: list[UUID] = []
            lines: list[bytes] = []
            for number, message in enumerate(messages[start : start + BATCH_EVENTS]):
                event = event_of(message, self.member.name, now)
                ids.append(event.id)
                lines.append(encode(event))
                if number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)  # the other sensors' turn
            await self._store.put(PendingWrite(self.member.name, ids, lines, held_bytes(lines), _nobody_to_tell))


def event_of(message: bytes, sensor: str, now: int) -> Event:
    """Return the event for one message, whatever it is; `now` is ns since the Unix epoch, for a message without time.

    What would not fit an event is cut to _NEARLY_BYTES, or else to _SURE_BYTES without its structured data.
    """
    event = _event(message, sensor, now, MAX_MESSAGE_BYTES)
    if len(message) <= _SURE_BYTES or _fits(event):
        return event
    event = _event(message, sensor, now, _NEARLY_BYTES)
    return event if _fits(event) else _event(message[:_SURE_BYTES], sensor, now, _SURE_BYTES, structured=False)


def _fits(event: Event) -> bool:
    try:
        encode(event)
    except BadEventError:
        return False
    return True


def _event(message: bytes, sensor: str, now: int, limit: int, *, structured: bool = True) -> Event:
    parsed = parse(message, now, limit=limit)
    if isinstance(parsed, NotSyslog):
        return _made(SyslogMessage(_USER, _NOTICE, from_wire(message, limit)), sensor, now)
    payload = SyslogMessage(
        facility=parsed.facility,
        severity=parsed.severity,
        message=parsed.message,
        host=parsed.host,
        app=parsed.app,
        process=parsed.process,
        message_id=parsed.message_id,
        structured=parsed.structured if structured else {},
    )
    return _made(payload, sensor, now if parsed.ts is None else parsed.ts)


def _made(payload: SyslogMessage, sensor: str, ts: int) -> Event:
    return Event(id=uuid7(ts), ts=ts, sensor=sensor, payload=payload)


def _nobody_to_tell() -> None:
    pass
