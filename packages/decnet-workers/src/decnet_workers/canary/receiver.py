# SPDX-License-Identifier: MIT
"""What the receivers share: key, settings, limits, counters and the spool."""

import asyncio
import time
from typing import Protocol

from decnet_core.events.catalogue import CanaryHit, HttpRequest, ServiceRequest
from decnet_core.events.codec import BadEventError
from decnet_core.net.places import Places
from decnet_core.net.rates import SourceRates
from decnet_core.runtime.counters import Counters
from decnet_workers.canary.scanners import Scanners
from decnet_workers.canary.settings import CanarySettings

Seen = CanaryHit | HttpRequest | ServiceRequest
Endpoint = tuple[str, int | None]

_CHECK_SECONDS = 0.01
DECKY = "canary"
"""The name under which the receivers appear among the deckies."""


class Emit(Protocol):
    """`Context.emit`, as far as it is used here."""

    def __call__(self, payload: Seen, *, decky: str, src: Endpoint | None, dst: Endpoint) -> object:
        """Append the event to the spool."""
        ...


class Receiver:
    """One canary: all its connections count against the same limits."""

    def __init__(self, settings: CanarySettings, key: bytes, counters: Counters, emit: Emit) -> None:
        self.settings = settings
        self.key = key
        self.counters = counters
        self.proxies = settings.proxies()
        self.addresses = settings.addresses()
        self.scanners = Scanners(settings.scanners(), settings.scanner_agents, settings.scanner_seconds)
        self.rates = SourceRates(settings.requests_per_second, settings.request_burst)
        self.connections = Places(settings.max_connections, settings.max_connections_per_source)
        self.open: set[asyncio.Transport] = set()
        """Connections to close when the worker stops."""
        self.unanswered: set[asyncio.Transport] = set()
        """Those of them that have not sent a whole request yet."""
        self.came = 0
        """How many connections and datagrams there were."""
        self._emit = emit
        counters.read_from(self._gauges)

    def _gauges(self) -> dict[str, float]:
        places = self.connections
        return {"connections": places.open, "connections_evicted": places.evicted, "sources": len(self.rates)}

    async def answered(self, seconds: float) -> None:
        """Wait until all who have come are answered, for at most `seconds`."""
        end = time.monotonic() + seconds
        await asyncio.sleep(0)  # one that was just accepted becomes a connection now
        while self.unanswered and time.monotonic() < end:  # noqa: ASYNC110  # rare and short
            await asyncio.sleep(_CHECK_SECONDS)

    def emit(self, payload: Seen, *, src: Endpoint, dst: Endpoint) -> None:
        """Emit an event, and count hits and others."""
        if isinstance(payload, CanaryHit):
            self.counters.add("scanner_hits" if payload.scanner else "hits")
        else:
            self.counters.add("other_requests")
        try:
            self._emit(payload, decky=DECKY, src=src if src[0] else None, dst=dst)
        except BadEventError:
            self.counters.add("events_refused")
