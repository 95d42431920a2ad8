# SPDX-License-Identifier: MIT
"""Routes that are imported when they are asked for are the same routes."""

from __future__ import annotations

import importlib
import subprocess
import sys

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

from decnet_web.api import routers
from decnet_web.api.application import PREFIX
from decnet_web.api.hosting.loading import segment_of

LOADED = """
import sys
from decnet_web.api.application import make_application
from decnet_web.api.hosting.serving import Server
Server(make_application(None, lazily=True))
print(*sys.modules)
make_application(None)
print(*sys.modules)
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
