# SPDX-License-Identifier: MIT
"""Receives webhooks and verifies their signatures as a third party would: by the specification alone.

Standard Webhooks: `webhook-signature` holds one or more `v1,<base64>`, HMAC-SHA256 over `id.timestamp.body`.
"""

import asyncio
import base64
import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec

_LARGEST_HEAD = 16 * 1024
_LARGEST_BODY = 1 << 20
_SECONDS = 10.0
_TOLERANCE_SECONDS = 300


class Arrival(msgspec.Struct, frozen=True):
    """A received webhook."""

    kind: str
    data: dict[str, Any]
    genuine: bool
    message_id: str
    at: float
    """On the monotonic clock, seconds."""


class _Envelope(msgspec.Struct):
    type: str
    data: dict[str, Any]


class Receiver:
    """An HTTP server on loopback that stores what arrives; the same message twice is one arrival."""

    def __init__(self) -> None:
        self.secret = ""
        """The secret shown by the fleet; set before anything arrives."""
        self.arrivals: list[Arrival] = []
        self.arrived = asyncio.Event()
        """Set at each arrival; the waiting task clears it."""
        self._seen: set[str] = set()
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}
        """Connections, each with the event that its handler sets at its end."""

    async def open(self) -> str:
        """Listen on a free port; return the URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LARGEST_HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/drill"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer, ended in list(self._open.items()):
            writer.close()
            await ended.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = self._open[writer] = asyncio.Event()
        try:
            while await self._answer_one(reader, writer):
                pass
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whatever it was, it was no webhook
        finally:
            writer.close()
            del self._open[writer]
            ended.set()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = _headers(head)
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= _LARGEST_BODY:
            return False
        async with asyncio.timeout(_SECONDS):
            body = await reader.readexactly(length)
        self._take(headers, body)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def _take(self, headers: Mapping[str, str], body: bytes) -> None:
        message_id = headers.get("webhook-id", "")
        if message_id in self._seen:
            return
        self._seen.add(message_id)
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        genuine = verify(self.secret, headers, body, time.time())
        self.arrivals.append(Arrival(envelope.type, envelope.data, genuine, message_id, time.monotonic()))
        self.arrived.set()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Return whether the signature is genuine and fresh; header names in lower case, `now` in seconds."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age = abs(now - int(headers["webhook-timestamp"]))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    except (KeyError, ValueError):
        return False
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return age <= _TOLERANCE_SECONDS and any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
