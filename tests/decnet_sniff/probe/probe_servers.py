# SPDX-License-Identifier: MIT
"""Servers on loopback for the prober to ask, real ones and ones that misbehave, on ports that the kernel gives."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HERE = "127.0.0.1"


class Pair(NamedTuple):
    """A certificate and its key in PEM files."""

    certificate: Path
    key: Path


def certificate(
    folder: Path, *options: str, key: tuple[str, ...] = ("rsa:2048",), subject: str = "/CN=a.example"
) -> Pair:
    """Return a new certificate; `options` are those of openssl-req(1)."""
    made = Pair(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "30", "-subj", subject, *options,
         "-keyout", str(made.key), "-out", str(made.certificate)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return made


def context_of(pair: Pair) -> ssl.SSLContext:
    """Return what a Python TLS server has by default."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    writer.close()


@asynccontextmanager
async def serving(handler: Handler, host: str = HERE, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve by `handler`; yields the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.transport.abort()

    # asyncio tells its exception handler of handshakes that clients break off, which is all that JARM does
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    server = await asyncio.start_server(handle, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def s_server(pair: Pair, log: Path, *options: str) -> AsyncIterator[int]:
    """Run `openssl s_server` on a port that it is given by the kernel and tells in `log`; yields the port."""
    command = ["openssl", "s_server", "-accept", f"{HERE}:0", "-cert", str(pair.certificate), "-key", str(pair.key)]
    with (
        log.open("wb") as output,
        subprocess.Popen([*command, *options], stdin=subprocess.PIPE, stdout=output, stderr=output) as child,
    ):
        try:
            async with asyncio.timeout(60):
                while not (said := re.search(r"ACCEPT \S+:(\d+)\n", log.read_text())):
                    assert child.poll() is None, log.read_text()
                    await asyncio.sleep(0.02)
            yield int(said[1])
        finally:
            child.kill()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever, as the beginning of a long TLS record."""
    writer.write(b"\x16\x03\x03\x40")
    while True:
        writer.write(b"\0")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take everything and answer nothing."""
    while await reader.read(65536):
        pass


def flood(head: bytes = b"") -> Handler:
    """Return a handler that sends a gigabyte as fast as it is taken."""

    async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _round in range(1 << 14):
            writer.write(bytes(1 << 16))
            await writer.drain()

    return send


def saying(data: bytes) -> Handler:
    """Return a handler that sends `data` and closes."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(data)
        await writer.drain()
        writer.close()

    return send
