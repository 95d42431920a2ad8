# SPDX-License-Identifier: MIT
"""Imports the modules of routes when a path of theirs is asked for the first time.

All of them take seconds and tens of MiB; who asks for a health check, or for one page, needs two. `routers.OF_SEGMENT`
says which modules have the paths below a segment; a module that it does not name is imported at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from decnet_web.api import routers


class Routes:
    """The routes of an application, of which some are not there yet."""

    def __init__(self, application: FastAPI, prefix: str) -> None:
        self._application = application
        self._prefix = prefix
        self._included: set[str] = set()

    def add_all(self) -> None:
        """Include every module."""
        self._add((*routers.BELOW_API, *routers.AT_ROOT))

    def add_unnamed(self) -> None:
        """Include the modules that no segment names."""
        named = {module for modules in routers.OF_SEGMENT.values() for module in modules}
        self._add(module for module in (*routers.BELOW_API, *routers.AT_ROOT) if module not in named)

    def add_for(self, path: str) -> None:
        """Include the modules that have the path, if there are any."""
        if path == self._application.openapi_url:
            self.add_all()
        else:
            self._add(routers.OF_SEGMENT.get(segment_of(path, self._prefix), ()))

    def _add(self, modules: Iterable[str]) -> None:
        for name in modules:
            if name not in self._included:
                self._included.add(name)
                module = importlib.import_module(name)
                if name in routers.BELOW_API:
                    self._application.include_router(module.router, prefix=self._prefix)
                if name in routers.AT_ROOT:
                    self._application.include_router(module.root_router)


class Loading:
    """Has the routes of a request included before it is routed."""

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._routes.add_for(scope["path"])
        await self._app(scope, receive, send)


def segment_of(path: str, prefix: str) -> str:
    """Return the first segment below the prefix, of another path its first, with a slash."""
    below = path.removeprefix(prefix + "/")
    return below.partition("/")[0] if below != path else "/" + path.lstrip("/").partition("/")[0]
