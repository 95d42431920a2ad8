# SPDX-License-Identifier: MIT
"""The worker `decoys`: opens every decky's ports, plays them on one event loop, finishes sessions a kill cut off."""

from __future__ import annotations

import logging
import socket
from typing import ClassVar, Protocol

from decnet_core.events.catalogue import (
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
from decnet_core.net import sockets
from decnet_core.net.connections import ConnectionLimiter
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_decoys.decky_context import DeckyContext, FleetResources
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.evidence.journal import Journal
from decnet_decoys.fleet import Decky, FleetError, deckies
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.personas.catalog import persona
from decnet_decoys.settings import DecoysSettings

log = logging.getLogger(__name__)


class Door(Protocol):
    """One service's port on one decky."""

    async def open(self) -> None:
        """Begin to accept."""
        ...

    async def close(self) -> None:
        """Stop accepting and end what is open."""
        ...


class Decoys(Worker[DecoysSettings]):
    """Plays the deckies: SSH and HTTP services that record every connection."""

    name = "decoys"
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
    )
    group = "decoys"
    preload = ("decnet_decoys.ssh.service", "decnet_decoys.http.service")
    memory_budget: ClassVar[int] = 160 * MIB
    network = "any"
    writes = ("artifacts", "decoys", "keys/decoys")

    def __init__(self, settings: DecoysSettings) -> None:
        super().__init__(settings)
        self._doors: list[Door] = []

    @classmethod
    def capabilities(cls, settings: DecoysSettings) -> tuple[str, ...]:
        """Return what ports below 1024 need."""
        low = any(port < 1024 for decky in settings.decky for port in decky.services.values())
        return ("CAP_NET_BIND_SERVICE",) if low else ()

    async def start(self, ctx: Context) -> None:
        """Finish what a kill left open, then open all ports; raises StartupError."""
        try:
            fleet = deckies(self.settings)
        except FleetError as error:
            raise StartupError(f"[decoys] {error}") from error
        resources = self._resources(ctx)
        for entry in resources.journal.left_open():
            resources.journal.recover(entry, ConnectionRecorder(ctx, entry.info, entry.session))
        for decky in fleet:
            context = DeckyContext(decky, persona(decky.persona), self.settings, resources, ctx)
            for service, port in decky.services:
                self._doors.append(_door(service, context, listening(decky, service, port)))
        for door in self._doors:
            await door.open()
        log.info("deckies open count=%d ports=%d", len(fleet), len(self._doors))

    def _resources(self, ctx: Context) -> FleetResources:
        limits = self.settings.limits
        try:
            artifacts = ArtifactStore(ctx.state.artifacts, limits.artifacts_bytes)
            journal = Journal(ctx.state.root / "decoys" / "sessions", artifacts)
            keys = ctx.state.keys / "decoys"
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartupError(f"cannot use {error.filename}: {error.strerror}") from error
        ctx.counters.read_from(artifacts.counters)
        limiter = ConnectionLimiter(limits.connections, limits.connections_per_source)
        budget = MemoryBudget(limits.memory_bytes)
        ctx.counters.read_from(
            lambda: {
                "decoys_connections_open": limiter.open,
                "decoys_memory_left": budget.left,
                "decoys_memory_refused": budget.refused,
            }
        )
        return FleetResources(artifacts, journal, limiter, keys, budget)

    async def run(self, ctx: Context) -> None:
        """Serve until asked to stop: the doors do the work."""
        await ctx.stopping.wait()

    async def stop(self, ctx: Context) -> None:  # noqa: ARG002  # the runtime's signature
        """Close all ports and connections."""
        for door in self._doors:
            await door.close()


def _door(service: str, context: DeckyContext, listener: socket.socket) -> Door:
    """Return the service's door; asyncssh is loaded only when a decky offers SSH."""
    if service == "ssh":
        from decnet_decoys.ssh.service import SshDoor

        return SshDoor(context, listener)
    from decnet_decoys.http.service import HttpDoor

    return HttpDoor(context, listener)


def listening(decky: Decky, service: str, port: int) -> socket.socket:
    """Return a listening socket that does not block; raises StartupError that names what is in the way."""
    try:
        return sockets.listening(decky.address, port)
    except sockets.BindError as error:
        raise StartupError(f"decky {decky.name}: cannot offer {service} at {decky.address}:{port}: {error}") from error
