# SPDX-License-Identifier: MIT
"""Where it listens: TLS with a certificate that is renewed, a UNIX socket, behind nginx."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.decnet_web.web.conftest import PAGE, Running, parsed
from tests.ports import free_port

from decnet_core.exits import StartupError
from decnet_core.net.sockets import listening

Start = Callable[..., Awaitable[Running]]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for `name` with its key."""
    pem, key = folder / "web.pem", folder / "web.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    return pem, key


async def over_tls(port: int, authority: Path, name: str) -> bytes:
    context = ssl.create_default_context(cafile=str(authority))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    writer.write(GET)
    try:
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
async def test_a_renewed_certificate_is_used_for_the_next_connection(start_web: Start, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "first.localhost")
    web = await start_web(certificate=str(pem), certificate_key=str(key))
    status, fields, body = parsed(await over_tls(web.port, pem, "first.localhost"))
    assert (status, body) == (200, PAGE)
    assert fields["strict-transport-security"] == "max-age=31536000"
    certificate(tmp_path, "second.localhost")
    assert parsed(await over_tls(web.port, pem, "second.localhost"))[0] == 200
    kept = Path(shutil.copy(pem, tmp_path / "kept.pem"))
    pem.write_text("no certificate")  # half written
    assert parsed(await over_tls(web.port, kept, "second.localhost"))[0] == 200


async def test_without_tls_what_a_client_of_it_says_is_refused(start_web: Start) -> None:
    web = await start_web(head_seconds=0.3)
    context = ssl.create_default_context()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", web.port, ssl=context, server_hostname="localhost")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"listen": "localhost"}, "ADDRESS:PORT"),
        ({"certificate": "/nowhere.pem"}, "nowhere.pem"),
        ({"forwarded_allow": ("10.0.0.0/99",)}, "forwarded_allow"),
    ],
)
async def test_a_setting_that_cannot_work_is_named(start_web: Start, changes: dict[str, object], words: str) -> None:
    with pytest.raises(StartupError, match=words):
        await start_web(**changes)


async def test_a_used_port_is_named(start_web: Start) -> None:
    with listening("127.0.0.1", 0) as taken, pytest.raises(StartupError, match=r"\[web\] listen: .* is taken"):
        await start_web(listen=f"127.0.0.1:{taken.getsockname()[1]}")


async def test_a_local_proxy_uses_the_unix_socket_and_names_the_client(start_web: Start, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    web = await start_web(unix_listen=str(path))
    assert path.stat().st_mode & 0o777 == 0o660
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n")
    writer.write(b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
    status, fields, _ = parsed(await reader.read())
    writer.close()
    assert status == 200
    assert "strict-transport-security" in fields
    assert b"x-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: https\r\n" in web.api.connections[0]


@asynccontextmanager
async def nginx(folder: Path, upstream: int) -> AsyncIterator[int]:
    """Run nginx as a proxy before the dashboard; yield its port."""
    port = free_port()
    folder.mkdir()
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log stderr; events {{}}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
""")
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder))
    try:
        async with asyncio.timeout(120):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
async def test_behind_nginx_it_streams_and_knows_the_client(start_web: Start, tmp_path: Path) -> None:
    web = await start_web(hosts=("decnet.example.net",), forwarded_allow=("127.0.0.1",))
    release = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        web.api.connections[-1] = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"9\r\ndata: 1\n\n\r\n")
        await release.wait()
        writer.write(b"0\r\n\r\n")

    async with nginx(tmp_path / "nginx", web.port) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: decnet.example.net\r\n\r\n")
        assert PAGE in await reader.readuntil(PAGE)
        web.api.answer = stream
        writer.write(
            b"GET /api/v1/stream HTTP/1.1\r\nHost: decnet.example.net\r\n"
            b"X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"
        )
        async with asyncio.timeout(120):
            await reader.readuntil(b"data: 1\n\n")  # before the answer is over
        release.set()
        await reader.read()
        writer.close()
    # nginx's client is at an address that is trusted, too, so what that one wrote is believed
    assert b"x-forwarded-proto: https\r\n" in web.api.connections[0]
    assert b"x-forwarded-for: 203.0.113.9\r\n" in web.api.connections[0]
