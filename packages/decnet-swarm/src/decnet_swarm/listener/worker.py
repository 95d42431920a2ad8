# SPDX-License-Identifier: MIT
"""The worker listener."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from decnet_core.bus.subjects import FLEET_ASSIGNED, FLEET_REPORTED, FleetReported
from decnet_core.events.catalogue import SyslogMessage
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.spool.quarantine import Quarantine
from decnet_core.timing.heartbeat_clock import until_beat
from decnet_swarm.enrolment.messages import RENEWAL_PROTOCOL, Refused, framed
from decnet_swarm.enrolment.server import EnrolmentServer
from decnet_swarm.framing import frame
from decnet_swarm.listener.assignments import Assignments
from decnet_swarm.listener.contacts import Contacts
from decnet_swarm.listener.fleet import SensorFleet
from decnet_swarm.listener.plain import PlainSession
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.sensor import SensorSession
from decnet_swarm.listener.session import PeerSession
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.listener.store import Store
from decnet_swarm.listener.tls_acceptor import TlsAcceptor
from decnet_swarm.pki import files
from decnet_swarm.pki.admission import REVOKED, Admitted
from decnet_swarm.stream import Stream
from decnet_swarm.wire import ALPN, KEEPALIVE_SECONDS, Farewell, encode

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""How often it looks whether it may be parked."""


class Listener(Worker[ListenerSettings]):
    """Receives the events of sensors over mutual TLS, each exactly once, and plain syslog.

    They go to a spool, from which ingest takes them as from any other. A sensor can only send events of its own.
    """

    name = "listener"
    exposed = True
    parks = True
    Settings = ListenerSettings
    produces = (SyslogMessage,)
    memory_budget = 96 * MIB
    network = "any"
    listens = (FLEET_ASSIGNED.pattern,)
    writes = ("positions", "quarantine/listener", "sensors", "swarm/listener")

    _acceptor: TlsAcceptor | None = None
    _enrolment: EnrolmentServer | None = None
    _store: Store
    _fleet: SensorFleet

    async def start(self, ctx: Context) -> None:
        """Recover the stored state and listen; raises StartupError without a certificate or when the port is taken."""
        if not self.settings.listen:
            return
        assert ctx.spool is not None
        directory = ctx.state.spool / self.name
        self._quarantine = Quarantine(ctx.state.root / "quarantine" / self.name, self.settings.quarantine_bytes)
        self._records = Records(ctx.state.positions / f"{self.name}.json")
        self._store = Store(ctx.spool, directory, self._records, self._quarantine, self.settings)
        await ctx.in_thread(self._store.recover)
        folder = files.listener_folder(ctx.state.root)
        self._fleet = await ctx.in_thread(self._fleet_of, ctx, folder)
        self._acceptor = self._acceptor_of(ctx, folder)
        self._enrolment = await self._open_enrolment(ctx, self._acceptor, folder)
        for source in (self._acceptor, self._store, self._quarantine):
            ctx.counters.read_from(source.counters)

    async def run(self, ctx: Context) -> None:
        acceptor = self._acceptor
        if acceptor is None:
            log.info("no [listener] listen is set; nothing to do")
            await ctx.off()
            return
        ctx.spawn(self._store.run(ctx), name="store")
        ctx.spawn(acceptor.accept(ctx), name="accept")
        ctx.spawn(_keep_alive(acceptor), name="keep-alive")
        ctx.spawn(self._review(ctx, acceptor), name="review")
        log.info("listening port=%d", acceptor.port)
        came = -1
        while not ctx.stopping.is_set():
            before, came = came, acceptor.came + (self._enrolment.came if self._enrolment else 0)
            await ctx.nudged(self._seconds_to_wait(ctx, acceptor, idle=came == before))
            acceptor.offer(ctx)

    async def stop(self, ctx: Context) -> None:
        """End the connections and save the checkpoint."""
        if self._acceptor is not None:
            self._acceptor.close()
            if self._enrolment is not None:
                await self._enrolment.close()
            await self._fleet.look(())
            await ctx.in_thread(self._store.finish)
            await ctx.in_thread(self._quarantine.close)

    def _seconds_to_wait(self, ctx: Context, acceptor: TlsAcceptor, *, idle: bool) -> float:
        """Return how long to wait until the next look; `idle` is whether nobody has come since the last one."""
        began = time.monotonic()
        enrolling = self._enrolment is not None and self._enrolment.busy
        if idle and not (acceptor.busy or enrolling or self._store.busy):
            return ctx.parking.rest(began, LOOK_SECONDS)
        return ctx.parking.busy(LOOK_SECONDS)

    def _fleet_of(self, ctx: Context, folder: Path) -> SensorFleet:
        resumed, silent = ctx.inherited.any_left, self.settings.silent_seconds

        def reported(sensor: str) -> None:
            ctx.bus.publish(FLEET_REPORTED.pattern, msgspec.json.encode(FleetReported(sensor)))

        try:
            contacts = Contacts(ctx.state.root, folder, silent_seconds=silent, resumed=resumed)
        except OSError as error:
            raise StartupError(f"cannot keep what is known of sensors: {error}") from error
        return SensorFleet(Assignments(ctx.state.root, folder), contacts, reported)

    def _acceptor_of(self, ctx: Context, folder: Path) -> TlsAcceptor:
        def sensor(stream: Stream, member: Admitted) -> PeerSession:
            window = self.settings.window_bytes
            return SensorSession(
                stream,
                member,
                self._store,
                records=self._records,
                fleet=self._fleet,
                counters=ctx.counters,
                window_bytes=window,
            )

        def plain(stream: Stream, member: Admitted) -> PeerSession:
            return PlainSession(stream, member, self._store, ctx.counters)

        async def renewal(stream: Stream, member: Admitted) -> None:
            assert self._enrolment is not None
            await self._enrolment.renew(stream.reader, stream.writer, member)

        sessions, exchanges = {ALPN: sensor, None: plain}, {RENEWAL_PROTOCOL: renewal}
        farewells: dict[str | None, Callable[[str], bytes]] = {ALPN: _farewell, RENEWAL_PROTOCOL: _no_renewal}
        try:
            return TlsAcceptor(
                self.settings,
                folder,
                sessions=sessions,
                exchanges=exchanges,
                farewells=farewells,
                listening=partial(ctx.listening, "events"),
            )
        except files.NotEnrolledError as error:
            raise StartupError(str(error)) from error

    async def _open_enrolment(self, ctx: Context, acceptor: TlsAcceptor, folder: Path) -> EnrolmentServer:
        place, days = self.settings.enrolment, self.settings.certificate_days
        server = EnrolmentServer(folder, acceptor.admission, ctx.counters, days=days, port=acceptor.port)
        await server.open(place.host, place.port, partial(ctx.listening, "enrolment"))
        return server

    async def _review(self, ctx: Context, acceptor: TlsAcceptor) -> None:
        """Check the registry and who is there periodically, and at once on reload."""
        while True:
            await self._fleet.look(acceptor.connected)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until_beat(self.settings.check_seconds)):
                    await ctx.reloading.wait()
            ctx.reloading.clear()
            acceptor.review()


def _farewell(reason: str) -> bytes:
    return frame(encode(Farewell(reason, reason.endswith(REVOKED))))


def _no_renewal(reason: str) -> bytes:
    return framed(Refused("unknown", reason))


async def _keep_alive(acceptor: TlsAcceptor) -> None:
    while True:
        await asyncio.sleep(until_beat(KEEPALIVE_SECONDS))
        acceptor.keep_alive()
