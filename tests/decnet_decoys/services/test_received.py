# SPDX-License-Identifier: MIT
"""Whoever sends something leaves what he sent: one event of a connection that asked for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import (
    NOT_UNDERSTOOD,
    ClientIdentified,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    ServiceRequest,
)
from decnet_core.events.folding import key_of
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.received import KEPT_BYTES, Received

SERVICES = ("ssh", "http", "https", "telnet", "ftp", "smtp", "redis", "mysql")
JUNK = bytes.fromhex("00deadbeef0102fe")
HALF_A_HELLO = bytes.fromhex("1603010200010001fc0303")


@contextlib.asynccontextmanager
async def playing(
    directory: Path, persona: str = "mail-server", offers: tuple[str, ...] = SERVICES
) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(directory, fleet_settings(persona, offers=offers))
    await host.open()
    try:
        yield host
    finally:
        await host.close()


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    async with playing(tmp_path) as made:
        yield made


async def said(host: DeckyHost, service: str, data: bytes) -> None:
    """Send it and read until the service ends the connection."""
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services[service])
    writer.write(data)
    with contextlib.suppress(OSError):
        writer.write_eof()
        await asyncio.wait_for(reader.read(), DEADLINE)
    writer.close()


async def told(host: DeckyHost, connections: int = 1) -> list[Payload]:
    """Return what is recorded of connections that have ended, besides that they came."""
    await host.until(ConnectionOpened, connections)
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot().get("decoys_connections_open"):
            await asyncio.sleep(0.01)
    return [event.payload for event in host.events() if not isinstance(event.payload, ConnectionOpened)]


def detail(data: bytes) -> dict[str, str]:
    received = Received()
    received.add(data)
    return received.detail()


@pytest.mark.parametrize("service", [service for service in SERVICES if service not in ("http", "https")])
async def test_bytes_that_mean_nothing_are_recorded_with_their_number(host: DeckyHost, service: str) -> None:
    data = JUNK + b"\x01" * 2000
    await said(host, service, data)
    assert await told(host) == [ServiceRequest(service, "no request", detail(data))]
    assert detail(data)["bytes"] == str(len(data))


@pytest.mark.parametrize("persona", ["debian-web", "nas"])  # one sends its version alone, one what it offers, too
async def test_what_ssh_reads_in_several_goes_is_counted_once(tmp_path: Path, persona: str) -> None:
    async with playing(tmp_path, persona, ("ssh",)) as host:
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ssh"])
        await asyncio.wait_for(reader.readline(), DEADLINE)
        parts = (b"SSH", b"-2.0", b"-half a line")
        for number, part in enumerate(parts, 1):
            writer.write(part)
            async with asyncio.timeout(DEADLINE):
                while sum(connection.received.total for connection in served(host)) < len(b"".join(parts[:number])):
                    await asyncio.sleep(0.01)
        writer.write_eof()
        with contextlib.suppress(OSError):
            await asyncio.wait_for(reader.read(), DEADLINE)
        writer.close()
        assert await told(host) == [ServiceRequest("ssh", "no request", detail(b"".join(parts)))]


async def test_another_protocol_is_recorded_once_though_it_is_no_request_either(host: DeckyHost) -> None:
    await said(host, "redis", b"GET / HTTP/1.1\r\n*x\r\n")
    actions = [event.action for event in await told(host) if isinstance(event, ServiceRequest)]
    assert actions.count("other protocol") == 1
    assert "no request" not in actions


async def test_a_client_that_names_itself_is_recorded_as_before(host: DeckyHost) -> None:
    await said(host, "ssh", b"SSH-2.0-probe\r\n" + JUNK)
    assert await told(host) == [ClientIdentified("ssh", "SSH-2.0-probe")]


@pytest.mark.parametrize("data", [HALF_A_HELLO, JUNK, b"\r\n\r\n"])
async def test_what_is_no_handshake_is_recorded_with_the_reason(host: DeckyHost, data: bytes) -> None:
    await said(host, "https", data)
    (event,) = await told(host)
    assert isinstance(event, ServiceRequest)
    assert event.action == "no TLS"
    assert event.detail.pop("reason")
    assert event.detail == detail(data)


async def test_who_only_connects_leaves_that_alone(host: DeckyHost) -> None:
    for service in SERVICES:
        await said(host, service, b"")
    assert await told(host, len(SERVICES)) == []


@pytest.mark.parametrize("inside", [b"", b"GET / HT"])
async def test_of_what_comes_inside_tls_the_plain_text_is_kept(host: DeckyHost, inside: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(host.decky.address, host.decky.services["https"], ssl=context)
    writer.write(inside)
    await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    (event,) = await told(host)
    assert isinstance(event, ServiceRequest)
    if inside:
        assert event == ServiceRequest("https", "no request", detail(inside))
    else:  # the hello, which is all that it sent in clear
        assert event.detail["data"].startswith("\x16\x03\x01")
        assert event.action == "handshake only"
        assert event.action not in NOT_UNDERSTOOD  # a health check is no probe


@pytest.mark.parametrize("ended", ["Ho", "Host: x\r\nContent-Length: 9\r\n\r\nabc"])
async def test_half_a_request_is_recorded(host: DeckyHost, ended: str) -> None:
    await said(host, "http", f"POST /a HTTP/1.1\r\n{ended}".encode())
    (event,) = await told(host)
    assert isinstance(event, HttpRequest)
    assert (event.method, event.target, event.version, event.status) == ("POST", "/a", "HTTP/1.1", 400)
    assert event.body == ("abc" if ended.endswith("abc") else None)


@pytest.mark.parametrize("data", [b"\r\n", b"GET / HTTP/1.1"])
async def test_what_is_not_even_a_line_is_recorded(host: DeckyHost, data: bytes) -> None:
    await said(host, "http", data)
    assert await told(host) == [ServiceRequest("http", "no request", detail(data))]


async def test_garbage_that_is_refused_is_a_request(host: DeckyHost) -> None:
    await said(host, "http", JUNK + b"\r\n")
    (event,) = await told(host)
    assert isinstance(event, HttpRequest)
    assert event.status == 400


async def test_what_was_sent_before_a_reset_is_recorded(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ftp"])
    await asyncio.wait_for(reader.readline(), DEADLINE)
    writer.write(JUNK)
    await host.until(ConnectionOpened)
    async with asyncio.timeout(DEADLINE):
        while not sum(connection.received.total for connection in served(host)):
            await asyncio.sleep(0.01)
    linger = (1).to_bytes(4, "little") + bytes(4)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    assert await told(host) == [ServiceRequest("ftp", "no request", detail(JUNK))]


async def test_of_a_connection_that_the_worker_ends_it_is_recorded_too(tmp_path: Path) -> None:
    async with playing(tmp_path) as host:
        _, writer = await asyncio.open_connection(host.decky.address, host.decky.services["redis"])
        writer.write(JUNK)
        async with asyncio.timeout(DEADLINE):
            while not sum(connection.received.total for connection in served(host)):
                await asyncio.sleep(0.01)
    writer.transport.abort()
    assert [one.payload for one in host.events(ServiceRequest)] == [ServiceRequest("redis", "no request", detail(JUNK))]


async def test_of_a_mail_log_in_that_is_cut_short_the_request_is_recorded(tmp_path: Path) -> None:
    async with playing(tmp_path) as host:
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["smtp"])
        writer.write(b"EHLO scanner\r\nAUTH LOGIN\r\n")
        await asyncio.wait_for(reader.readuntil(b"\n334 "), DEADLINE)
    writer.transport.abort()
    requests = [one.payload for one in host.events(ServiceRequest)]
    assert requests == [
        ServiceRequest("smtp", "EHLO", {"ARGS": "scanner"}),
        ServiceRequest("smtp", "AUTH", {"ARGS": "LOGIN"}),
    ]


def served(host: DeckyHost) -> list[Connection]:
    """Return the connections that are being served."""
    tasks = [task for listener in host.listeners for task in listener._serving]
    return [task.get_coro().cr_frame.f_locals["connection"] for task in tasks]  # type: ignore[union-attr]


FTP = {
    "SYST": ("SYST", {}),
    "FEAT": ("FEAT", {}),
    "SITE CPFR /etc/passwd": ("SITE", {"ARGS": "CPFR /etc/passwd"}),
    "PORT 192,0,2,1,0,22": ("PORT", {"ARGS": "192,0,2,1,0,22"}),
    "STOR ../x": ("STOR", {"ARGS": "../x"}),
    "\x01\x02 y": ("unknown command", {"ARGS": "\x01\x02 y", "known": "no"}),
    "PASS x": ("PASS", {"ARGS": "x"}),
}


async def test_commands_before_a_log_in_are_recorded_as_what_they_are(host: DeckyHost) -> None:
    lines = [*FTP, "NOOP", "USER first", "USER root", "PASS y", "USER last", "QUIT"]
    await said(host, "ftp", "".join(f"{line}\r\n" for line in lines).encode())
    login = LoginAttempt("ftp", "root", success=False, password="y")
    expected = [ServiceRequest("ftp", action, given) for action, given in FTP.values()]
    names = [ServiceRequest("ftp", "USER", {"ARGS": name}) for name in ("first", "last")]
    assert await told(host) == [*expected, names[0], login, names[1]]


SMTP = {
    "EHLO scanner": ("EHLO", {"ARGS": "scanner"}),
    "VRFY root": ("VRFY", {"ARGS": "root"}),
    "EXPN staff": ("EXPN", {"ARGS": "staff"}),
    "RCPT TO:<${run{id}}@localhost>": ("RCPT", {"ARGS": "TO:<${run{id}}@localhost>"}),
    "WIZ": ("unknown command", {"ARGS": "WIZ", "known": "no"}),
}
MAIL = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<relaytest@example.com>\r\n"


async def test_verbs_are_recorded_and_those_of_a_mail_with_it(host: DeckyHost) -> None:
    lines = "".join(f"{line}\r\n" for line in SMTP).encode()
    whole = MAIL + b"DATA\r\nSubject: x\r\n\r\n.\r\n"
    await said(host, "smtp", lines + MAIL + b"RSET\r\nNOOP\r\n" + whole + MAIL + b"QUIT\r\n")
    events = [one for one in await told(host) if isinstance(one, ServiceRequest)]
    none = ServiceRequest("smtp", "no mail", {"from": "a@example.org", "to": "relaytest@example.com"})
    expected = [ServiceRequest("smtp", action, given) for action, given in SMTP.values()]
    assert events[: len(SMTP)] == expected
    assert [one.action for one in events[len(SMTP) :]] == ["no mail", "mail", "no mail"]
    assert events[-1] == events[len(SMTP)] == none


@pytest.mark.parametrize("service", ["ftp", "smtp"])
async def test_a_command_that_says_nothing_is_recorded_where_nothing_else_is(host: DeckyHost, service: str) -> None:
    await said(host, service, b"QUIT\r\n")
    assert await told(host) == [ServiceRequest(service, "QUIT")]


async def test_redis_s_unknown_commands_have_one_action(host: DeckyHost) -> None:
    await said(host, "redis", b"junk a b\r\nother\r\nSYSTEM.EXEC id\r\nPING\r\n")
    assert await told(host) == [
        ServiceRequest("redis", "unknown command", {"ARGS": "junk a b", "known": "no"}),
        ServiceRequest("redis", "unknown command", {"ARGS": "other", "known": "no"}),
        ServiceRequest("redis", "SYSTEM.EXEC", {"ARGS": "id", "known": "no"}),
        ServiceRequest("redis", "PING"),
    ]


async def test_garbage_of_whatever_kind_can_be_folded(host: DeckyHost) -> None:
    for number in range(8):
        await said(host, "redis", b"%d junk\r\n" % number)
        await said(host, "ftp", b"%d junk\r\n" % number)
        await said(host, "smtp", b"A%d junk\r\n" % number)
        await said(host, "mysql", JUNK + bytes((number,)))
    await told(host, 32)
    events = host.events(ServiceRequest)
    assert len(events) == 32
    assert len({key_of(event) for event in events}) == 4


BEGINNINGS = (
    b"", b"GET / HTTP/1.1\r\n", b"SSH-2.0-", b"\x16\x03\x01\x02\0\x01", b"*2\r\n$4\r\nECHO\r\n", b"USER ",
    b"EHLO x\r\n", b"\xff\xfd\x18\xff\xfa", b"\x20\0\0\x01\x85\xa6\xff\x01", b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_who_sends_anything_leaves_only_that_he_came(host: DeckyHost, service: str) -> None:
    drawing = random.Random(service)
    for beginning in BEGINNINGS:
        for length in (1, 7, 200):
            end = drawing.choice((b"", b"\n", b"\r\n\r\n"))
            await said(host, service, beginning + drawing.randbytes(length) + end)
    await told(host, 3 * len(BEGINNINGS))
    came = {event.session for event in host.events(ConnectionOpened)}
    assert len(came) == 3 * len(BEGINNINGS)
    assert came == {event.session for event in host.events() if not isinstance(event.payload, ConnectionOpened)}


@given(st.lists(st.binary(max_size=KEPT_BYTES * 2), max_size=5))
def test_the_beginning_is_bounded_and_the_number_exact(parts: list[bytes]) -> None:
    received = Received()
    for part in parts:
        received.add(part)
    whole = b"".join(parts)
    assert (received.beginning, received.total) == (whole[:KEPT_BYTES], len(whole))
    assert len(received.detail()["data"]) <= 4 * KEPT_BYTES


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=3), st.lists(st.binary(max_size=9), max_size=3))
def test_plain_text_takes_the_place_of_a_handshake(hello: list[bytes], inside: list[bytes]) -> None:
    received = Received()
    for part in hello:
        received.add(part)
    received.encrypted()
    for part in inside:
        received.add(part)
    assert received.beginning == (b"".join(inside) or b"".join(hello))
    assert received.total == len(received.beginning)
