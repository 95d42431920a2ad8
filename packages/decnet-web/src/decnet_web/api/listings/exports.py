# SPDX-License-Identifier: MIT
"""Listings as CSV and NDJSON: all pages, from one snapshot of the database, streamed.

A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection): the text is what
attackers sent.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from decnet_core.text import for_spreadsheet
from decnet_web.api.listings.shapes import Shape

CSV = "text/csv"
NDJSON = "application/x-ndjson"

LARGEST_CHUNK = 64 << 10
PART = 500
"""Rows that are read at once."""


def wanted(accept: str) -> str:
    """Return CSV or NDJSON if the header Accept asks for one of them before JSON, else an empty string."""
    for part in accept.lower().split(","):
        kind = part.partition(";")[0].strip()
        if kind in (CSV, NDJSON):
            return kind
        if kind in ("application/json", "*/*", "application/*"):
            return ""
    return ""


def encoded(kind: str, shape: Shape, rows: Iterable[object]) -> Iterator[bytes]:
    """Yield the rows as text of that kind, in chunks; of CSV the names of the columns first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if kind == CSV:
        writer.writerow(shape.columns)
    for row in rows:
        if kind == CSV:
            writer.writerow([cell(value) for value in msgspec.to_builtins(shape.plain(row)).values()])
        else:
            buffer.write(msgspec.json.encode(shape.plain(row)).decode() + "\n")
        if buffer.tell() >= LARGEST_CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def cell(value: Any) -> str:
    """Return the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("\x00", "\ufffd")
    return for_spreadsheet(text)


class Streamed(StreamingResponse):
    """Streams chunks, and ends their source however the answer ends."""

    def __init__(self, chunks: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._chunks.aclose()


async def prepended(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield a chunk that was taken already, then the others."""
    try:
        yield first
        async for chunk in rest:
            yield chunk
    finally:
        await rest.aclose()


class Export(Streamed):
    """A listing as a file."""

    def __init__(self, chunks: AsyncGenerator[bytes], kind: str, name: str) -> None:
        day, ending = time.strftime("%Y-%m-%d", time.gmtime()), "csv" if kind == CSV else "ndjson"
        super().__init__(
            chunks,
            media_type=f"{CSV}; header=present" if kind == CSV else kind,
            headers={
                "Content-Disposition": f'attachment; filename="decnet-{name}-{day}.{ending}"',
                "Cache-Control": "no-store",
            },
        )
