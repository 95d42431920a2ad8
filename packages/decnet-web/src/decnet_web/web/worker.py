# SPDX-License-Identifier: MIT
"""Opens the sockets of the dashboard."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from decnet_core.exits import StartupError
from decnet_core.net.acceptor import Acceptor
from decnet_core.net.addresses import parse_address
from decnet_core.net.places import Place
from decnet_core.net.sockets import BindError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_web.web.client import Client
from decnet_web.web.settings import WebSettings, WebSettingsError, listen_address
from decnet_web.web.site import STATIC, Site
from decnet_web.web.stream import ClientProtocol, Stream

if TYPE_CHECKING:
    import ssl

log = logging.getLogger(__name__)

BACKLOG = 512
LOOK_SECONDS = 10.0
"""How often it looks whether it has been idle; it does so when it heard nothing, so this costs nothing under load."""
FINISH_SECONDS = 4.0
"""How long an answer may go on when the worker stops: the API may have to be woken for it first."""
_CHECK_SECONDS = 0.01
_SOCKET_MODE = 0o660


class Web(Worker[WebSettings]):
    """Serves the dashboard's files, and hands requests for the API on to it."""

    name = "web"
    group = "face"
    exposed = True
    parks = True
    Settings = WebSettings
    memory_budget = 48 * MIB
    network = "any"

    def __init__(self, settings: WebSettings, static: Path = STATIC) -> None:
        super().__init__(settings)
        self._static = static
        self._site: Site | None = None
        self._servers: list[Acceptor] = []
        self.address: tuple[str, int] | None = None
        """Address of the server once it has started; None when it does not listen by TCP."""

    @classmethod
    def capabilities(cls, settings: WebSettings) -> tuple[str, ...]:
        """Return what ports below 1024 need; an invalid address is rejected by `start`."""
        try:
            port = listen_address(settings.listen)[1] if settings.listen else 1024
        except WebSettingsError:
            return ()
        return ("CAP_NET_BIND_SERVICE",) if 0 < port < 1024 else ()

    @classmethod
    def reach(cls, settings: WebSettings) -> Literal["none", "loopback", "any"]:
        """Return what its TCP socket needs."""
        if not settings.listen:
            return "none"
        try:
            address = parse_address(listen_address(settings.listen)[0])
        except WebSettingsError:
            return "any"
        return "loopback" if address is not None and address.is_loopback else "any"

    async def start(self, ctx: Context) -> None:
        """Open the sockets; raises StartupError for an invalid setting or a used address."""
        try:
            site = self._site = Site(self.settings, ctx.state.run_of("api") / "api.socket", ctx.counters, self._static)
            if self.settings.listen:
                self._listen(ctx, site)
            if self.settings.unix_listen:
                self._listen_unix(ctx, site, Path(self.settings.unix_listen))
        except WebSettingsError as error:
            raise StartupError(f"[web] {error}") from error
        if not site.files.built:
            log.warning("the dashboard has not been built folder=%s", self._static)

    async def run(self, ctx: Context) -> None:
        assert self._site is not None
        if not self._servers:
            await ctx.off()
        site = self._site
        await ctx.serve(lambda: (site.came, bool(site.open)), LOOK_SECONDS)

    async def stop(self, ctx: Context) -> None:  # noqa: ARG002  # the worker interface
        """Close the sockets, let answers end, and close the connections."""
        for server in self._servers:
            server.close()
        if self._site is None:
            return
        self._site.stopping = True
        end = time.monotonic() + FINISH_SECONDS
        while (self._site.waiting or self._beginning) and time.monotonic() < end:  # noqa: ASYNC110  # rare and short
            await asyncio.sleep(_CHECK_SECONDS)
        for transport in tuple(self._site.open):
            transport.abort()
        for server in self._servers:
            await server.wait_closed()

    @property
    def _beginning(self) -> bool:
        """Whether a client was accepted that is no connection yet."""
        return any(server.beginning for server in self._servers)

    def _listen(self, ctx: Context, site: Site) -> None:
        host, port = listen_address(self.settings.listen)
        context = None
        if self.settings.certificate:
            from decnet_web.web.tls import Certificates

            context = Certificates(self.settings.certificate, self.settings.certificate_key).context
        try:
            sock = ctx.listening("web", host, port, backlog=BACKLOG)
        except BindError as error:
            raise StartupError(f"[web] listen: cannot serve the dashboard on {host}:{port}: {error}") from error
        self._serve(ctx, site, sock, context)
        self.address = (host, sock.getsockname()[1])
        where = parse_address(host)
        if context is None and where is not None and not where.is_loopback:
            log.warning("passwords and sessions cross the network unencrypted: set [web] certificate address=%s", host)
        log.info("dashboard listens on %s:%d", *self.address)

    def _listen_unix(self, ctx: Context, site: Site, path: Path) -> None:
        try:
            sock = ctx.listening_unix("unix", path, _SOCKET_MODE, BACKLOG)
        except BindError as error:
            raise StartupError(f"[web] unix_listen: cannot serve the dashboard at {path}: {error}") from error
        self._serve(ctx, site, sock)
        log.info("dashboard listens at %s", path)

    def _serve(self, ctx: Context, site: Site, sock: socket.socket, context: ssl.SSLContext | None = None) -> None:
        acceptor = Acceptor(
            sock,
            partial(self._protocol, ctx, site),
            site.connections,
            refused=partial(site.counters.add, "connections_refused"),
            unlimited=site.proxies,
            context=context,
            handshake_seconds=self.settings.head_seconds,
        )
        self._servers.append(acceptor)

    def _protocol(self, ctx: Context, site: Site, place: Place) -> ClientProtocol:
        def connected(stream: Stream) -> None:
            client = Client(site, stream, place)
            ctx.spawn(client.serve(), name="client", may_end=True)

        return ClientProtocol(connected, place)
