# SPDX-License-Identifier: MIT
"""Routes that are imported when they are asked for are the same routes."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS

from decnet_web.api import routers
from decnet_web.api.application import PREFIX, make_application
from decnet_web.api.hosting.loading import Routes, segment_of

ROOT = Path(__file__).parents[4]

LOADED = """
import sys
from decnet_web.api.application import make_application
from decnet_web.api.hosting.serving import Server
Server(make_application(None, lazily=True))
print(*sys.modules)
make_application(None)
print(*sys.modules)
"""

FIRST_PAGE = """
import sys
from decnet_web.api.application import make_application
routes = make_application(None, lazily=True).state.routes
for segment in ("session", "overview", "stream"):
    routes._import(segment)
print(*sys.modules)
"""

TURNS = """
import asyncio
from tests.decnet_web.api.hosting.longest_turn import watched_turns
from decnet_web.api import routers
from decnet_web.api.application import make_application

async def main():
    routes = make_application(None, lazily=True).state.routes
    with watched_turns() as longest:
        for segment in routers.OF_SEGMENT:
            assert await routes.router_of(segment if segment.startswith("/") else f"/api/v1/{segment}")
    print(longest.seconds, longest.whose)

asyncio.run(main())
"""


def segments() -> dict[str, tuple[str, ...]]:
    """Return what OF_SEGMENT must say."""
    found: dict[str, list[str]] = {}
    for modules, prefix, name in ((routers.BELOW_API, PREFIX, "router"), (routers.AT_ROOT, "", "root_router")):
        for module in modules:
            router: APIRouter = getattr(importlib.import_module(module), name)
            for context in iter_route_contexts(router.routes):
                places = found.setdefault(segment_of(f"{prefix}{context.path}", PREFIX), [])
                if module not in places:
                    places.append(module)
    return {segment: tuple(modules) for segment, modules in found.items()}


def test_each_segment_names_the_modules_that_have_it() -> None:
    assert segments() == routers.OF_SEGMENT


def test_modules_are_imported_when_they_are_needed() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    named = {module for modules in routers.OF_SEGMENT.values() for module in modules}
    loaded, later = (set(line.split()) for line in done.stdout.splitlines())
    assert named & loaded == set()
    assert not {"click", "multiprocessing", "typer", "pydantic.v1"} & loaded  # uvicorn's command line, our own
    assert named <= later
    assert not {"click", "typer", "cryptography"} & later  # what only commands need; what only issues certificates


def test_the_first_page_imports_no_routes_but_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_PAGE], capture_output=True, text=True, check=True, timeout=600)
    named = {module for modules in routers.OF_SEGMENT.values() for module in modules}
    of_page = {module for segment in ("session", "overview", "stream") for module in routers.OF_SEGMENT[segment]}
    account = "decnet_web.api.accounts.routes.account"  # whose answers are those of the session, too
    events = "decnet_web.api.routes.findings.events"  # which the page asks for itself
    assert named & set(done.stdout.split()) <= of_page | {account, events}


def test_no_import_holds_the_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TURNS], capture_output=True, text=True, check=True, timeout=600, cwd=ROOT
    )
    assert float(done.stdout.split()[0]) < MOST_SECONDS, done.stdout


async def test_who_goes_away_while_routes_are_imported_keeps_them_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = make_application(None, lazily=True).state.routes
    begun, going = threading.Event(), threading.Event()

    def imported(modules: tuple[str, ...]) -> None:
        begun.set()
        assert going.wait(60)
        Routes._add(routes, modules)

    monkeypatch.setattr(routes, "_add", imported)
    first = asyncio.ensure_future(routes.router_of(f"{PREFIX}/users"))
    while not begun.is_set():
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.ensure_future(routes.router_of(f"{PREFIX}/users"))
    await asyncio.sleep(0)
    going.set()
    assert (await second).routes


async def test_an_import_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    application = make_application(None, lazily=True)

    def fail(name: str) -> None:
        raise MemoryError(name)

    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr("decnet_web.api.hosting.loading.importlib.import_module", fail)
        with pytest.raises(MemoryError):
            await application.state.routes.router_of(f"{PREFIX}/overview")
    assert await application.state.routes.router_of(f"{PREFIX}/overview") is not None
    assert f"{PREFIX}/overview" in application.openapi()["paths"]
