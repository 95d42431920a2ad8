# SPDX-License-Identifier: MIT
"""Which router answers a path, and the import of the modules that it consists of, when such a path is asked for first.

All modules of routes take seconds and tens of MiB; who asks for a health check, or for one page, needs two.
`routers.OF_SEGMENT` says which modules have the paths below a segment; a module that it does not name is imported at
once. Each segment has a router of its own: comparing a path with the patterns of all routes costs more than most of
them do. A thread imports, since that takes up to 0.2 s, and anybody can ask; it ends with the import.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from decnet_core.uncollected import uncollected
from decnet_web.api import routers
from decnet_web.api.reads.threads import Threads


class Routes:
    """The routes of an application, of which some are not there yet."""

    def __init__(self, application: FastAPI, prefix: str) -> None:
        self._application = application
        self._prefix = prefix
        self._included: set[str] = set()
        self._loaded: set[str] = set()
        self._loading = asyncio.Lock()
        self._all = application.router.app
        application.router.middleware_stack = self.dispatch

    async def dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered by the router of its segment; by the application's own if that is unknown."""
        router = await self.router_of(scope["path"]) if scope["type"] == "http" else None
        if router is None:
            await self._all(scope, receive, send)
            return
        if scope["path"].startswith(self._prefix + "/"):
            scope["root_path"] = self._prefix  # of which the routes know nothing
        await router.app(scope, receive, send)

    def add_all(self) -> None:
        """Include every module."""
        self._add((*routers.BELOW_API, *routers.AT_ROOT))
        self._loaded.update(routers.OF_SEGMENT)

    def add_unnamed(self) -> None:
        """Include the modules that no segment names."""
        named = {module for modules in routers.OF_SEGMENT.values() for module in modules}
        self._add(module for module in (*routers.BELOW_API, *routers.AT_ROOT) if module not in named)

    async def router_of(self, path: str) -> APIRouter | None:
        """Return the router of a path's segment, if one is known."""
        segment = segment_of(path, self._prefix)
        if segment not in routers.OF_SEGMENT:
            return None
        if segment not in self._loaded:
            async with self._loading:
                if segment not in self._loaded:
                    await self._load(segment)
        return _router_of(segment)

    async def _load(self, segment: str) -> None:
        thread = Threads(1, "routes")
        try:
            await thread.run(lambda: self._import(segment))
        finally:
            thread.end()
        self._loaded.add(segment)

    def _import(self, segment: str) -> None:
        with uncollected():
            self._add(routers.OF_SEGMENT[segment])
            _router_of(segment)

    def _add(self, modules: Iterable[str]) -> None:
        for name in modules:
            if name not in self._included:
                _include(self._application.router, name, self._prefix)
                self._included.add(name)


@cache
def _router_of(segment: str) -> APIRouter:
    """Return what answers a segment in each application of a process, with the modules' own routes.

    FastAPI compares a path with each route of a router that is included once to find the router, and once again.
    """
    router, name = APIRouter(redirect_slashes=False), "root_router" if segment.startswith("/") else "router"
    for module in routers.OF_SEGMENT[segment]:
        router.routes.extend(getattr(importlib.import_module(module), name).routes)
    return router


def _include(router: APIRouter, name: str, prefix: str) -> None:
    module = importlib.import_module(name)
    if name in routers.BELOW_API:
        router.include_router(module.router, prefix=prefix)
    if name in routers.AT_ROOT:
        router.include_router(module.root_router)


def segment_of(path: str, prefix: str) -> str:
    """Return the first segment below the prefix, of another path its first, with a slash."""
    below = path.removeprefix(prefix + "/")
    return below.partition("/")[0] if below != path else "/" + path.lstrip("/").partition("/")[0]
