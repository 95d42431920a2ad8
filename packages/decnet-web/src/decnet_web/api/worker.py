# SPDX-License-Identifier: MIT
"""The worker `api`: serves the REST API on a UNIX socket, for `web` and a local proxy, and on TCP if that is set.

It parks when nobody has asked for a while; its supervisor holds the sockets, and the first client starts it again. What
it needs is large (FastAPI, pydantic, the database): 40 MiB and 0.8 s of processor time. So it imports that when it is
woken or a client is there, not when a fleet starts; this module, which others import for what the worker declares,
imports none of it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError, read_or_create
from decnet_core.net.addresses import parse_address, parse_endpoint
from decnet_core.net.sockets import BindError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.uncollected import uncollected
from decnet_web.api.settings import ApiSettings, trusted_networks
from decnet_web.errors import WebError

if TYPE_CHECKING:
    from decnet_web.api.fleet import Fleet
    from decnet_web.api.hosting.serving import Listener, Server
    from decnet_web.api.hosting.tls import Certificate
    from decnet_web.api.listings.kept import KeptRows
    from decnet_web.api.listings.recent import RecentAnswers

log = logging.getLogger(__name__)

SOCKET = "api.socket"
KEY = "api.key"
LOOK_SECONDS = 10.0
"""How often it looks whether it has been idle, and whether the certificate has changed."""
_BACKLOG = 512


class Api(Worker[ApiSettings]):
    """Serves the REST API, for the dashboard and for programs."""

    name = "api"
    Settings = ApiSettings
    group = "face"
    parks = True
    follows = ("web",)  # a page asks at once: both start while its browser waits for the first file
    database = True
    serves_workers = True
    memory_budget = 256 * MIB
    keys = (KEY,)
    reads_keys = ("canary.key", "webhook.key")

    def __init__(self, settings: ApiSettings) -> None:
        super().__init__(settings)
        self._listeners: list[Listener] = []
        self._woken = False
        self._fleet: Fleet | None = None
        self._server: Server | None = None
        self._certificate: Certificate | None = None
        self._forgetful: Sequence[RecentAnswers | KeptRows] = ()
        self.address: tuple[str, int] | None = None
        """Where it listens on TCP once it has started; None: it does not."""

    @classmethod
    def reach(cls, settings: ApiSettings) -> Literal["none", "loopback", "any"]:
        """Return what its TCP socket and a provider of log-ins need; an invalid address is rejected by `start`."""
        if settings.oidc_issuer:
            return "any"
        if not settings.listen:
            return "none"
        try:
            address = parse_address(parse_endpoint(settings.listen)[0])
        except ValueError:
            return "any"
        return "loopback" if address is not None and address.is_loopback else "any"

    @classmethod
    def capabilities(cls, settings: ApiSettings) -> tuple[str, ...]:
        """Return what a port below 1024 needs."""
        try:
            low = bool(settings.listen) and 0 < parse_endpoint(settings.listen)[1] < 1024
        except ValueError:
            return ()
        return ("CAP_NET_BIND_SERVICE",) if low else ()

    async def start(self, ctx: Context) -> None:
        """Open the sockets; raises StartupError."""
        self._woken = len(ctx.inherited) > 0
        try:
            self._listeners = self._opened_sockets(ctx)
        except (BindError, ValueError, WebError) as error:
            raise StartupError(f"[api] {error}") from error

    async def run(self, ctx: Context) -> None:
        """Serve, from the first client on; raises StartupError when there is no database that it could use."""
        ctx.parking.looks_by_itself = False  # to start it takes seconds of processor time: only for a client
        if not self._woken:
            await self._first_client(ctx)
        if ctx.stopping.is_set():
            return
        _prepare_memory()
        with uncollected():
            _prepare_imports()
            fleet = self._fleet = self._opened(ctx)
            server = await self._serving(ctx, fleet)
        gc.freeze()  # what was imported stays: no collection looks through it again
        seen = -1
        while not ctx.stopping.is_set():
            began = time.monotonic()
            self._refresh_certificate()
            if server.requests != seen or server.busy:
                seen = server.requests
                await ctx.nudged(ctx.parking.busy(LOOK_SECONDS))
            else:
                fleet.rest()
                for one in self._forgetful:
                    one.clear()
                await ctx.nudged(ctx.parking.rest(began, LOOK_SECONDS))

    async def stop(self, ctx: Context) -> None:  # noqa: ARG002  # the worker interface
        """Answer those who have asked, then close connections and database."""
        if self._server is not None:
            self._server.end()
            await self._server.ended.wait()
        if self._fleet is not None:
            self._fleet.close()

    async def _first_client(self, ctx: Context) -> None:
        """Return when a client waits to be accepted, or the worker is to stop; it may be parked meanwhile."""
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        sockets = [sock for sock, _ in self._listeners]

        def arrived() -> None:
            for sock in sockets:
                loop.remove_reader(sock)
            came.set()
            ctx.nudge()

        for sock in sockets:
            loop.add_reader(sock, arrived)
        while not (came.is_set() or ctx.stopping.is_set()):
            began = time.monotonic()
            self._refresh_certificate()
            await ctx.nudged(ctx.parking.rest(began, LOOK_SECONDS))
        for sock in sockets:
            loop.remove_reader(sock)

    def _opened_sockets(self, ctx: Context) -> list[Listener]:
        """Open the sockets. Raises BindError, ValueError for an invalid setting, WebError for a certificate."""
        trusted_networks(self.settings)
        path = ctx.state.run_of(self.name) / SOCKET
        try:
            unix = ctx.listening_unix("unix", path, int(self.settings.socket_mode, 8), _BACKLOG)
        except BindError as error:
            raise BindError(f"cannot listen on {path}: {error}") from error
        listeners: list[Listener] = [(unix, None)]
        if self.settings.listen:
            listeners.append(self._tcp(ctx))
        return listeners

    def _tcp(self, ctx: Context) -> Listener:
        from decnet_web.api.hosting.tls import Certificate

        if self.settings.certificate:
            self._certificate = Certificate(self.settings.certificate, self.settings.certificate_key)
        try:
            host, port = parse_endpoint(self.settings.listen)
            tcp = ctx.listening("tcp", host, port, _BACKLOG)
        except (BindError, ValueError) as error:
            raise BindError(f"listen: {error}") from error
        self.address = (host, tcp.getsockname()[1])
        log.info("listens address=%s:%d tls=%s", *self.address, bool(self._certificate))
        return tcp, self._certificate.context if self._certificate else None

    def _opened(self, ctx: Context) -> Fleet:
        from decnet.fleet.deployment import deployment_of
        from decnet_models.database.from_settings import engine_of
        from decnet_web.api.fleet import Fleet

        engine_of(ctx, read_only=True).dispose()  # raises StartupError when there is no database of this version
        return Fleet(deployment_of(ctx.settings), readers=self.settings.readers, bus=ctx.bus)

    async def _serving(self, ctx: Context, fleet: Fleet) -> Server:
        from decnet_web.api.application import make_application
        from decnet_web.api.hosting.serving import Server

        try:
            key = read_or_create(ctx.state.keys / KEY)
        except KeyFileError as error:
            raise StartupError(str(error)) from error
        application = make_application(fleet, self.settings, key=key, lazily=True)
        self._forgetful = (application.state.recent, application.state.kept)
        server = self._server = Server(application, self.settings, trusted_networks(self.settings))
        ctx.counters.read_from(server.counters)
        ctx.spawn(server.serve_on(self._listeners), name="serve", may_end=True)
        await server.begun.wait()
        return server

    def _refresh_certificate(self) -> None:
        if self._certificate is None:
            return
        try:
            if self._certificate.refresh():
                log.info("the certificate was read again")
        except WebError as error:
            log.warning("%s; the former one stays in use", error)


def _prepare_memory() -> None:
    """Keep what reports and large pages take from staying in heaps that grow; before the first thread starts."""
    from decnet_core import library_pages  # ctypes: nothing that an idle worker should hold

    library_pages.map_large_blocks()
    library_pages.share_one_heap()


def _prepare_imports() -> None:
    """Say how FastAPI and the routes' models are to be imported."""
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # FastAPI asks if it is there: 1.5 MiB
    from decnet_web.api.hosting.late_models import build_late

    build_late()
