# SPDX-License-Identifier: MIT
"""The HTTP server: TLS by files that are renewed, what it does not wait for, answers without a delay."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from decnet_core.net.addresses import Network
from decnet_core.net.sockets import listening, listening_unix
from decnet_web.api.application import make_application
from decnet_web.api.hosting import connection
from decnet_web.api.hosting.serving import DEFAULTS, Listener, Server
from decnet_web.api.hosting.tls import Certificate, CertificateError
from decnet_web.api.settings import ApiSettings

REQUEST = b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"


def write_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Put a certificate for `name` and its key into files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files[1].write_bytes(key.private_bytes(*encoding))
    return files


@asynccontextmanager
async def served(
    *listeners: Listener, settings: ApiSettings = DEFAULTS, trusted: Sequence[Network] = ()
) -> AsyncIterator[Server]:
    server = Server(make_application(None, lazily=True), settings, trusted)
    running = asyncio.ensure_future(server.serve_on(listeners))
    await server.begun.wait()
    try:
        yield server
    finally:
        server.end()
        await running


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(REQUEST)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await asyncio.wait_for(reader.readexactly(length), 120)
    return head


def trusting() -> ssl.SSLContext:
    """Return what a client needs to whom any certificate will do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def name_of(port: int) -> str:
    """Return the name in the certificate that a new connection is shown."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting())
    try:
        assert b" 404 " in await ask(reader, writer)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        subject = x509.load_der_x509_certificate(shown).subject
        return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_renewed_certificate_is_for_the_next_connection(tmp_path: Path) -> None:
    files = write_certificate(tmp_path, "first.example")
    certificate = Certificate(*map(str, files))
    tcp = listening("127.0.0.1", 0)
    port = tcp.getsockname()[1]
    async with served((tcp, certificate.context)):
        assert await name_of(port) == "first.example"
        assert not certificate.refresh()
        write_certificate(tmp_path, "second.example")
        assert certificate.refresh()
        assert await name_of(port) == "second.example"
        files[0].write_text("nonsense")
        with pytest.raises(CertificateError, match="cannot use the certificate"):
            certificate.refresh()
        assert await name_of(port) == "second.example"


async def test_a_socket_without_tls_stands_beside_one_with_it(tmp_path: Path) -> None:
    certificate = Certificate(*map(str, write_certificate(tmp_path, "a.example")))
    tcp, path = listening("127.0.0.1", 0), tmp_path / "api.socket"
    port = tcp.getsockname()[1]
    async with served((tcp, certificate.context), (listening_unix(path, 0o600), None)):
        reader, writer = await asyncio.open_unix_connection(str(path))
        head = await ask(reader, writer)
        writer.close()
        assert b" 404 " in head
        assert b"server:" not in head
        assert await name_of(port) == "a.example"


async def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    tcp = listening("127.0.0.1", 0)
    port = tcp.getsockname()[1]
    async with served((tcp, None)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HT")
        assert await asyncio.wait_for(reader.read(), 120) == b""
        writer.close()


async def test_answers_are_sent_at_once() -> None:
    tcp = listening("127.0.0.1", 0)
    port = tcp.getsockname()[1]
    async with served((tcp, None)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(reader, writer)
        (connection,) = server.server_state.connections
        opened = connection.transport.get_extra_info("socket")
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        counts = {"requests": 1, "connections": 1, "connections_evicted": 0}
        assert server.counters() == {**counts, "connections_refused": 0, "requests_malformed": 0}
        writer.close()


@pytest.mark.parametrize("inside_tls", [False, True])
async def test_who_was_accepted_before_the_end_is_answered(tmp_path: Path, inside_tls: bool) -> None:
    """It is being parked, and the client's request or its TLS handshake is on its way."""
    tcp, context = listening("127.0.0.1", 0), None
    if inside_tls:
        context = Certificate(*map(str, write_certificate(tmp_path, "a.example"))).context
    async with served((tcp, context)) as server:
        with socket.create_connection(tcp.getsockname(), 60) as client:
            async with asyncio.timeout(60):
                while not (server.servers[0].beginning or server.server_state.connections):  # another task's state
                    await asyncio.sleep(0)
            server.end()
            answer = await asyncio.to_thread(_ask_plainly, client, trusting() if inside_tls else None)
    assert answer.startswith(b"HTTP/1.1 404")


async def test_who_would_wait_for_too_long_at_the_end_gets_no_answer() -> None:
    """So that it, or `web` for it, asks the next process; it got a 500."""
    begun = asyncio.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:  # uvicorn counts parameters
        begun.set()
        await asyncio.Event().wait()

    tcp = listening("127.0.0.1", 0)
    server = Server(wait)
    server.config.timeout_graceful_shutdown = 1
    running = asyncio.ensure_future(server.serve_on([(tcp, None)]))
    await server.begun.wait()
    reader, writer = await asyncio.open_connection(*tcp.getsockname())
    writer.write(REQUEST)
    await begun.wait()
    server.end()
    assert await asyncio.wait_for(reader.read(), 120) == b""
    writer.close()
    await running


def _ask_plainly(client: socket.socket, context: ssl.SSLContext | None) -> bytes:
    with context.wrap_socket(client.dup()) if context else client.dup() as wrapped:
        wrapped.sendall(REQUEST)
        return wrapped.recv(65_536)
