# SPDX-License-Identifier: MIT
"""HTTPS, with certificates that change and clients whose certificates name a token."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet_core.events.catalogue import CanaryHit, HttpRequest
from decnet_core.exits import StartupError

Start = Callable[..., Awaitable[Any]]


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)


def self_signed(file: Path, name: str) -> Path:
    """Write certificate and key into one file."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.crt")
    file.write_bytes(Path(f"{file}.key").read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


async def get(canary: Any, target: str, client: Path | None = None) -> tuple[bytes, bytes]:
    """Return the answer and the server's certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if client is not None:
        context.load_cert_chain(client)
    reader, writer = await asyncio.open_connection(*canary.https, ssl=context)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    try:
        answer = await asyncio.wait_for(reader.read(), 120)
        return answer, writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()


async def test_a_changed_certificate_is_used_without_a_restart(start_canary: Start, tmp_path: Path) -> None:
    file = self_signed(tmp_path / "server.pem", "old.test")
    canary = await start_canary(https_listen="127.0.0.1:0", certificate=str(file))
    slug = canary.token().text
    answer, old = await get(canary, f"/{slug}")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    self_signed(tmp_path / "new.pem", "new.test").replace(file)
    _, new = await get(canary, "/")
    assert b"old.test" in old
    assert b"new.test" in new
    file.write_text("half a certificate")
    os.utime(file, ns=(1, 1))
    _, still = await get(canary, "/")
    assert still == new
    payloads = [event.payload for event in canary.events()]
    assert isinstance(payloads[0], CanaryHit)
    assert payloads[0].token == slug
    assert isinstance(payloads[1], HttpRequest)


async def test_a_client_certificate_names_its_token(start_canary: Start, tmp_path: Path) -> None:
    authority = self_signed(tmp_path / "authority.pem", "kubernetes")
    server = self_signed(tmp_path / "server.pem", "api.test")
    canary = await start_canary(
        https_listen="127.0.0.1:0", certificate=str(server), client_authority=f"{authority}.crt"
    )
    slug, key, request = canary.token().text, tmp_path / "client.key", tmp_path / "client.csr"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", *curve, "-subj", f"/O=system:masters/CN={slug}", "-keyout", str(key), "-out", str(request))
    signed = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "2")
    openssl("x509", "-req", "-in", str(request), *signed, "-out", str(tmp_path / "client.crt"))
    client = tmp_path / "client.pem"
    client.write_bytes(key.read_bytes() + (tmp_path / "client.crt").read_bytes())
    await get(canary, "/api?timeout=32s", client)
    await get(canary, "/api")
    first, second = (event.payload for event in canary.events())
    assert isinstance(first, CanaryHit)
    assert (first.token, first.target) == (slug, "/api?timeout=32s")
    assert isinstance(second, HttpRequest)


async def test_what_is_not_tls_is_closed(start_canary: Start, tmp_path: Path) -> None:
    file = self_signed(tmp_path / "server.pem", "x.test")
    canary = await start_canary(https_listen="127.0.0.1:0", certificate=str(file))
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(200)):
        reader, writer = await asyncio.open_connection(*canary.https)
        writer.write(data)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 120)
        writer.close()
    assert canary.events() == []
    assert canary.ctx.counters.snapshot()["tls_failures"] >= 1


async def test_https_without_a_certificate_does_not_start(start_canary: Start, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="https_listen needs certificate"):
        await start_canary(https_listen="127.0.0.1:0")
    with pytest.raises(StartupError, match="No such file"):
        await start_canary(https_listen="127.0.0.1:0", certificate=str(tmp_path / "none.pem"))
