# SPDX-License-Identifier: MIT
"""Answers from the dashboard's files."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from decnet_web.web.files import not_modified
from decnet_web.web.messages.body import PIECE
from decnet_web.web.messages.headers import DOCUMENT, with_defaults
from decnet_web.web.messages.requests import Request
from decnet_web.web.messages.responses import head, problem, reason_of
from decnet_web.web.site import Site

_NOT_BUILT = (
    "The dashboard has not been built: `make up` builds it in a checkout where npm can reach its registry, and wheels "
    "bring it. The API works without it, below /api/v1."
)


async def send_file(site: Site, writer: asyncio.StreamWriter, request: Request, *, secure: bool) -> bool:
    """Answer a GET or HEAD; return whether another request may follow."""
    found = site.files.find(request)
    keep = request.keep_alive
    if found is None:
        status, detail = (404, "There is no such file.") if site.files.built else (503, _NOT_BUILT)
        head_only = request.method == "HEAD"
        writer.write(problem(status, detail, secure=secure, last=not keep, head_only=head_only))
        await _drained(site, writer)
        return keep
    status = 304 if not_modified(request, found.etag) else 200
    fields = [(name, value) for name, value in found.fields if status == 200 or name != "Content-Length"]
    fields += [("Date", formatdate(usegmt=True)), ("Connection", "keep-alive" if keep else "close")]
    writer.write(head(status, reason_of(status), with_defaults(fields, DOCUMENT, secure=secure)))
    if status == 200 and request.method == "GET":
        left = found.variant.size
        with found.variant.path.open("rb") as file:
            while left and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                writer.write(piece)
                await _drained(site, writer)
        if left:  # replaced by a build meanwhile
            raise ConnectionError(found.variant.path)
    await _drained(site, writer)
    return keep


async def _drained(site: Site, writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(site.settings.stall_seconds):
        await writer.drain()
