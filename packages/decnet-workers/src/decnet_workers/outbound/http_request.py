# SPDX-License-Identifier: MIT
"""One HTTP request on a connection of its own; the body comes in parts, so that its size is the caller's decision.

h11 on asyncio streams, as in webhook. Redirects are not followed: a server that moves is a setting, and one that
redirects to an address of ours is an attack. Proxies of the environment are not used, and no body is decompressed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import h11
import msgspec

from decnet_workers.errors import WorkersError
from decnet_workers.outbound.dial import DialError, Dialler
from decnet_workers.outbound.target import Target, TargetError, parse_target

MAX_HEAD_BYTES = 16384
PART_BYTES = 8192
"""What is read at once: a list's lines of such a part are parsed in a few milliseconds."""


class RequestError(WorkersError):
    """No answer that can be used; the message says why, without what the peer sent, and without the URL's path."""


class Response(msgspec.Struct, frozen=True):
    """The head of an answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes]
    """The body; raises RequestError when it is cut or no HTTP, TimeoutError when the time is up."""


@asynccontextmanager
async def request(
    dialler: Dialler,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    body: bytes | None = None,
    allow_private: bool = False,
) -> AsyncIterator[Response]:
    """Send a request, a POST if there is a body and a GET if not, and give the response; raises RequestError.

    All of it must be over within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            target = parse_target(url)
            reader = asyncio.StreamReader(PART_BYTES)
            protocol = await dialler.open(target, _protocol(reader), allow_private=allow_private)
            try:
                connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
                protocol.write(_encoded(connection, target, headers, body))
                yield await _response(connection, reader)
            finally:
                protocol.abort()
    except TimeoutError as error:
        raise RequestError(f"no complete answer within {seconds:g} s") from error
    except (DialError, TargetError) as error:
        raise RequestError(str(error)) from error
    except h11.ProtocolError as error:
        raise RequestError("the answer was not HTTP") from error
    except OSError as error:
        raise RequestError(error.strerror or type(error).__name__) from error


async def body_of(response: Response, most: int) -> bytes:
    """Return the whole body; raises RequestError when it is longer than `most` bytes."""
    body = bytearray()
    async for part in response.parts:
        body += part
        if len(body) > most:
            raise RequestError(f"the answer is longer than {most} bytes")
    return bytes(body)


class _Stream(asyncio.StreamReaderProtocol):
    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def abort(self) -> None:
        self._transport.abort()


def _protocol(reader: asyncio.StreamReader) -> Callable[[], _Stream]:
    return lambda: _Stream(reader)


def _encoded(connection: h11.Connection, target: Target, headers: Mapping[str, str], body: bytes | None) -> bytes:
    always = {"Host": target.authority, "User-Agent": "DECNET", "Accept-Encoding": "identity", "Connection": "close"}
    if body is not None:
        always["Content-Length"] = str(len(body))
    method = "GET" if body is None else "POST"
    head = h11.Request(method=method, target=target.path, headers=list({**always, **headers}.items()))
    events = [head, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
    return b"".join(connection.send(event) or b"" for event in events)


async def _response(connection: h11.Connection, reader: asyncio.StreamReader) -> Response:
    try:
        event = await _next(connection, reader)
        while isinstance(event, h11.InformationalResponse):
            event = await _next(connection, reader)
    except h11.RemoteProtocolError as error:
        if reader.at_eof() and not connection.trailing_data[0]:
            raise RequestError("the connection was closed without an answer") from error
        raise
    assert isinstance(event, h11.Response)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Response(event.status_code, headers, _parts(connection, reader))


async def _parts(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while isinstance(event := await _next(connection, reader), h11.Data):
        yield bytes(event.data)
    if not isinstance(event, h11.EndOfMessage):
        raise RequestError("the answer was cut")


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(PART_BYTES))
    return event
