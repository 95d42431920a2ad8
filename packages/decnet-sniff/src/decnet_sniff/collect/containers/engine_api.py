# SPDX-License-Identifier: MIT
"""The API of Docker and of Podman over its UNIX socket, as much as a log reader needs.

HTTP is parsed by h11 (0.4 MiB of objects, CPython 3.13), which is why only a collector that follows containers imports
this module.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import h11
import msgspec

from decnet_sniff.errors import SniffError

_READ_BYTES = 65_536
_MAX_HEAD_BYTES = 65_536
_MAX_ANSWER_BYTES = 16 << 20
_SECONDS = 30.0


class EngineError(SniffError):
    """The engine is unreachable or answers unexpectedly; `status` is the HTTP status, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Engine:
    """The engine that listens on the socket at `path`; one connection per request."""

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
        """Yield the body at `target` as it arrives, to its proper end; raises EngineError."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.path, limit=_READ_BYTES)
        except OSError as error:
            raise EngineError(f"cannot reach {self.path}: {error.strerror}") from error
        answer = ResponseParser()
        try:
            writer.write(answer.request(target))
            while not answer.ended:
                for piece in answer.receive(await reader.read(_READ_BYTES)):
                    yield piece
        except OSError as error:
            raise EngineError(f"the connection was lost: {error.strerror}") from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class ResponseParser:
    """The answer to one GET, without a socket: bytes in, pieces of the body out."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)

    def request(self, target: str) -> bytes:
        """Return the request for `target`, to be sent first."""
        headers = [("Host", "engine"), ("Connection", "close")]
        request = self._connection.send(h11.Request(method="GET", target=target, headers=headers))
        return (request or b"") + (self._connection.send(h11.EndOfMessage()) or b"")

    @property
    def ended(self) -> bool:
        """Whether the answer has ended properly."""
        return self._connection.their_state not in {h11.SEND_RESPONSE, h11.SEND_BODY}

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces of the body in `data` (b"": the connection has ended); raises EngineError."""
        try:
            self._connection.receive_data(data)
            while not self.ended and (event := self._connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response) and event.status_code != 200:
                    raise EngineError(f"the engine answers {event.status_code}", event.status_code)
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
        except h11.RemoteProtocolError as error:
            raise EngineError(f"the engine does not answer in HTTP/1.1: {error}") from error
