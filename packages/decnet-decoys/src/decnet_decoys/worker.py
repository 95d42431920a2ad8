# SPDX-License-Identifier: MIT
"""The worker `decoys`: opens every decky's ports, plays them on one event loop, ends sessions that a kill cut off."""

import asyncio
import contextlib
import importlib
import logging
import sys
import time
from pathlib import Path
from typing import ClassVar

import msgspec

from decnet_core import library_pages
from decnet_core.deckies.handover import handover_socket
from decnet_core.events.catalogue import (
    BaitRead,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.shares.share import Share
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.spool.disk_share import share_of_disk
from decnet_core.timing.heartbeat_clock import until_beat
from decnet_decoys.assigned.assignments import Assignments, stored_deckies
from decnet_decoys.assigned.server import ORCHESTRATOR, RECONCILERS, HandoverServer
from decnet_decoys.decky import Decky, port_name
from decnet_decoys.decky_context import FleetResources
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.evidence.journal import Journal
from decnet_decoys.fleet import FleetError, deckies
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.opening import SettingsDeckies
from decnet_decoys.places import Places
from decnet_decoys.played import PlayedDeckies
from decnet_decoys.processor import scheduler
from decnet_decoys.quiet_times import QuietTimes
from decnet_decoys.services import service_registry
from decnet_decoys.settings import DecoysSettings
from decnet_decoys.shared_sources import SharedSources

log = logging.getLogger(__name__)

_LOOK_SECONDS = 60.0
"""Between two looks whether anybody is there; at the time of a heartbeat, so no wake-up more."""


class Decoys(Worker[DecoysSettings]):
    """Plays the deckies: decoy services that record every connection."""

    name = "decoys"
    exposed = True
    Settings = DecoysSettings
    produces = (
        ConnectionOpened,
        ClientIdentified,
        LoginAttempt,
        SessionOpened,
        CommandRun,
        SessionClosed,
        HttpRequest,
        FileCaptured,
        ServiceRequest,
        BaitRead,
    )
    group = "decoys"
    memory_budget: ClassVar[int] = 160 * MIB
    network = "any"
    stores_sockets = 8192
    serves_workers = True
    writes = ("artifacts", "decoys", "keys/decoys")

    def __init__(self, settings: DecoysSettings) -> None:
        super().__init__(settings)
        self._played: PlayedDeckies | None = None
        self._handover: HandoverServer | None = None
        self._processor: scheduler.LoopScheduler | None = None
        self._sources: SharedSources | None = None
        self._resources: FleetResources | None = None

    @classmethod
    def shares(cls, settings: DecoysSettings) -> int:
        return settings.processes

    @classmethod
    def check(cls, settings: DecoysSettings) -> None:
        """Refuse deckies that cannot be played, wherever it is."""
        try:
            deckies(settings)
        except FleetError as error:
            raise StartupError(f"[decoys] {error}") from error

    def divide(self, count: int) -> None:
        """Import what all processes need, and make the memory in which they count."""
        for service in service_registry.usable().values():
            for module in service.preload:
                importlib.import_module(module)
        self._sources = SharedSources(count)

    @classmethod
    def capabilities(cls, settings: DecoysSettings) -> tuple[str, ...]:
        """Return what ports below 1024 need."""
        low = any(port < 1024 for decky in settings.decky for port in decky.services.values())
        low |= bool(settings.address) and not settings.port_offset
        return ("CAP_NET_BIND_SERVICE",) if low else ()

    async def start(self, ctx: Context) -> None:
        """End the sessions that a kill left open, then open all ports; raises StartupError."""
        self.check(self.settings)
        everybody = deckies(self.settings)
        if self.share.count < self.shares(self.settings):
            log.warning("all deckies are played in one process: [decoys] processes has no effect on tasks")
        fleet = everybody[self.share.index :: self.share.count]
        library_pages.map_large_blocks()
        resources = self._resources = self._made_resources(ctx, fleet)
        self._recover(ctx, resources.journal, elsewhere={decky.name for decky in everybody if decky not in fleet})
        played = self._played = PlayedDeckies(self.settings, resources, ctx)
        await SettingsDeckies(played, ctx).open(fleet)
        reserved = frozenset(decky.name for decky in everybody)
        assignments = Assignments(_assigned(ctx, self.share), played, ctx.stored_sockets, reserved)
        await assignments.restore()
        log.info("deckies open count=%d ports=%d", len(fleet) + len(assignments.versions), played.ports)
        clients = {worker: ctx.state.run_of(worker) for worker in (*RECONCILERS, ORCHESTRATOR)}
        self._handover = HandoverServer(
            handover_socket(ctx.state, ctx.name), clients, assignments, resources, ctx.spawn
        )
        self._handover.open()

    def _recover(self, ctx: Context, journal: Journal, elsewhere: set[str]) -> None:
        """End the sessions that a kill left open, except those on deckies `elsewhere`.

        Sessions on deckies that are no more are the first process's.
        """
        shares = [msgspec.structs.replace(self.share, index=index) for index in range(self.share.count)]
        assigned = {share: {decky.name for decky in stored_deckies(_assigned(ctx, share))} for share in shares}
        own = {decky.name for decky in deckies(self.settings)} - elsewhere | assigned.pop(self.share)
        elsewhere = elsewhere.union(*assigned.values())
        for entry in journal.left_open():
            if entry.decky in own or (self.share.index == 0 and entry.decky not in elsewhere):
                journal.recover(entry, ConnectionRecorder(ctx, entry.info, entry.session))

    def _made_resources(self, ctx: Context, fleet: tuple[Decky, ...]) -> FleetResources:
        limits, share = self.settings.limits, self.share
        try:
            room = min(limits.artifacts_bytes, share_of_disk(ctx.state.artifacts))
            artifacts = ArtifactStore(ctx.state.artifacts, room, shares=share.count)
            journal = Journal(ctx.state.root / "decoys" / "sessions", artifacts)
            keys = ctx.state.keys / "decoys"
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartupError(f"cannot use {error.filename}: {error.strerror}") from error
        ctx.counters.read_from(artifacts.counters)
        ctx.sync_before.append(artifacts.sync)
        ports = [port_name(decky, service) for decky in fleet for service, _ in decky.services]
        most = max(1, limits.connections // share.count)
        shared = self._sources.of(share.index) if self._sources is not None else None
        places = Places(most, limits.connections_per_source, ports, shared)
        budget = MemoryBudget(limits.memory_bytes // share.count)
        ctx.counters.read_from(
            lambda: {
                "decoys_connections_open": places.open,
                "decoys_connections_evicted": places.evicted,
                "decoys_process_restarts": share.restarts,
                "decoys_memory_left": budget.left,
                "decoys_memory_refused": budget.refused,
            }
        )
        self._processor = scheduler.install()
        ctx.counters.read_from(self._processor.counters)
        fleet_resources = FleetResources(
            artifacts,
            journal,
            places,
            keys,
            budget=budget,
            processor=self._processor,
            keep_changes_seconds=self.settings.keep_changes_days * 86400,
        )
        ctx.counters.read_from(fleet_resources.key_exchanges.counters)
        return fleet_resources

    async def run(self, ctx: Context) -> None:
        """Serve until stopped; ask to be replaced by a process that holds less when nobody comes any more."""
        quiet = QuietTimes(time.monotonic())
        while not ctx.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until_beat(_LOOK_SECONDS)):
                    await ctx.stopping.wait()
            if self.share.count == 1 and self._is_left_alone(quiet):
                ctx.ask_to_be_replaced()

    def _is_left_alone(self, quiet: QuietTimes) -> bool:
        assert self._resources is not None
        assert self._played is not None
        if self._resources.holds_changes or self._played.prepares:
            return False
        places, visited = self._resources.places, self._resources.is_visited
        return quiet.worth_replacing(
            time.monotonic(), open_places=places.open, admitted=places.admitted, modules=sys.modules, visited=visited
        )

    async def stop(self, ctx: Context) -> None:  # noqa: ARG002  # the runtime's signature
        if self._handover is not None:
            await self._handover.close()
        if self._played is not None:
            await self._played.close_all()
        if self._resources is not None:
            self._resources.changes.save()
        if self._processor is not None:
            self._processor.uninstall()
            self._processor = None


def _assigned(ctx: Context, share: Share) -> Path:
    """Return the directory of the deckies that were handed over to a share."""
    return ctx.state.root / "decoys" / "deckies" / share.name
