# SPDX-License-Identifier: MIT
"""The Telnet decoy beside BusyBox's, attacked by a real client and as bots do, and flooded."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import (
    CommandRun,
    LoginAttempt,
    Payload,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_decoys.telnet.options import Options

P = TypeVar("P", bound=Payload)
NAME = b"web-01"
"""Of the decky that `fleet_settings` makes."""
BUSYBOX, CLIENT, NMAP = (shutil.which(name) for name in ("busybox", "telnet", "nmap"))


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("nas", offers=("telnet",)))
    await made.open()
    yield made
    await made.close()


def payloads(host: DeckyHost, kind: type[P]) -> list[P]:
    return [event.payload for event in host.events(kind)]  # type: ignore[misc]  # of that kind


class Dialogue:
    """A client that sends bytes and reads until it has seen what it waits for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.seen = b""

    async def until(self, awaited: bytes) -> bytes:
        """Return what came up to and including `awaited`; all that came, if the server ends first."""
        async with asyncio.timeout(DEADLINE):
            while awaited not in self.seen:
                data = await self._reader.read(4096)
                if not data:
                    break
                self.seen += data
        found, awaited, self.seen = self.seen.partition(awaited)
        return found + awaited

    async def say(self, sent: bytes, awaited: bytes) -> bytes:
        self._writer.write(sent)
        return await self.until(awaited)

    async def end(self) -> bytes:
        async with asyncio.timeout(DEADLINE):
            rest = self.seen + await self._reader.read()
        self.leave()
        return rest

    def leave(self) -> None:
        self._writer.transport.abort()


async def connected(address: str, port: int) -> Dialogue:
    return Dialogue(*await asyncio.open_connection(address, port))


async def to_decoy(host: DeckyHost) -> Dialogue:
    return await connected(host.decky.address, host.decky.services["telnet"])


async def logged_in(host: DeckyHost) -> Dialogue:
    client = await to_decoy(host)
    await client.until(b"login: ")
    await client.say(b"root\r\n", b"Password: ")
    await client.say(b"admin\r\n", b"# ")
    return client


FAILED = (b"nobody\x7fy1\r\n", b"wrong\r\n", b"\r\n", b"no two\r\0", b"\x15wrong\n", b"no3\r\n", b"wrong\r\n")
PROMPTS = (b"Password: ", b"login: ", b"login: ", b"Password: ", b"login: ", b"Password: ", b"never shown")


@pytest.mark.skipif(BUSYBOX is None, reason="compares with the real server: install busybox-static")
async def test_failed_logins_are_answered_as_the_real_server_does(host: DeckyHost, tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.symlink_to(str(BUSYBOX))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = await connected(*listening.getsockname())
        inherited, _ = listening.accept()
        arguments = ("telnetd", "-i", "-l", str(login), "-f", "/dev/null")
        with inherited:
            server = await asyncio.create_subprocess_exec(
                str(BUSYBOX),
                *arguments,
                stdin=inherited.fileno(),
                stdout=inherited.fileno(),
                stderr=asyncio.subprocess.DEVNULL,
            )
    real = await _failing(client)
    await server.wait()
    ours = await _failing(await to_decoy(host))
    name = socket.gethostname().encode()
    issue = b"StoreBox OS 4.2.1\r\n\r"
    assert ours[0] == b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\r\n" + issue + NAME + b" login: "
    assert [one.replace(NAME, name).replace(issue, b"") for one in ours] == real
    attempts = [(one.username, one.password, one.success) for one in payloads(host, LoginAttempt)]
    assert attempts == [("nobody1", "wrong", False), ("no two", "wrong", False), ("no3", "wrong", False)]


async def _failing(client: Dialogue) -> list[bytes]:
    said = [await client.until(b"login: ")]
    said += [await client.say(sent, awaited) for sent, awaited in zip(FAILED, PROMPTS, strict=True)]
    client.leave()
    return said


@pytest.mark.skipif(CLIENT is None, reason="install telnet")
async def test_a_real_client_gets_a_recorded_shell(host: DeckyHost) -> None:
    client = await asyncio.create_subprocess_exec(
        str(CLIENT), host.decky.address, str(host.decky.services["telnet"]),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert client.stdin is not None
    assert client.stdout is not None
    async with asyncio.timeout(DEADLINE):
        await client.stdout.readuntil(b"login: ")
        client.stdin.write(b"admin\n")
        await client.stdout.readuntil(b"Password: ")
        client.stdin.write(b"admin\n")
        await client.stdout.readuntil(b"$ ")
        client.stdin.write(b"cat /etc/version\n")
        assert b"4.2.1-20230316" in await client.stdout.readuntil(b"$ ")
        client.stdin.write(b"exit\n")
        assert b"closed by foreign host" in await client.stdout.read()
        await client.wait()
    await host.until(SessionClosed)
    (opened,), (closed,) = payloads(host, SessionOpened), payloads(host, SessionClosed)
    assert (opened.service, opened.username, closed.commands) == ("telnet", "admin", 2)
    assert [one.command for one in payloads(host, CommandRun)] == ["cat /etc/version", "exit"]


async def test_a_bot_finds_busybox(host: DeckyHost) -> None:
    client = await logged_in(host)
    assert b"ECCHI: applet not found" in await client.say(b"/bin/busybox ECCHI\r\n", b"# ")
    assert b"4.2.1" in await client.say(b"sh\r\ncat /etc/version\r\n", b"4.2.1-20230316")
    client.leave()
    await host.until(SessionClosed)


async def test_ctrl_c_ends_a_login_and_a_command_only(host: DeckyHost) -> None:
    client = await to_decoy(host)
    await client.until(b"login: ")
    assert await client.say(b"ro\x03", b"never") == b"^C"
    client.leave()
    client = await logged_in(host)
    await client.say(b"sleep 1000\r\n", b"sleep 1000\r\n")
    assert b"# " in await client.say(b"\x03", b"# ")
    client.leave()


async def test_another_protocol_is_recorded_as_what_it_is(host: DeckyHost) -> None:
    client = await to_decoy(host)
    await client.until(b"login: ")
    await client.say(b"GET / HTTP/1.1\r\nHost: x\r\n", b"Password: ")
    client.leave()
    await host.until(ServiceRequest)
    (request,) = payloads(host, ServiceRequest)
    assert (request.action, request.detail["protocol"]) == ("other protocol", "http")


async def test_a_client_that_takes_nothing_costs_a_bounded_amount(host: DeckyHost) -> None:
    client = await logged_in(host)
    client._writer.write(b"cat /proc/cpuinfo\r\n" * 2000)
    other = await logged_in(host)
    assert b"uid=0" in await other.say(b"id\r\n", b"# ")
    other.leave()
    client.leave()


async def test_garbage_ends_no_listener(host: DeckyHost) -> None:
    for sent in (b"\xff" * 70_000, b"\xff\xfa" + b"\0" * 70_000, bytes(range(256)) * 300, b"\r\n" * 400):
        client = await to_decoy(host)
        client._writer.write(sent)
        await client.until(b"login: ")
        client.leave()
    client = await logged_in(host)
    client.leave()


async def test_what_goes_wrong_in_a_connection_ends_no_other(host: DeckyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object, _data: bytes) -> None:
        raise ValueError("not foreseen")

    with monkeypatch.context() as changed:
        changed.setattr(Options, "feed", broken)
        client = await to_decoy(host)
        client._writer.write(b"root\r\n")
        assert b"login: " in await client.until(b"nothing, for it ends")
        client.leave()
    assert host.ctx.counters.snapshot()["decoys_session_errors"] == 1
    assert host.ctx.tasks._failure is None, "the worker would end with it"
    client = await logged_in(host)
    client.leave()


@pytest.mark.scale  # nmap takes its time
@pytest.mark.skipif(NMAP is None, reason="install nmap")
async def test_a_scanner_names_it_as_the_persona_claims(host: DeckyHost) -> None:
    arguments = ("-n", "-Pn", "-sT", "-sV", "-p", str(host.decky.services["telnet"]), host.decky.address)
    scan = await asyncio.create_subprocess_exec(str(NMAP), *arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(4 * DEADLINE):
        found, _ = await scan.communicate()
    assert b"BusyBox telnetd" in found


async def test_a_signal_in_the_segment_of_a_name_ends_the_login(host: DeckyHost) -> None:
    client = await to_decoy(host)
    await client.until(b"login: ")
    assert await client.say(b"ab\rcd\x03\r", b"never") == b"^C\r\n"
    client.leave()
