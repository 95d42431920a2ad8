# SPDX-License-Identifier: MIT
"""One request's own connection to `api`, and what comes back on it.

While `api` is parked its supervisor listens in its place: the connection is made at once, and what is sent waits in it
until `api` runs. Without anybody who listens, the request waits a moment for whoever is being started.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from decnet_web.errors import WebError
from decnet_web.web.messages.body import BodyError, pieces, until_end
from decnet_web.web.messages.requests import MAX_HEAD_BYTES, Fields, passed_on
from decnet_web.web.messages.responses import Field

_AGAIN_SECONDS = 0.05
_LARGEST_HEAD = 4 * MAX_HEAD_BYTES
_STATUS = re.compile(rb"HTTP/1\.[01] (?P<status>[1-5][0-9]{2})(?: (?P<reason>[\t\x20-\x7e]*))?")
_FIELD = re.compile(rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):(?P<value>[\t\x20-\x7e\x80-\xff]*)")


class ApiAbsentError(WebError):
    """Nobody listens at the socket of `api`."""


class ApiBrokenError(WebError):
    """What came back is no answer, or none came."""


class ApiResponse(msgspec.Struct, frozen=True):
    """The head of an answer."""

    status: int
    reason: str
    fields: Fields

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def kept(self) -> list[Field]:
        """Return the fields for the client."""
        return passed_on(self.fields)

    def has_body(self, method: str) -> bool:
        return method != "HEAD" and self.status not in (204, 304)


async def connect(socket: Path, seconds: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to `api`; raises ApiAbsentError when nobody has listened for `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await asyncio.open_unix_connection(str(socket), limit=_LARGEST_HEAD)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError) as error:
            if time.monotonic() >= end:
                raise ApiAbsentError("api does not run") from error
        except OSError as error:
            raise ApiAbsentError(f"api cannot be reached: {error.strerror}") from error
        await asyncio.sleep(_AGAIN_SECONDS)


async def response(reader: asyncio.StreamReader) -> ApiResponse:
    """Read the head of an answer, after those that are preliminary; raises ApiBrokenError."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _parse(head)
            if found.status >= 200:
                return found
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
        raise ApiBrokenError("api ended the connection without an answer") from error


async def content(reader: asyncio.StreamReader, answer: ApiResponse) -> AsyncIterator[bytes]:
    """Yield the body of `answer`; raises ApiBrokenError when it is cut off."""
    length = answer.get("content-length")
    chunked = answer.get("transfer-encoding") is not None
    source = (
        until_end(reader) if length is None and not chunked else pieces(reader, None if chunked else int(length or 0))
    )
    try:
        async for piece in source:
            yield piece
    except (asyncio.IncompleteReadError, BodyError, ConnectionError) as error:
        raise ApiBrokenError("api ended the connection within an answer") from error


def _parse(head: bytes) -> ApiResponse:
    first, *rest = head[:-4].split(b"\r\n")
    status, fields = _STATUS.fullmatch(first), [_FIELD.fullmatch(line) for line in rest]
    if status is None or None in fields:
        raise ApiBrokenError("api sent no HTTP")
    named = tuple(
        (found["name"].decode("ascii").lower(), found["value"].decode("latin-1").strip(" \t"))
        for found in fields
        if found is not None
    )
    return ApiResponse(int(status["status"]), (status["reason"] or b"").decode("ascii"), named)
