# SPDX-License-Identifier: MIT
"""Serves the OpenAPI document, which a process of its own makes: with it, this one would hold all routes ever after."""

from __future__ import annotations

import asyncio
import sys

from starlette.requests import Request
from starlette.responses import Response

from decnet_web.api.problems import Problem

SECONDS = 60.0


class Published:
    """The document, made when it is asked for first."""

    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._text = b""

    async def __call__(self, _: Request) -> Response:
        """Answer a request for it; raises Problem 503 when it cannot be made now."""
        async with self._making:
            self._text = self._text or await _made()
        return Response(self._text, media_type="application/json")


async def _made() -> bytes:
    command = (sys.executable, "-m", "decnet_web.api.document")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(SECONDS):
            text, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Problem(503, detail="the document takes too long to make now; try again") from None
    if process.returncode:
        raise Problem(503, detail="the document could not be made; the log of api says why")
    return text
