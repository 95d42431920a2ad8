# SPDX-License-Identifier: MIT
"""The Telnet decoy as Debian's telnetd: what a real client negotiates, what is recorded of it, and hostile options.

What it answers beside the real server is in tests/decnet_decoys/services/dialogues/inetutils.py.
"""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import (
    CommandRun,
    LoginAttempt,
    Payload,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_decoys.telnet.flavour import BUSYBOX, INETUTILS
from decnet_decoys.telnet.inetutils import Negotiation
from decnet_decoys.telnet.socket_channel import MOST_WAITING, SocketChannel
from decnet_decoys.telnet.subnegotiations import acknowledged, environment_of

P = TypeVar("P", bound=Payload)
CLIENT = shutil.which("telnet")
REFUSED = b"".join(bytes((255, 252, option)) for option in (24, 32, 35, 36)) + b"\xff\xfe\x25\xff\xfe\x26"
PLAIN = b"\xff\xfd\x03\xff\xfc\x01\xff\xfc\x22\xff\xfc\x1f"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("telnet",)))
    await made.open()
    yield made
    await made.close()


def payloads(host: DeckyHost, kind: type[P]) -> list[P]:
    return [event.payload for event in host.events(kind)]  # type: ignore[misc]  # of that kind


@pytest.mark.skipif(CLIENT is None, reason="install telnet")
async def test_a_real_client_tells_its_terminal_and_gets_a_recorded_shell(host: DeckyHost) -> None:
    ours, its = pty.openpty()
    client = await asyncio.create_subprocess_exec(
        str(CLIENT), host.decky.address, str(host.decky.services["telnet"]),
        stdin=its, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    assert client.stdout is not None
    async with asyncio.timeout(DEADLINE):
        greeting = await client.stdout.readuntil(b"web-01 login: ")
        os.write(ours, b"root\n")
        await client.stdout.readuntil(b"Password: ")
        os.write(ours, b"admin123\n")
        await client.stdout.readuntil(b"# ")
        os.write(ours, b"echo $TERM; exit\n")
        assert b"closed by foreign host" in await client.stdout.read()
        await client.wait()
    os.close(ours)
    os.close(its)
    await host.until(SessionClosed)
    assert b"Linux 6.1.0-25-amd64 (web-01) (pts/0)\r\n" in greeting
    (login,), (opened,), (said,) = (
        payloads(host, LoginAttempt), payloads(host, SessionOpened), payloads(host, ServiceRequest),
    )  # fmt: skip
    assert (login.username, login.password, login.success) == ("root", "admin123", True)
    assert opened.terminal == "xterm-256color"
    assert [one.command for one in payloads(host, CommandRun)] == ["echo $TERM; exit"]
    assert said.action == "options"
    assert said.detail["terminal"] == "XTERM-256COLOR"
    assert "," in said.detail["speed"]


async def test_a_login_by_an_argument_in_the_environment_is_recorded_and_has_no_effect(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["telnet"])
    async with asyncio.timeout(DEADLINE):
        writer.write(REFUSED + b"\xff\xfb\x27")
        await reader.readuntil(b"\xff\xfa\x27\x01\xff\xf0")
        writer.write(b"\xff\xfa\x27\0\0USER\1-f root\xff\xf0")
        await reader.readuntil(b"\xff\xfd\x21")
        writer.write(PLAIN)
        assert b"web-01 login: " in await reader.readuntil(b"login: ")
        writer.transport.abort()
        await host.until(ServiceRequest)
    (request,) = payloads(host, ServiceRequest)
    assert (request.action, request.detail) == (
        "exploit-login-argument", {"environment USER": "-f root"},
    )  # fmt: skip


async def test_five_logins_may_fail(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["telnet"])
    async with asyncio.timeout(DEADLINE):
        writer.write(REFUSED + b"\xff\xfc\x27")
        await reader.readuntil(b"\xff\xfd\x21")
        writer.write(PLAIN)
        for number in range(5):
            await reader.readuntil(b"login: ")
            writer.write(b"root%d\r\n" % number)
            await reader.readuntil(b"Password: ")
            writer.write(b"wrong\r\n")
        assert await reader.read() == b"\r\n\r\nLogin incorrect\r\nMaximum number of tries exceeded (5)\r\n"
    writer.close()
    assert [one.username for one in payloads(host, LoginAttempt)] == [f"root{number}" for number in range(5)]


async def test_what_is_typed_before_any_answer_is_bounded(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("telnet",)))
    await host.open()
    try:
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["telnet"])
        writer.write(b"x" * 400_000)
        other_reader, other = await asyncio.open_connection(host.decky.address, host.decky.services["telnet"])
        async with asyncio.timeout(DEADLINE):
            other.write(REFUSED + b"\xff\xfc\x27")
            await other_reader.readuntil(b"\xff\xfd\x21")
            assert await reader.readexactly(21) == Negotiation.opening
        other.transport.abort()
        writer.transport.abort()
    finally:
        await host.close()


@given(st.lists(st.binary(max_size=200) | st.sampled_from([REFUSED, PLAIN, b"\xff\xfa\x18\0x\xff\xf0"]), max_size=12))
def test_whatever_a_client_sends_is_answered_within_bounds(sent: list[bytes]) -> None:
    negotiation = Negotiation()
    for data in sent:
        typed, answers = negotiation.feed(data)
        assert len(typed) <= len(data)
        assert len(answers) <= 200 + 100 * len(data)
    assert len(negotiation._subnegotiation) <= 512
    assert len(negotiation.offered) <= 16 + 3
    assert 20 <= negotiation.size[0] <= 500


def test_the_state_is_put_together_again_only_when_an_option_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    put_together = Negotiation._status

    def noted(negotiation: Negotiation) -> bytes:
        made.append(put_together(negotiation))
        return made[-1]

    monkeypatch.setattr(Negotiation, "_status", noted)
    negotiation = Negotiation()
    negotiation.feed(REFUSED + b"\xff\xfc\x27")
    negotiation.feed(PLAIN + b"\xff\xfd\x05")
    question = b"\xff\xfd\x05\xff\xfa\x05\x01\xff\xf0"
    said = negotiation.feed(question * 400)[1]
    assert len(made) == 1
    assert said == made[0] * 400
    for change in (b"\xff\xfd\x00", b"\xff\xfe\x00", b"\xff\xfb\x1f", b"\xff\xfc\x1f"):
        negotiation.feed(change)
        assert negotiation.feed(question)[1] == put_together(negotiation)


def test_a_long_environment_is_kept_in_part() -> None:
    negotiation = Negotiation()
    for number in range(100):
        negotiation.feed(b"\xff\xfa\x27\0\0NAME%d\1" % number + b"v" * 2000 + b"\xff\xf0")
    assert len(negotiation.offered) == 16
    assert all(len(value) < 512 for value in negotiation.offered.values())


def test_an_environment_is_read_with_its_escapes() -> None:
    said = b"x\0LANG\1C\3A\2\1B\1c\2\2d\0EMPTY"
    assert list(environment_of(said)) == [(b"LANG", b"C"), (b"A\1B", b"c\2d"), (b"EMPTY", b"")]


def test_characters_that_a_client_sets_are_confirmed() -> None:
    assert acknowledged(b"\1\0\0\3\x62\xff\4\x82\x0f\5") == b"\3\xe2\xff\xff"


async def test_the_iac_of_a_data_mark_is_urgent_data(host: DeckyHost) -> None:
    loop, seen, urgent = asyncio.get_running_loop(), b"", asyncio.Event()
    with socket.socket() as client, select.epoll() as poll:
        client.setblocking(False)
        async with asyncio.timeout(DEADLINE):
            await loop.sock_connect(client, (host.decky.address, host.decky.services["telnet"]))
            for said, end in ((REFUSED + b"\xff\xfc\x27", b"\xff\xfd\x21"), (PLAIN, b"login: ")):
                await loop.sock_sendall(client, said)
                while end not in seen:
                    seen += await loop.sock_recv(client, 4096)
            poll.register(client, select.EPOLLPRI)
            loop.add_reader(poll, urgent.set)
            await loop.sock_sendall(client, b"ab\x1a")
            await urgent.wait()
            loop.remove_reader(poll)
            assert client.recv(1, socket.MSG_OOB) == b"\xff"
            while b"\xf2" not in seen:
                seen += await loop.sock_recv(client, 4096)
    assert b"\xff\xf2" not in seen


def test_the_delay_after_a_wrong_password_varies_as_with_linux_pam() -> None:
    drawn = [INETUTILS.failure_seconds(1200) for _ in range(200)]
    assert all(1.5 <= one <= 4.5 for one in drawn)
    assert len(set(drawn)) > 100
    assert {BUSYBOX.failure_seconds(1200), INETUTILS.failure_seconds(0)} == {3.0, 0.0}


async def test_a_name_that_login_would_take_for_an_option_is_refused_and_recorded(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["telnet"])
    async with asyncio.timeout(DEADLINE):
        writer.write(REFUSED + b"\xff\xfc\x27")
        await reader.readuntil(b"\xff\xfd\x21")
        writer.write(PLAIN)
        await reader.readuntil(b"login: ")
        writer.write(b"-froot\r\n")
        assert b"Password" not in await reader.readuntil(b"Login incorrect\r\n")
        writer.transport.abort()
        await host.until(LoginAttempt)
    (attempt,) = payloads(host, LoginAttempt)
    assert (attempt.username, attempt.success) == ("-froot", False)


def test_nothing_is_read_after_a_client_wants_to_be_logged_out() -> None:
    negotiation = Negotiation()
    _, answers = negotiation.feed(b"\xff\xfd\x12\xff\xfd\x63")
    assert (answers, negotiation.left) == (b"\xff\xfb\x12", True)


async def test_who_takes_no_answers_is_not_listened_to() -> None:
    """Not even while it asks: an answer to each question would be made, and kept, for nobody."""
    asked = b"\xff\xfa\x05\x01\xff\xf0" * 100

    class Deaf:
        reads = 0
        lease = SimpleNamespace(hold=lambda _size: True)

        async def read(self) -> bytes:
            self.reads += 1
            await asyncio.sleep(0)
            return asked

        async def write(self, _data: bytes) -> None:
            await asyncio.get_running_loop().create_future()

    connection, options = Deaf(), Negotiation()
    channel = SocketChannel(connection, options, 60.0)  # type: ignore[arg-type]  # what it uses of a connection
    tasks = [asyncio.ensure_future(work) for work in (channel.read(b"\xff\xfd\x05"), channel.write_out())]
    async with asyncio.timeout(DEADLINE):
        while channel._room.is_set():
            await asyncio.sleep(0)
    reads = connection.reads
    for _ in range(1000):
        await asyncio.sleep(0)
    assert connection.reads == reads
    assert MOST_WAITING < len(channel._waiting) < 2 * MOST_WAITING
    for task in tasks:
        task.cancel()
