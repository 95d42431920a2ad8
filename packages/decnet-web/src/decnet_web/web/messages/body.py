# SPDX-License-Identifier: MIT
"""The body of a message, read piece by piece and never held as a whole; strict as `requests`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from decnet_web.errors import WebError

PIECE = 65_536
_AT_ONCE = 64
"""Chunks that are read before others have their turn."""
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}\r\n")


class BodyError(WebError):
    """The body is not framed as its head says."""


async def pieces(reader: asyncio.StreamReader, length: int | None) -> AsyncIterator[bytes]:
    """Yield the body that follows in `reader`: of `length` bytes, or chunked when that is None.

    Raises BodyError for what is not framed so, IncompleteReadError when the sender ends before the body does.
    """
    if length is not None:
        async for piece in _exactly(reader, length):
            yield piece
        return
    chunks = 0
    while size := await _chunk_size(reader):
        chunks += 1
        if chunks % _AT_ONCE == 0:
            await asyncio.sleep(0)  # the others' turn: what has come already is read without a pause
        async for piece in _exactly(reader, size):
            yield piece
        if await reader.readexactly(2) != b"\r\n":
            raise BodyError("a chunk is longer than its size")
    if await reader.readexactly(2) != b"\r\n":
        raise BodyError("trailer fields are not accepted")


async def until_end(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield a body that ends with its connection."""
    while piece := await reader.read(PIECE):
        yield piece


def as_chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


LAST_CHUNK = b"0\r\n\r\n"


async def _exactly(reader: asyncio.StreamReader, left: int) -> AsyncIterator[bytes]:
    while left:
        piece = await reader.read(min(left, PIECE))
        if not piece:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(piece)
        yield piece


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    try:
        line = await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError as error:
        raise BodyError("a chunk has no size") from error
    if not _SIZE.fullmatch(line):
        raise BodyError("the size of a chunk is not a plain hexadecimal number")
    return int(line, 16)
