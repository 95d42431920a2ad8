# SPDX-License-Identifier: MIT
"""HTTP/2: what nginx 1.22 answered, as recorded, and what the decoy answers; other clients, floods, and noise."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings, http_profile
from tests.decnet_decoys.https.http2.dialogues import (
    DIALOGUES,
    HELLO,
    PREFACE,
    client_context,
    encoded,
    frame,
    recorded,
    req,
    said,
)
from tests.ports import free_port, own_address

from decnet_core.events.catalogue import HttpRequest, LoginAttempt
from decnet_decoys.evidence.connection_recorder import MAX_TEXT
from decnet_decoys.tls.certificate import server_context
from decnet_decoys.tls.connection import TlsConnection

CURL = shutil.which("curl")
BODY_FIRST = (
    "nginx answers before it has read the body; the decoy records it first, so that no answer precedes its event"
)
OTHERWISE = {"post unfinished": BODY_FIRST, "data pad over": BODY_FIRST, "trailers": BODY_FIRST}
CONFIGURATION = """\
daemon off; master_process off; pid {0}/pid; error_log stderr;
events {{}}
http {{ types {{ text/html html; text/plain txt; }} default_type application/octet-stream; access_log off;
    server {{ listen {1} ssl http2; ssl_certificate {0}/tls.pem; ssl_certificate_key {0}/tls.pem; root {0}/www; }} }}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("http2")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("https",)))
    await made.open()
    yield made
    await made.close()


def place(host: DeckyHost) -> tuple[str, int]:
    return host.decky.address, host.decky.services["https"]


async def differing(address: str, port: int) -> list[str]:
    """Return the dialogues in which a server does not answer as recorded."""
    context, record = client_context("h2"), recorded()
    assert set(record) == set(DIALOGUES)
    return [title for title, sent in DIALOGUES.items() if await said(address, port, sent, context) != record[title]]


async def test_the_decoy_answers_as_nginx_did(host: DeckyHost) -> None:
    assert set(await differing(*place(host))) == set(OTHERWISE)


@pytest.mark.oracle
async def test_nginx_answers_as_recorded(tmp_path: Path) -> None:
    binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        pytest.skip("no nginx on this machine")
    profile = http_profile("debian-web")
    (tmp_path / "www").mkdir()
    for name, path in (("index.html", "/"), ("robots.txt", "/robots.txt")):
        (tmp_path / "www" / name).write_text(profile.pages[path].body)
        os.utime(tmp_path / "www" / name, (profile.modified, profile.modified))
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    server_context(tmp_path, "web-01")
    address = own_address(64)
    port = free_port(address)
    (tmp_path / "conf").write_text(CONFIGURATION.format(tmp_path, f"{address}:{port}"))
    process = await asyncio.create_subprocess_exec(
        binary, "-p", str(tmp_path), "-c", str(tmp_path / "conf"), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE):
            while not await takes_connections(address, port):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        assert not await differing(address, port)
    finally:
        process.terminate()
        await process.wait()


async def takes_connections(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.transport.abort()
    return True


@pytest.mark.skipif(CURL is None, reason="install curl")
async def test_requests_are_recorded_as_those_of_http_1(host: DeckyHost) -> None:
    address, port = place(host)
    url = f"https://{address}:{port}"
    for protocol, path in (("--http2", "/wp-login.php"), ("--http1.1", "/wp-login.php"), ("--http2", "/absent")):
        client = await asyncio.create_subprocess_exec(
            str(CURL), "-sk", protocol, "-w", "%{http_version}", "-d", "log=admin&pwd=hunter2", f"{url}{path}",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE):
            answer, _ = await client.communicate()
        assert answer.endswith(b"2" if protocol == "--http2" else b"1.1")
    second, first, absent = [event.payload for event in host.events(HttpRequest)]
    assert isinstance(second, HttpRequest)
    assert isinstance(first, HttpRequest)
    assert isinstance(absent, HttpRequest)
    assert (second.version, first.version) == ("HTTP/2.0", "HTTP/1.1")
    assert (second.method, second.target, second.host, second.body, second.status, second.user_agent) == (
        (first.method, first.target, first.host, first.body, first.status, first.user_agent)
    )
    assert [name for name, _ in second.headers] == [name.lower() for name, _ in first.headers]
    assert absent.status == 404
    assert len(host.events(LoginAttempt)) == 2


async def test_who_offers_no_h2_has_http_1(tmp_path: Path) -> None:
    made = DeckyHost(tmp_path, fleet_settings("mail-server", offers=("https",)))
    await made.open()
    try:
        async with asyncio.timeout(DEADLINE):
            _, writer = await asyncio.open_connection(*place(made), ssl=client_context("h2", "http/1.1"))
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.transport.abort()
    finally:
        await made.close()


BOMB = encoded(("x", "y" * 4000))
"""One field that fills the table of a header block; each reference to it costs a byte."""
POST = frame(1, 4, 1, req("/wp-login.php", "POST"))
HOSTILE = {
    "pings": HELLO + frame(6, 0, 0, b"12345678") * 25_000,
    "settings": HELLO + frame(4, 0, 0, b"\0\4\0\0\0\5" * 2000) * 20 + frame(4, 0, 0) * 25_000,
    "continuations without end": HELLO + frame(1, 0, 1, req()[:4]) + frame(9, 0, 1) * 25_000,
    "a block without end": HELLO + frame(1, 0, 1, req()) + frame(9, 0, 1, b"\x82" * 16_000) * 20,
    "a header bomb": HELLO + b"".join(frame(1, 5, n, req() + BOMB + b"\xbe" * 16_000) for n in range(1, 21, 2)),
    "strings in Huffman's code": HELLO
    + b"".join(frame(1, 5, n, encoded(*((f"a{k}", "e" * 7000) for k in range(9)))) for n in range(1, 21, 2)),
    "rapid reset": HELLO + b"".join(frame(1, 5, n, req()) + frame(3, 0, n, b"\0\0\0\x08") for n in range(1, 2401, 2)),
    "windows of one byte": PREFACE
    + frame(4, 0, 0, b"\0\4\0\0\0\0")
    + b"".join(frame(1, 5, n, req()) for n in range(1, 401, 2))
    + b"".join(frame(8, 0, n, b"\0\0\0\1") for _ in range(20) for n in range(1, 257, 2))
    + b"".join(frame(4, 0, 0, b"\0\4\0\0\0" + bytes((n % 60,))) for n in range(3000)),
    "bodies in many streams": HELLO
    + b"".join(frame(1, 4, n, req("/wp-login.php", "POST")) for n in range(1, 401, 2))
    + b"".join(frame(0, 0, n, b"z" * 16_000) for _ in range(2) for n in range(1, 257, 2)),
    "data without bytes": HELLO + POST + frame(0, 0, 1) * 25_000,
    "padding": HELLO + POST + frame(0, 8, 1, b"\xff" + b"\0" * 255) * 25_000,
    "fields of one byte": HELLO
    + b"".join(frame(1, 5, n, req() + encoded(("z", "")) + b"\xbe" * 16_000) for n in range(1, 41, 2)),
    "a frame of 16 MiB": HELLO + b"\xff\xff\xff\x01\0\0\0\0\1" + b"\0" * 200_000,
}


async def deliver(host: DeckyHost, data: bytes) -> bytes:
    """Send all of that, reading; return what came, without the bodies of a flood."""
    async with asyncio.timeout(4 * DEADLINE):
        reader, writer = await asyncio.open_connection(*place(host), ssl=client_context("h2"))
        found = bytearray()

        async def read() -> None:
            with contextlib.suppress(ConnectionError):
                while more := await reader.read(1 << 16):
                    found[:] = (found + more)[-(1 << 16) :]

        reading = asyncio.ensure_future(read())
        try:
            with contextlib.suppress(ConnectionError):
                for start in range(0, len(data), 1 << 16):
                    writer.write(data[start : start + (1 << 16)])
                    await writer.drain()
                    if reading.done():
                        break
                writer.write(frame(7, 0, 0, b"short"))  # ends it, if nothing has: a frame of a wrong size
                await writer.drain()
            await reading
        finally:
            reading.cancel()
            writer.transport.abort()
    return bytes(found)


@pytest.mark.parametrize("name", at_scale(HOSTILE, always=4))
async def test_a_flood_ends_the_connection_and_holds_nobody_up(host: DeckyHost, name: str) -> None:
    found = await deliver(host, HOSTILE[name])
    assert re.search(rb"\0\0\x08\x07\0\0\0\0\0", found), "no GOAWAY"
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot()["decoys_memory_left"] != host.settings.limits.memory_bytes:
            await asyncio.sleep(0.01)
    assert host.ctx.counters.snapshot()["decoys_stretches"] == 0


OPEN = HELLO + b"".join(frame(1, 4, n, req("/wp-login.php", "POST")) for n in range(1, 257, 2))
"""As many requests as may be open."""
CHEAP = {
    "requests that are refused": OPEN + b"".join(frame(1, 5, n, b"\x82") for n in range(257, 60_257, 2)),
    "data of one byte": HELLO + POST + frame(0, 0, 1, b"a") * 30_000,
    "data for nobody": HELLO + frame(0, 0, 1, b"a") * 30_000,
}


@pytest.mark.parametrize("name", at_scale(CHEAP, always=1))
async def test_frames_that_carry_little_end_the_connection(host: DeckyHost, name: str) -> None:
    found = await deliver(host, CHEAP[name])
    assert re.search(rb"\0\0\x08\x07\0{5}.{4}\0{4}$", found, re.DOTALL), "no GOAWAY without an error"


async def test_a_window_too_wide_ends_a_stream_whose_body_is_still_to_come(host: DeckyHost) -> None:
    sent = HELLO + POST + frame(8, 0, 1, b"\x7f\xff\xff\xff") + frame(0, 1, 1, b"a=b") + frame(1, 5, 3, req())
    lines = await said(*place(host), sent, client_context("h2"))
    assert [line for line in lines if line.startswith("3 ")] == ["3 0 1 00000003"]
    assert any(line.startswith("1 4 3 ") and ":status=200" in line for line in lines)


async def test_a_method_is_recorded_as_far_as_any_text_is(host: DeckyHost) -> None:
    await said(*place(host), HELLO + frame(1, 5, 1, req("/", "A" * 10_000)), client_context("h2"))
    (event,) = host.events(HttpRequest)
    assert isinstance(event.payload, HttpRequest)
    assert 0 < len(event.payload.method) <= MAX_TEXT


async def test_request_whose_end_is_an_empty_frame_is_recorded_also_if_nothing_follows(host: DeckyHost) -> None:
    async with asyncio.timeout(4 * DEADLINE):
        reader, writer = await asyncio.open_connection(*place(host), ssl=client_context("h2"))
        writer.write(HELLO + frame(1, 1, 1, req("/wp-login.php")) + frame(9, 4, 1))
        await writer.drain()
        assert await reader.read(1)
        writer.close()
        (found,) = await host.until(HttpRequest, 1)
    assert found.target == "/wp-login.php"


async def test_what_few_bytes_let_flow_is_not_written_all_at_once(
    host: DeckyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = TlsConnection.write

    async def noted(self: TlsConnection, data: bytes) -> None:
        written.append(len(data))
        await write(self, data)

    monkeypatch.setattr(TlsConnection, "write", noted)
    requests = b"".join(frame(1, 5, n, req("/wp-login.php")) for n in range(1, 257, 2))
    widths = b"".join(frame(4, 0, 0, b"\0\4" + width.to_bytes(4, "big")) for width in range(1, 800))
    await deliver(host, PREFACE + frame(4, 0, 0, b"\0\4\0\0\0\0") + requests + widths)
    assert sum(written) > 1 << 19
    assert max(written) < 1 << 17
