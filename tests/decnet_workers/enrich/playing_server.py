# SPDX-License-Identifier: MIT
"""A real HTTP server on loopback that plays a provider: what it documents, its errors, and what is none of both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Request(msgspec.Struct):
    """What it was asked; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


class PlayingServer:
    """Gives `answers` one after another, the last one again and again."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[bytes | Behaviour] = []
        self.port = 0
        self.sent = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = first.split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            self.requests.append(Request(method, target, headers))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
            await writer.drain()
        self._writers.discard(writer)
        writer.close()

    async def flood(self, writer: asyncio.StreamWriter) -> None:
        """Send two gigabytes, and count what is taken."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
        block = b"1.2.3.4\n" * 8192
        with suppress(ConnectionError):
            while self.sent < 2 << 30:
                writer.write(block)
                await writer.drain()
                self.sent += len(block)


def answer(status: int, body: Any = b"", **headers: str) -> bytes:
    """Return a response; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{given}\r\n".encode() + content


async def hang(writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other side gives up."""
    await writer.wait_closed()


TO_METADATA = answer(302, Location="http://169.254.169.254/latest/meta-data/")

MALICIOUS = {
    "ip": "185.220.101.4",
    "noise": True,
    "riot": False,
    "classification": "malicious",
    "name": "unknown",
    "link": "https://viz.greynoise.io/ip/185.220.101.4",
    "last_seen": "2026-11-28",
    "message": "Success",
}
RESOLVER = {**MALICIOUS, "noise": False, "riot": True, "classification": "benign", "name": "Cloudflare Public DNS"}
NOT_SEEN = {"ip": "198.41.0.4", "noise": False, "riot": False, "message": "IP not observed scanning the internet."}
TOO_MANY = {"plan": "unauthenticated", "rate-limit": "50-lookups/week", "message": "You have hit your rate limit."}


def checked(confidence: int, **more: Any) -> dict[str, Any]:
    """Return what AbuseIPDB's `check` documents."""
    return {
        "data": {
            "ipAddress": "185.220.101.4",
            "isPublic": True,
            "ipVersion": 4,
            "isWhitelisted": False,
            "abuseConfidenceScore": confidence,
            "countryCode": "DE",
            "usageType": "Data Center/Web Hosting/Transit",
            "isp": "Network for Tor Exits",
            "domain": "example.org",
            "hostnames": [],
            "isTor": False,
            "totalReports": 12 if confidence else 0,
            "numDistinctUsers": 4,
            "lastReportedAt": "2026-11-28T20:55:14+00:00",
            **more,
        }
    }
