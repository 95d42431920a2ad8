# SPDX-License-Identifier: MIT
"""TLS: the certificate is checked against the endpoint's name, though the connection goes to a pinned address."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from decnet_workers.outbound.dial import DialError, Dialler
from decnet_workers.outbound.target import parse_target
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.http_connection import HttpConnection
from decnet_workers.webhook.transports.http_sender import HttpSender


@pytest.fixture
async def port(certificate: Path) -> AsyncIterator[int]:
    """A TLS server that answers 204 to whatever comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def resolve(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def post(port: int, host: str, ca_file: str) -> Reply | Failed:
    dialler = Dialler("webhook", allowed=(), connect_seconds=30, ca_file=ca_file, resolve=resolve)
    sender = HttpSender(dialler, attempt_seconds=30, idle_seconds=1)
    try:
        request = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
        (outcome,) = await sender.post(parse_target(f"https://{host}:{port}/"), [request], allow_private=True)
        return outcome
    finally:
        sender.close()


async def test_a_certificate_of_the_name_is_accepted(port: int, certificate: Path) -> None:
    assert await post(port, "hook.test", str(certificate)) == Reply(204)


async def test_a_certificate_of_another_name_is_not(port: int, certificate: Path) -> None:
    failed = await post(port, "other.test", str(certificate))
    assert isinstance(failed, Failed)
    assert "not valid for 'other.test'" in failed.reason


async def test_an_unknown_authority_is_not_trusted(port: int) -> None:
    failed = await post(port, "hook.test", "")
    assert isinstance(failed, Failed)
    assert "self-signed certificate" in failed.reason


async def test_an_unreadable_authority_file_is_named(port: int, tmp_path: Path) -> None:
    assert await post(port, "hook.test", str(tmp_path / "none.pem")) == Failed(
        "[webhook] ca_file cannot be read: No such file or directory"
    )
    with pytest.raises(DialError):
        await Dialler("webhook", allowed=(), connect_seconds=1, ca_file="/none", resolve=resolve).open(
            parse_target(f"https://hook.test:{port}/"), HttpConnection, allow_private=True
        )
