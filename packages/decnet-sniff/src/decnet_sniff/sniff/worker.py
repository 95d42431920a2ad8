# SPDX-License-Identifier: MIT
"""The worker `sniff`: reports what it sees on the wire as events, one per distinct finding and window.

Packets are processed in the event loop, a ring of blocks at a time: passing them to a thread would cost more than most
of them do. `src` of an event is the sender of what was found, `dst` the receiver.
"""

import asyncio
import logging
import socket
import time
from typing import Final

from decnet_core import library_pages
from decnet_core.events.catalogue import (
    FlowClosed,
    HttpClient,
    PortScan,
    SshIdentification,
    SshKex,
    TcpStack,
    TlsClient,
    TlsServer,
)
from decnet_core.events.codec import BadEventError
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.timing.durations import SECOND_NS
from decnet_sniff.sniff.capture.packet_socket import PacketSocket
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.own_addresses import own_address_test
from decnet_sniff.sniff.quic import aes
from decnet_sniff.sniff.settings import SniffSettings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often timeouts and interfaces are checked while there is something to check, ..."""
IDLE_SECONDS: Final = 5.0
"""... and otherwise."""
MAPPED_KIB: Final = 64
"""Its tables double as they fill: those that they outgrow, of up to 128 KiB, would leave half a MiB of gaps."""


class Sniff(Worker[SniffSettings]):
    """Listens on network interfaces and fingerprints what it sees: TLS, QUIC, SSH, HTTP, TCP/IP stacks, scans.

    Off until `[sniff] interfaces` is set. Needs CAP_NET_RAW and nothing else.
    """

    name = "sniff"
    exposed = True
    Settings = SniffSettings
    group = "sensor"
    memory_budget = 48 * MIB
    produces = (TlsClient, TlsServer, SshKex, SshIdentification, HttpClient, TcpStack, PortScan, FlowClosed)
    commands = "decnet_sniff.sniff.commands"

    def __init__(self, settings: SniffSettings) -> None:
        super().__init__(settings)
        self._captures: list[PacketSocket] = []
        self._resting: set[PacketSocket] = set()
        """Captures that are not read because the worker is paused."""
        self._observer = observer_of(settings)
        self._watchful = True
        """Whether `run` uses the short interval."""

    @classmethod
    def capabilities(cls, settings: SniffSettings) -> tuple[str, ...]:  # noqa: ARG003  # whatever is set
        return ("CAP_NET_RAW",)

    async def start(self, ctx: Context) -> None:
        """Listen on all interfaces; raises StartupError."""
        settings = self.settings
        if not settings.interfaces:
            raise StartupError('no interface is set; write e.g. interfaces = ["eth0"] into [sniff]')
        for interface in settings.interfaces:
            self._captures.append(
                PacketSocket(
                    interface, settings.ignored(), promiscuous=settings.promiscuous, ring_kib=settings.ring_kib
                )
            )
        library_pages.map_large_blocks(MAPPED_KIB)
        ctx.counters.read_from(self._counters)
        for capture in self._captures:
            self._read_when_ready(ctx, capture)
        if aes.load() is None:
            log.warning(
                "no libcrypto on this machine: QUIC packets are counted, not decrypted; install OpenSSL 3 or 1.1"
            )
        log.info("listening interfaces=%s", ",".join(settings.interfaces))

    async def run(self, ctx: Context) -> None:
        """Emit the findings that are due and check the interfaces, until stopped."""
        while not ctx.stopping.is_set():
            self._watchful = self._observer.busy or any(capture.down for capture in self._captures)
            await ctx.nudged(LOOK_SECONDS if self._watchful else IDLE_SECONDS)
            for capture in self._resting:
                self._read_when_ready(ctx, capture)
            self._resting.clear()
            for capture in self._captures:
                if capture.down:
                    self._look_after(ctx, capture)
            self._report(ctx, time.time_ns())

    async def stop(self, ctx: Context) -> None:
        """Emit what was found so far and close the sockets."""
        loop = asyncio.get_running_loop()
        for capture in self._captures:
            loop.remove_reader(capture.fileno())
            capture.close()
        self._captures.clear()
        for finding in self._observer.rest():
            _emit(ctx, finding)

    def _read_when_ready(self, ctx: Context, capture: PacketSocket) -> None:
        asyncio.get_running_loop().add_reader(capture.fileno(), self._readable, ctx, capture)

    def _readable(self, ctx: Context, capture: PacketSocket) -> None:
        """Process what one interface has captured."""
        if not ctx.unpaused.is_set():
            asyncio.get_running_loop().remove_reader(capture.fileno())
            self._resting.add(capture)
            return
        for batch in capture.read():
            self._observer.take(batch)
        self._report(ctx, time.time_ns())
        if not self._watchful:  # there is something now: look sooner
            self._watchful = True
            ctx.nudge()

    def _look_after(self, ctx: Context, capture: PacketSocket) -> None:
        """Reopen an interface that was down."""
        loop, old = asyncio.get_running_loop(), capture.fileno()
        loop.remove_reader(old)
        capture.reopen()
        self._read_when_ready(ctx, capture)

    def _report(self, ctx: Context, now: int) -> None:
        for finding in self._observer.due(now):
            _emit(ctx, finding)

    def _counters(self) -> dict[str, float]:
        counts = {f"sniff_{name}": value for name, value in self._observer.counts().items()}
        counts["sniff_packets_dropped"] = sum(capture.count_drops() for capture in self._captures)
        counts["sniff_interfaces_down"] = sum(capture.down for capture in self._captures)
        return counts


def observer_of(settings: SniffSettings) -> Observer:
    return Observer(
        window_ns=settings.window_seconds * SECOND_NS,
        flows=settings.flows,
        idle_ns=settings.idle_seconds * SECOND_NS,
        scan=settings.scan,
        is_own=own_address_test(settings.own()),
    )


def end_of(address: bytes, port: int | None) -> tuple[str, int | None] | None:
    """Return address and port as events have them; None for no address."""
    if not address:
        return None
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address), port


def _emit(ctx: Context, finding: Finding) -> None:
    source, destination, source_port, destination_port = finding.ends
    try:
        ctx.emit(
            finding.payload, ts=finding.ts, src=end_of(source, source_port), dst=end_of(destination, destination_port)
        )
    except BadEventError as error:
        ctx.counters.add("sniff_findings_too_large")
        log.warning("a finding cannot be emitted: %s", error)
