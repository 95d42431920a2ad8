# SPDX-License-Identifier: MIT
"""Clients that send what costs most: none keeps the others waiting, and none is kept in memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random

import pytest
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost

from decnet_core.events.catalogue import HttpRequest

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FORM = (
    b"POST /wp-login.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000000\r\n\r\n"
)
HEAD = b"GET /%s HTTP/1.1\r\nHost: x\r\n" % (b"%25" * 2700)
HOSTILE = {
    "pipelined requests": GET * 2500,
    "chunks of one byte": CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n",
    "a trailer section without end": CHUNKED + b"0\r\n" + b"a: b\r\n" * 100_000,
    "a form of escapes": FORM + b"log=" + b"%ff" * 333_332,
    "a form that is no text": FORM + b"log=" + b"\xff" * 999_996,
    "heads as long as they may be": (HEAD + b"A: %s\r\n" % (b"\xff" * 8000) * 2 + b"\r\n") * 30,
    "a head byte by byte": HEAD + b"A: b\r\n" * 90 + b"\r\n",
    "noise": random.Random(1).randbytes(1 << 20),
    "empty lines": b"\r\n" * 15_000 + GET,
}


@pytest.fixture(autouse=True)
def _small_heap() -> None:
    """What the test process holds is no part of a decoy's garbage collections; it is never part of them again."""
    gc.collect()
    gc.freeze()


async def deliver(host: DeckyHost, data: bytes, source: str, piece: int, *, listens: bool) -> None:
    """Send all of `data` from an address of its own, with or without reading the answers."""
    reader, writer = await asyncio.open_connection(
        host.decky.address, host.decky.services["http"], local_addr=(source, 0), limit=1 << 16
    )
    listening = asyncio.ensure_future(swallowed(reader)) if listens else None
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0 if not listens else DEADLINE):
                for start in range(0, len(data), piece):
                    writer.write(data[start : start + piece])
                    await writer.drain()
                writer.write_eof()
                if listening is not None:
                    await listening
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def swallowed(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass


@pytest.mark.parametrize("name", at_scale(HOSTILE, always=3))
async def test_nothing_runs_long_without_a_yield(host: DeckyHost, name: str) -> None:
    piece = 64 if name == "a head byte by byte" else 1 << 18
    await asyncio.gather(
        *(deliver(host, HOSTILE[name], f"127.0.0.{number}", piece, listens=number < 3) for number in range(1, 5))
    )
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot()["decoys_memory_left"] != host.settings.limits.memory_bytes:
            await asyncio.sleep(0.01)  # the decoy learns of the last client's end after that client
    assert host.ctx.counters.snapshot()["decoys_stretches"] == 0


async def test_a_client_that_does_not_read_is_not_read_from(host: DeckyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_decoys.http.timeouts._OF", {})  # or the connection ends before its buffers are full
    _, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"], limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    sent, blocked = 0, False
    async with asyncio.timeout(4 * DEADLINE):
        while not blocked:  # for ever, if the decoy went on reading
            writer.write(GET * 1000)
            sent += 1000
            try:
                await asyncio.wait_for(writer.drain(), 2.0)
            except TimeoutError:
                blocked = True
    assert len(host.events(HttpRequest)) < sent
    writer.transport.abort()


@pytest.mark.scale
async def test_others_are_served_while_one_source_floods(host: DeckyHost) -> None:
    flood = [asyncio.ensure_future(deliver(host, GET * 8000, "127.0.0.1", 1 << 18, listens=True)) for _ in range(10)]
    await host.until(HttpRequest, 2000)
    answered = len(host.events(HttpRequest))
    await deliver(host, GET, "127.0.0.9", 1 << 10, listens=True)
    assert len(host.events(HttpRequest)) - answered < 4000
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
