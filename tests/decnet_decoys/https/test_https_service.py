# SPDX-License-Identifier: MIT
"""The HTTPS decoy: the persona's site inside TLS, with a certificate that is kept, and clients that speak no TLS."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import HttpRequest, ServiceRequest

CURL = shutil.which("curl")


async def opened(directory: Path) -> DeckyHost:
    made = DeckyHost(directory, fleet_settings("debian-web", offers=("http", "https")))
    await made.open()
    return made


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = await opened(tmp_path)
    yield made
    await made.close()


def url(host: DeckyHost, scheme: str) -> str:
    return f"{scheme}://{host.decky.address}:{host.decky.services[scheme]}"


async def curled(*arguments: str) -> bytes:
    client = await asyncio.create_subprocess_exec(str(CURL), "-sk", *arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(DEADLINE):
        output, _ = await client.communicate()
    return output


@pytest.mark.skipif(CURL is None, reason="install curl")
async def test_the_site_is_that_of_http(host: DeckyHost) -> None:
    plain, secured = [await curled(f"{url(host, scheme)}/") for scheme in ("http", "https")]
    assert plain == secured != b""
    answer = await curled("-i", "--http1.1", "-d", "x" * 100_000, f"{url(host, 'https')}/")
    assert answer.startswith(b"HTTP/1.1 4")
    requests = [event.payload for event in host.events(HttpRequest)]
    assert [(one.method, one.body_bytes) for one in requests if isinstance(one, HttpRequest)] == [
        ("GET", 0),
        ("GET", 0),
        ("POST", 100_000),
    ]
    assert [event.dst_port for event in host.events(HttpRequest)][1:] == [host.decky.services["https"]] * 2


async def certificate(host: DeckyHost) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(DEADLINE):
        _, writer = await asyncio.open_connection(host.decky.address, host.decky.services["https"], ssl=context)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def test_the_certificate_outlives_the_worker(tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        host = await opened(tmp_path)
        shown.append(await certificate(host))
        await host.close()
    assert shown[0] == shown[1]


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\xff" * 5000])
async def test_what_is_no_tls_is_recorded_and_ends(host: DeckyHost, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["https"])
    writer.write(sent)
    async with asyncio.timeout(DEADLINE):
        await reader.read()
        (request,) = await host.until(ServiceRequest)
    writer.transport.abort()
    assert request.action == ("other protocol" if sent.startswith(b"GET") else "no TLS")
    assert request.detail.get("reason") or request.detail["protocol"] == "http"


RECORDED_CIPHERS = {
    "debian-web": (27, "ECDHE-RSA-AES256-GCM-SHA384"),
    "mail-server": (44, "AES128-SHA"),
}
"""How many ciphers of TLS 1.2 nmap's ssl-enum-ciphers found of nginx and Apache as Debian 12 configures them, and which
one they chose of two that a client offered with the weaker one first."""


def offered(host: DeckyHost) -> tuple[int, str]:
    """Return how many ciphers of TLS 1.2 the decoy accepts, and which of two it chooses."""

    def chosen(ciphers: str) -> str | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        endpoint = (host.decky.address, host.decky.services["https"])
        with socket.create_connection(endpoint) as plain:
            try:
                with context.wrap_socket(plain) as secured:
                    found = secured.cipher()
            except ssl.SSLError:
                return None
        return found[0] if found else None

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:!aNULL:!PSK:!SRP:!ECDSA")
    names = [one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"]
    accepted = [name for name in names if chosen(name) == name]
    return len(accepted), chosen("AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384") or ""


@pytest.mark.parametrize("persona", RECORDED_CIPHERS)
async def test_tls_is_offered_as_the_personas_server_does(persona: str, tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings(persona, offers=("https",)))
    await host.open()
    try:
        assert await asyncio.to_thread(offered, host) == RECORDED_CIPHERS[persona]
    finally:
        await host.close()
