# SPDX-License-Identifier: MIT
"""Makes the application: routes, errors, and what holds for all requests."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from decnet_web.api.accounts.authentication import is_known
from decnet_web.api.accounts.services import Accounts
from decnet_web.api.document import description
from decnet_web.api.fleet import Fleet
from decnet_web.api.hosting.loading import Routes
from decnet_web.api.hosting.published import Published
from decnet_web.api.listings.cursors import Cursors
from decnet_web.api.listings.kept import KeptRows
from decnet_web.api.listings.recent import RecentAnswers
from decnet_web.api.live.violations import PolicyReports
from decnet_web.api.passage.bodies import Bodies
from decnet_web.api.passage.clients import Clients
from decnet_web.api.passage.etags import ETags
from decnet_web.api.passage.headers import Headers
from decnet_web.api.passage.idempotency import Idempotency
from decnet_web.api.passage.oddities import Oddities
from decnet_web.api.passage.rates import AddressRates, Rates
from decnet_web.api.problems import add_handlers
from decnet_web.api.settings import ApiSettings, trusted_networks

PREFIX = "/api/v1"
DOCUMENT = f"{PREFIX}/openapi.json"
DEFAULTS = ApiSettings()


def make_application(
    fleet: Fleet | None, settings: ApiSettings = DEFAULTS, *, key: bytes = bytes(32), lazily: bool = False
) -> FastAPI:
    """Return the application that serves `fleet`; without one it only describes itself.

    `key` signs cursors and seals what accounts keep. What routes need of the application is in its `state`: `fleet`,
    `settings`, `cursors`, `recent`, `kept`, `rates`, `accounts`, `key`. With `lazily` the modules of routes are
    imported when they are needed (`hosting.loading`).
    """
    application = _Application(
        title="DECNET",
        version=version("decnet-web"),
        summary="What the fleet has seen, what it consists of, and what to do about it.",
        openapi_url=DOCUMENT if settings.documentation and not lazily else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    application.state.fleet = fleet
    application.state.settings = settings
    application.state.cursors = Cursors(key)
    application.state.recent = RecentAnswers()
    application.state.kept = KeptRows()
    application.state.accounts = Accounts(settings, key)
    application.state.key = key
    application.state.policy_reports = PolicyReports()
    routes = application.state.routes = Routes(application, PREFIX)
    if lazily:
        routes.add_unnamed()
        if settings.documentation:
            folder = fleet.deployment.state.run_of("api") if fleet is not None else None
            application.add_route(DOCUMENT, Published(folder).__call__)
    else:
        routes.add_all()
    _add_passage(application, settings)
    add_handlers(application)
    application.openapi = lambda: description(application)  # type: ignore[method-assign]  # as FastAPI documents
    return application


class _Application(FastAPI):
    """FastAPI without what `passage` does itself, or nobody asked for: defects, limits of bodies, telemetry."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = AsyncExitStackMiddleware(self.router)
        app = ExceptionMiddleware(app, handlers=self.exception_handlers, debug=self.debug)
        for one, arguments, named in reversed(self.user_middleware):
            app = one(app, *arguments, **named)
        return app


def _add_passage(application: FastAPI, settings: ApiSettings) -> None:
    """Add what every request passes; the last one added comes first."""
    rates = Rates(settings.requests_per_second, settings.request_burst)
    application.state.rates = rates
    application.add_middleware(Idempotency)
    application.add_middleware(ETags)
    application.add_middleware(Bodies, settings.max_body, settings.max_depth, _known)
    application.add_middleware(AddressRates, rates)
    application.add_middleware(Clients, trusted_networks(settings))
    application.add_middleware(Oddities)
    application.add_middleware(Headers)


async def _known(request: Request) -> bool:
    fleet: Fleet | None = request.app.state.fleet
    return fleet is not None and await is_known(request, fleet)


def _operation_id(route: APIRoute) -> str:
    return route.name
