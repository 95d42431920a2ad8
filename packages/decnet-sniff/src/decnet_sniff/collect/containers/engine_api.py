# SPDX-License-Identifier: MIT
"""The API of Docker and of Podman over its UNIX socket, as far as a reader of logs needs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from decnet_sniff.collect.http_answer import Answer, AnswerError
from decnet_sniff.errors import SniffError

_READ_BYTES = 65_536
_MAX_ANSWER_BYTES = 16 << 20
_SECONDS = 30.0


class EngineError(SniffError):
    """The engine cannot be reached or does not answer as it should; `status` is what it said, 0 for nothing."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Engine:
    """The engine that listens on the socket at `path`; a connection per request."""

    def __init__(self, path: str) -> None:
        self.path = path

    async def get(self, target: str) -> Any:
        """Return the JSON at `target`; raises EngineError."""
        body = bytearray()
        try:
            async with asyncio.timeout(_SECONDS):
                async for piece in self.stream(target):
                    body += piece
                    if len(body) > _MAX_ANSWER_BYTES:
                        raise EngineError("the answer is too long")
            return msgspec.json.decode(body)
        except TimeoutError as error:
            raise EngineError("the engine does not answer") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EngineError(f"the answer is not JSON: {error}") from error

    async def stream(self, target: str) -> AsyncIterator[bytes]:
        """Yield the body at `target` as it comes, to its proper end; raises EngineError."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.path, limit=_READ_BYTES)
        except OSError as error:
            raise EngineError(f"cannot reach {self.path}: {error.strerror}") from error
        try:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n".encode())
            async for piece in _body(reader):
                yield piece
        except AnswerError as error:
            raise EngineError(str(error)) from error
        except OSError as error:
            raise EngineError(f"the connection was lost: {error.strerror}") from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _body(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    answer = Answer()
    while not answer.ended:
        data = await reader.read(_READ_BYTES)
        if not data:
            answer.close()
            return
        piece = answer.feed(data)
        if answer.status and answer.status != 200:
            raise EngineError(f"the engine says {answer.status}", answer.status)
        if piece:
            yield piece
