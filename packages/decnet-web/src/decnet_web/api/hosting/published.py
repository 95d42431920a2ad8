# SPDX-License-Identifier: MIT
"""Serves the OpenAPI document, which a process of its own makes: with it, this one would hold all routes ever after.

Making it takes two seconds of a processor, and the worker parks when nobody asks. So it is kept in the worker's
directory, under a name that changes with the code it was made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from decnet_core.durable import replace_file
from decnet_web.api.problems import Problem
from decnet_web.api.reads.threads import Threads

SECONDS = 60.0
_PATTERN = "openapi-*.json"
_DISTRIBUTIONS = ("fastapi", "pydantic", "starlette")
_PACKAGES = ("decnet", "decnet_core", "decnet_decoys", "decnet_models", "decnet_sniff", "decnet_workers", "decnet_web")
"""Of whose models and docstrings the document consists; that is, all that the distribution may import of ours."""


class Published:
    """The document, made when it is asked for first, or when the code has changed."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` is where it is kept; None: nowhere."""
        self._folder = folder
        self._making = asyncio.Lock()
        self._text = b""

    async def __call__(self, _: Request) -> Response:
        """Answer a request for it; raises Problem 503 when it cannot be made now."""
        async with self._making:
            self._text = self._text or await self._found()
        return Response(self._text, media_type="application/json")

    async def _found(self) -> bytes:
        if self._folder is None:
            return await _made()
        thread = Threads(1, "openapi")
        try:
            path = self._folder / f"openapi-{await thread.run(_code)}.json"
            text = await thread.run(lambda: _read(path))
            if not text:
                text = await _made()
                await thread.run(lambda: _keep(path, text))
        finally:
            thread.end()
        return text


async def _made() -> bytes:
    command = (sys.executable, "-m", "decnet_web.api.document")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(SECONDS):
            text, _ = await process.communicate()
    except TimeoutError:
        raise Problem(503, detail="the document takes too long to make now; try again") from None
    finally:
        if process.returncode is None:  # nobody waits for it any more
            process.kill()
            await process.wait()
    if process.returncode:
        raise Problem(503, detail="the document could not be made; the log of api says why")
    return text


def _read(path: Path) -> bytes:
    """Return what is kept; nothing when nothing is, or when it is only a part."""
    try:
        text = path.read_bytes()
    except OSError:
        return b""
    return text if text.endswith(b"}\n") else b""


def _keep(path: Path, text: bytes) -> None:
    """Keep it instead of those of other code; without room for it, it is made anew each time."""
    with contextlib.suppress(OSError):
        for former in path.parent.glob(_PATTERN):
            former.unlink(missing_ok=True)
        replace_file(path, text, synced=False)


def _code() -> str:
    """Return what changes with the code that the document is made of: versions, and when files were written."""
    seen = hashlib.sha256(repr((sys.version, [version(name) for name in _DISTRIBUTIONS])).encode())
    for name in _PACKAGES:
        for file in sorted(_modules(name)):
            status = file.stat()
            seen.update(f"{file}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
    return seen.hexdigest()[:16]


def _modules(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from Path(place).rglob("*.py")
