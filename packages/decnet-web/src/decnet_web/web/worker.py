# SPDX-License-Identifier: MIT
"""Opens the sockets of the dashboard."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Literal

from decnet_core.exits import StartupError
from decnet_core.net.addresses import parse_address
from decnet_core.net.sockets import BindError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_web.web.client import Client
from decnet_web.web.settings import WebSettings, WebSettingsError, listen_address
from decnet_web.web.site import STATIC, Site
from decnet_web.web.stream import ClientProtocol, Stream

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
        self._servers: list[asyncio.Server] = []
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
                await self._listen(ctx, site)
            if self.settings.unix_listen:
                await self._listen_unix(ctx, site, Path(self.settings.unix_listen))
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
        await asyncio.sleep(0)  # one that was just accepted becomes a connection now
        while self._site.waiting and time.monotonic() < end:  # noqa: ASYNC110  # rare and short
            await asyncio.sleep(_CHECK_SECONDS)
        for transport in tuple(self._site.open):
            transport.abort()

    async def _listen(self, ctx: Context, site: Site) -> None:
        host, port = listen_address(self.settings.listen)
        context = None
        if self.settings.certificate:
            from decnet_web.web.tls import Certificates

            context = Certificates(self.settings.certificate, self.settings.certificate_key).context
        try:
            sock = ctx.listening("web", host, port, backlog=BACKLOG)
        except BindError as error:
            raise StartupError(f"[web] listen: cannot serve the dashboard on {host}:{port}: {error}") from error
        loop = asyncio.get_running_loop()
        handshake = self.settings.head_seconds if context else None
        server = await loop.create_server(
            lambda: self._protocol(ctx, site), sock=sock, ssl=context, ssl_handshake_timeout=handshake, backlog=BACKLOG
        )
        self._servers.append(server)
        self.address = (host, sock.getsockname()[1])
        where = parse_address(host)
        if context is None and where is not None and not where.is_loopback:
            log.warning("passwords and sessions cross the network unencrypted: set [web] certificate address=%s", host)
        log.info("dashboard listens on %s:%d", *self.address)

    async def _listen_unix(self, ctx: Context, site: Site, path: Path) -> None:
        try:
            sock = ctx.listening_unix("unix", path, _SOCKET_MODE, BACKLOG)
        except BindError as error:
            raise StartupError(f"[web] unix_listen: cannot serve the dashboard at {path}: {error}") from error
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: self._protocol(ctx, site), sock=sock, backlog=BACKLOG)
        self._servers.append(server)
        log.info("dashboard listens at %s", path)

    def _protocol(self, ctx: Context, site: Site) -> ClientProtocol:
        def connected(stream: Stream) -> None:
            client = Client(site, stream)
            if client.admitted():
                ctx.spawn(client.serve(), name="client", may_end=True)
            else:
                stream.writer.transport.abort()

        return ClientProtocol(connected)
