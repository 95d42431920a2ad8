# SPDX-License-Identifier: MIT
"""The result of a line: events in the spool or an entry in the quarantine, and a count."""

import time
from collections.abc import Callable

from decnet_core.events.codec import BadEventError
from decnet_core.events.ids import uuid7_of
from decnet_core.runtime.context import Context
from decnet_core.spool.quarantine import Quarantine
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.record import Record

FUTURE_NS = 300 * 1_000_000_000
"""An event this far ahead of our clock is counted as from the future; it is stored as it is."""

Reader = Callable[[Record], Outcome]


class Emitter:
    """The only way from the sources to spool and quarantine; used in the event loop only."""

    def __init__(self, ctx: Context, quarantine: Quarantine, key: bytes) -> None:
        """`key` is this collector's own: without it another sensor could give an event of its own the id of a line."""
        self._ctx = ctx
        self._key = key
        self._quarantine = quarantine

    def take(self, record: Record, outcome: Outcome, host: str) -> None:
        """Emit the events of one line; `host`, if set, is the decky that they concern."""
        counters = self._ctx.counters
        counters.add("collect_lines")
        match outcome:
            case Parsed():
                self._emit(record, outcome, host or record.host or outcome.host)
                counters.add("collect_future", outcome.ts > time.time_ns() + FUTURE_NS)
            case Rejected(reason):
                self._reject(record, reason)
            case Ignored():
                counters.add("collect_ignored")

    def _emit(self, record: Record, parsed: Parsed, decky: str | None) -> None:
        ctx, identity = self._ctx, None
        for number, payload in enumerate(parsed.payloads):
            if record.identity:
                identity = uuid7_of(parsed.ts, self._key, ctx.sensor.encode(), *record.identity, bytes([number]))
            try:
                ctx.emit(
                    payload,
                    ts=parsed.ts,
                    id=identity,
                    decky=decky,
                    src=parsed.src,
                    dst=parsed.dst,
                    session=parsed.session,
                )
            except BadEventError as error:
                self._reject(record, str(error))
            else:
                ctx.counters.add("collect_events")

    def _reject(self, record: Record, reason: str) -> None:
        self._ctx.counters.add("collect_rejected")
        self._quarantine.put(reason, record.place, record.text)
