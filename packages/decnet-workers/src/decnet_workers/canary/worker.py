# SPDX-License-Identifier: MIT
"""Opens the sockets of the receivers."""

import asyncio
import logging
import socket
from collections.abc import Callable

from decnet_core.canary import canary_key
from decnet_core.events.catalogue import CanaryHit, HttpRequest, ServiceRequest
from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError
from decnet_core.net.sockets import BindError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_workers.canary.dns.resolver import DnsDatagrams, DnsStream, Resolver
from decnet_workers.canary.http import HttpConnection
from decnet_workers.canary.receiver import Receiver
from decnet_workers.canary.settings import CanarySettings, CanarySettingsError, listen_address

log = logging.getLogger(__name__)

ATTEMPTS_AT_ANY_PORT = 10
LOOK_SECONDS = 10.0
"""How often it looks whether it has been idle; it does so when it heard nothing, so this costs nothing under load."""
FINISH_SECONDS = 2.0
"""How long a client that has not been answered yet may take when the worker stops."""


class Canary(Worker[CanarySettings]):
    """Receives the hits of canary tokens by HTTP, HTTPS, DNS and WireGuard."""

    name = "canary"
    exposed = True
    parks = True
    Settings = CanarySettings
    produces = (CanaryHit, HttpRequest, ServiceRequest)
    memory_budget = 48 * MIB
    network = "any"
    keys = ("canary.key",)

    def __init__(self, settings: CanarySettings) -> None:
        super().__init__(settings)
        self._receiver: Receiver | None = None
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.BaseTransport] = []
        self.http_address: tuple[str, int] | None = None
        """Address of the HTTP receiver once it has started; None when it is off."""
        self.https_address: tuple[str, int] | None = None
        self.dns_address: tuple[str, int] | None = None
        self.wireguard_address: tuple[str, int] | None = None

    @classmethod
    def capabilities(cls, settings: CanarySettings) -> tuple[str, ...]:
        """Return what ports below 1024 need; an invalid address is rejected by `start`."""
        try:
            ports = [listen_address(text)[1] for text in settings.listens() if text]
        except CanarySettingsError:
            return ()
        return ("CAP_NET_BIND_SERVICE",) if any(port < 1024 for port in ports) else ()

    @classmethod
    def check(cls, settings: CanarySettings) -> None:
        """Refuse what is no address to listen at."""
        try:
            for text in filter(None, settings.listens()):
                listen_address(text)
        except CanarySettingsError as error:
            raise StartupError(f"[canary] {error}") from error

    async def start(self, ctx: Context) -> None:
        """Load the key and open the sockets; raises StartupError for an invalid setting or key, or a used address."""
        self.check(self.settings)
        try:
            self._receiver = receiver = Receiver(self.settings, canary_key(ctx.state.keys), ctx.counters, ctx.emit)
            if self.settings.http_listen:
                http = await self._open_tcp(ctx, "http", self.settings.http_listen, lambda: HttpConnection(receiver))
                self.http_address = http
            if self.settings.https_listen:
                self.https_address = await self._open_https(ctx, receiver)
            if self.settings.dns_listen:
                await self._open_dns(ctx, Resolver(receiver), *listen_address(self.settings.dns_listen))
            if self.settings.wireguard_listen:
                await self._open_wireguard(ctx, receiver, *listen_address(self.settings.wireguard_listen))
        except CanarySettingsError as error:
            raise StartupError(f"[canary] {error}") from error
        except KeyFileError as error:
            raise StartupError(str(error)) from error

    async def run(self, ctx: Context) -> None:
        assert self._receiver is not None
        receiver = self._receiver
        await ctx.serve(lambda: (receiver.came, bool(receiver.open)), LOOK_SECONDS)

    async def stop(self, ctx: Context) -> None:  # noqa: ARG002  # the worker interface
        """Close the sockets, answer those who have come, and close the connections."""
        for server in self._servers:
            server.close()
        for transport in self._datagrams:
            transport.close()
        if self._receiver is not None:
            await self._receiver.answered(FINISH_SECONDS)
            for connection in tuple(self._receiver.open):
                connection.close()

    async def _open_tcp(
        self, ctx: Context, name: str, where: str, protocol: Callable[[], asyncio.Protocol]
    ) -> tuple[str, int]:
        host, port = listen_address(where)
        try:
            sock = ctx.listening(name, host, port, backlog=512)
        except BindError as error:
            what = name.upper()
            raise StartupError(f"[canary] {name}_listen: cannot receive {what} on {host}:{port}: {error}") from error
        self._servers.append(await asyncio.get_running_loop().create_server(protocol, sock=sock, backlog=512))
        address = (host, sock.getsockname()[1])
        log.info("%s receiver listens on %s:%d", name, *address)
        return address

    async def _open_https(self, ctx: Context, receiver: Receiver) -> tuple[str, int]:
        from decnet_workers.canary.https import HttpsConnection
        from decnet_workers.canary.tls import Certificates

        settings = self.settings
        certificates = Certificates(settings.certificate, settings.certificate_key, settings.client_authority)
        return await self._open_tcp(
            ctx, "https", settings.https_listen, lambda: HttpsConnection(receiver, certificates)
        )

    async def _open_wireguard(self, ctx: Context, receiver: Receiver, host: str, port: int) -> None:
        from decnet_workers.canary.datagrams import WireGuardDatagrams

        try:
            sock = ctx.bound_udp("wireguard", host, port)
        except BindError as error:
            raise StartupError(f"[canary] wireguard_listen: cannot receive on {host}:{port}: {error}") from error
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: WireGuardDatagrams(receiver), sock=sock)
        self._datagrams.append(transport)
        self.wireguard_address = (host, sock.getsockname()[1])

    async def _open_dns(self, ctx: Context, resolver: Resolver, host: str, port: int) -> None:
        try:
            udp, tcp = _both(ctx, host, port)
        except BindError as error:
            raise StartupError(f"[canary] dns_listen: cannot receive DNS on {host}:{port}: {error}") from error
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: DnsDatagrams(resolver), sock=udp)
        self._datagrams.append(transport)
        self._servers.append(await loop.create_server(lambda: DnsStream(resolver), sock=tcp))
        self.dns_address = (host, tcp.getsockname()[1])
        log.info("dns receiver listens on %s:%d, zone %s", *self.dns_address, self.settings.zone)


def _both(ctx: Context, host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Bind one port for UDP and TCP. With port 0 the system may choose one whose TCP port is taken."""
    for attempt in range(1 if port else ATTEMPTS_AT_ANY_PORT, 0, -1):
        udp = ctx.bound_udp("dns-udp", host, port)
        try:
            return udp, ctx.listening("dns-tcp", host, udp.getsockname()[1])
        except BindError:
            udp.close()
            if attempt == 1:
                raise
    raise AssertionError
