# SPDX-License-Identifier: MIT
"""The worker forwarder."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from decnet_core.bus.subjects import FLEET_PLAYED, SPOOL_APPENDED
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.spool.quarantine import Quarantine
from decnet_core.timing.backoff import backoff
from decnet_core.timing.heartbeat_clock import until_beat
from decnet_swarm.enrolment.renewal_loop import renew_when_due
from decnet_swarm.forwarder.dial import Dial
from decnet_swarm.forwarder.kept_assignment import KeptAssignment
from decnet_swarm.forwarder.plain import PlainTransfer
from decnet_swarm.forwarder.send_queue import SendQueue
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.forwarder.transfer import RevokedError, Transfer, announce, rest
from decnet_swarm.pki import files
from decnet_swarm.stream import Stream
from decnet_swarm.wire import ALPN, KEEPALIVE_SECONDS

log = logging.getLogger(__name__)

_STEADY_SECONDS = 10.0
"""A connection that held this long ends a series of failures."""


class Forwarder(Worker[ForwarderSettings]):
    """Ships the events of this host to the master, each exactly once, whatever breaks in between.

    The spools hold what is not acknowledged; so neither a cut, nor a full disk, nor a kill on either side loses or
    doubles an event. To a syslog server that is no listener of DECNET it is at least once, as far as TCP can tell.
    """

    name = "forwarder"
    parks = True
    Settings = ForwarderSettings
    group = "sensor"
    commands = "decnet_swarm.forwarder.commands"
    listens = (SPOOL_APPENDED.wildcard, FLEET_PLAYED.pattern)
    memory_budget = 64 * MIB
    network = "any"
    reads_spools = True
    writes = ("spool/.readers/forwarder", "quarantine/forwarder", "swarm/forwarder", "assigned")

    _dial: Dial | None = None
    _kept: KeptAssignment | None = None

    @classmethod
    def known(cls, state: Path) -> Mapping[str, Mapping[str, Any]]:
        """Return the name and the master of this host's enrolment."""
        try:
            enrolled = files.enrolled(files.forwarder_folder(state))
        except files.NotEnrolledError:
            return {}
        return {"state": {"sensor": enrolled.name}, "forwarder": {"server": enrolled.server}}

    def __init__(self, settings: ForwarderSettings) -> None:
        super().__init__(settings)
        self._over = asyncio.Event()
        self._last_error = ""
        self._steady = False

    async def start(self, ctx: Context) -> None:
        """Read the certificate; raises StartupError when this host is not enrolled."""
        if self.settings.server:
            self._dial = await ctx.in_thread(Dial, self.settings, ctx.state.root, ctx.sensor)
            if self._dial.enrolled:
                self._kept = await ctx.in_thread(_kept, ctx)
        self._quarantine = Quarantine(ctx.state.root / "quarantine" / self.name, self.settings.quarantine_bytes)
        self._queue = SendQueue(ctx.state.spool, self._quarantine)
        ctx.counters.read_from(self._quarantine.counters)
        ctx.counters.read_from(self._queue.counters)
        ctx.counters.read_from(lambda: {"lag_bytes": self._queue.lag_bytes()})

    async def run(self, ctx: Context) -> None:
        """Connect, and again whenever the connection is lost, until asked to stop."""
        if self._dial is None:
            log.info("no [forwarder] server is set; nothing to do")
            await ctx.off()
            return
        ctx.spawn(self._watch(ctx, self._dial), name="watch", may_end=True)
        if self._dial.enrolled:
            folder = files.forwarder_folder(ctx.state.root)
            ctx.spawn(renew_when_due(ctx.counters, folder, str(self._dial.address), ctx.parking), name="renew")
        failures = 0
        while True:
            self._over.clear()
            if ctx.stopping.is_set():
                return
            failure = await self._connection(ctx, self._dial)
            if failure is not None:
                failures = 1 if self._steady else failures + 1
                self._note(await ctx.in_thread(self._dial.explained, failure))
                await self._pause(ctx, failures)

    async def stop(self, ctx: Context) -> None:
        """Acknowledge everything stored to the spools."""
        if hasattr(self, "_queue"):
            await ctx.in_thread(self._finish)

    def _finish(self) -> None:
        self._queue.save(now=True)
        self._quarantine.close()

    async def _connection(self, ctx: Context, dial: Dial) -> OSError | None:
        """Make one connection and use it; return what ended it, None when that was our own wish.

        What is returned holds no frames, and so not the connection: see `stream.accept_tls`.
        """
        self._steady = False
        try:
            async with asyncio.timeout(self.settings.dial_seconds):
                stream = await dial.connect()
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
            return error.with_traceback(None)
        begun = time.monotonic()
        ctx.counters.add("connections")
        try:
            await self._ship(ctx, stream, dial)
        except OSError as error:
            stream.abort()
            return error.with_traceback(None)
        finally:
            self._steady = time.monotonic() - begun > _STEADY_SECONDS
            if self._steady:
                self._last_error = ""
            ctx.counters.set("connected", 0)
        await stream.close()
        return None

    async def _ship(self, ctx: Context, stream: Stream, dial: Dial) -> None:
        listener = stream.protocol == ALPN
        transfer: Transfer | PlainTransfer
        if listener:
            transfer = Transfer(ctx, stream, self._queue, self.settings, self._kept)
        else:
            transfer = PlainTransfer(ctx, stream, self._queue, self.settings)

        def welcome() -> None:
            ctx.counters.set("exactly_once", int(listener))
            ctx.counters.set("connected", 1)
            log.info("connected server=%s protocol=%s", dial.address, ALPN if listener else "syslog, at least once")

        try:
            await transfer.run(self._over, welcome)
        except RevokedError:
            if self._kept is not None and await ctx.in_thread(self._kept.drop):
                announce(ctx)
            raise

    async def _watch(self, ctx: Context, dial: Dial) -> None:
        """End the connection when it must stop, and when there is a new certificate to show."""
        while not ctx.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until_beat(KEEPALIVE_SECONDS)):
                    await ctx.stopping.wait()
            if not ctx.stopping.is_set() and await ctx.in_thread(dial.renewed):
                self._over.set()
        self._over.set()

    def _note(self, reason: str) -> None:
        if reason != self._last_error:
            log.warning("the server is away: %s; events wait in the spools", reason)
        self._last_error = reason

    async def _pause(self, ctx: Context, failures: int) -> None:
        longest = backoff(self.settings.first_retry_seconds, failures - 1, self.settings.max_retry_seconds)
        ctx.counters.add("failures")
        seconds = longest * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
        began = time.monotonic()
        if await ctx.in_thread(self._queue.waiting):
            ctx.parking.worked()
        else:
            seconds = rest(ctx, self._kept, self.settings, began, seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ctx.stopping.wait()


def _kept(ctx: Context) -> KeptAssignment:
    """Return the assignment of an enrolled host; raises StartupError."""
    try:
        return KeptAssignment(ctx.state.root, files.forwarder_folder(ctx.state.root), ctx.sensor)
    except OSError as error:
        raise StartupError(f"cannot keep assignments of deckies: {error}") from error
