# SPDX-License-Identifier: MIT
"""Clients that do not want to log in: garbage, floods of packets, too much of everything, and a disk that refuses."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import shutil
import socket
import struct
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.decnet_decoys.ssh.test_login import connecting, playing

from decnet_decoys.settings import LimitSettings
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh import server
from decnet_decoys.ssh.channel import Channel

VERSION = b"SSH-2.0-x\r\n"
EMPTY_PACKET = struct.pack(">IB", 12, 11) + bytes(11)
"""A packet without a payload, hence without a type."""
IGNORE = struct.pack(">IBB", 12, 10, 2) + bytes(10)
"""The smallest SSH_MSG_IGNORE (RFC 4253 §11.2) there is without encryption: 16 bytes."""
SERVICE_REQUEST = struct.pack(">IBBI", 28, 10, 5, 12) + b"ssh-userauth" + bytes(10)
"""It is answered at once, also before keys are exchanged."""
KEXINIT = struct.pack(">IBB", 156, 11, 20) + bytes(16) + b"".join(
    struct.pack(">I", len(names)) + names
    for names in (
        b"curve25519-sha256", b"ssh-ed25519", *[b"aes128-ctr"] * 2, *[b"hmac-sha2-256"] * 2, *[b"none"] * 2, b"", b""
    )
) + bytes(5 + 11)  # fmt: skip


async def sent(host: DeckyHost, data: bytes) -> bytes:
    """Return what the decky says to a client that sends `data` and no more."""
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ssh"])
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), DEADLINE)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_garbage_is_one_line_of_the_log_and_no_traceback(
    host: DeckyHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for data in (b"SSH-\xff\xfe\r\n", VERSION + EMPTY_PACKET, VERSION + bytes([147]) + os.urandom(63)):
        await sent(host, data)
    assert (await sent(host, b"SSH-" + b"2" * 5000 + b".0-x\r\n")).endswith(b"Protocol major versions differ.\r\n")
    await host.until_counted("decoys_protocol_errors", 4)
    assert not [record for record in caplog.records if record.exc_info]
    assert len([record for record in caplog.records if "no SSH from" in record.getMessage()]) == 1
    assert "decoys_connection_errors" not in host.ctx.counters.snapshot()


async def test_answers_to_a_client_that_has_reset_its_connection_fill_no_log(
    host: DeckyHost, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ssh"])
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.write(VERSION)
        await asyncio.wait_for(reader.readuntil(b"\n"), DEADLINE)
        writer.write(KEXINIT + SERVICE_REQUEST * 400)
        writer.transport.abort()
    assert b"SSH" in await sent(host, VERSION)
    await host.until_counted("decoys_connections", 6)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def test_what_arrives_at_once_is_handled_in_turns(host: DeckyHost) -> None:
    await sent(host, VERSION + IGNORE * (1 << 14))
    assert host.ctx.counters.snapshot()["longest_stretch_ms"] < 60


async def test_of_a_hundred_thousand_algorithms_only_known_names_are_compared(
    host: DeckyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was looked for in a list, which held the loop for 33 ms before anybody had logged in."""
    compared: list[int] = []
    choose = asyncssh.SSHServerConnection._choose_alg

    def counted(connection: Any, kind: str, own: Any, theirs: Any) -> bytes:
        compared.append(len(theirs))
        return choose(connection, kind, own, theirs)

    monkeypatch.setattr(asyncssh.SSHServerConnection, "_choose_alg", counted)
    names = b"a," * 100_000 + b"curve25519-sha256"
    body = KEXINIT[5:22] + struct.pack(">I", len(names)) + names + KEXINIT[22 + 4 + len("curve25519-sha256") : -11]
    padding = 16 - (5 + len(body)) % 8
    said = await sent(host, VERSION + struct.pack(">IB", 1 + len(body) + padding, padding) + body + bytes(padding))
    assert said.startswith(b"SSH-2.0-")
    assert compared
    assert max(compared) < 10


async def written(process: asyncssh.SSHClientProcess[bytes], data: bytes, times: int) -> None:
    for _ in range(times):
        process.stdin.write(data)
        await asyncio.wait_for(process.stdin.drain(), DEADLINE)
    process.stdin.write_eof()
    await asyncio.wait_for(process.wait(check=True), DEADLINE)


async def test_a_client_that_sends_more_than_a_session_may_is_cut_off(tmp_path: Path) -> None:
    async with playing(tmp_path, limits=LimitSettings(session_bytes=200_000)) as host:
        async with connecting(host, password="admin123") as connection:
            process = await connection.create_process("cat > /tmp/x", encoding=None)
            with contextlib.suppress(asyncssh.Error, ConnectionError):
                await written(process, bytes(10_000), 100)
            await asyncio.wait_for(connection.wait_closed(), DEADLINE)
        assert host.ctx.counters.snapshot()["decoys_connections_cut"] == 1


async def test_a_disk_that_refuses_host_keys_is_loud_and_stops_only_ssh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "RETRY_SECONDS", 0.05)
    host = DeckyHost(tmp_path, fleet_settings())
    key = host.state.keys / "decoys" / "web-01" / "ssh_host_ed25519_key"
    obstacle = key.with_suffix(".new")
    shutil.rmtree(key.parent, ignore_errors=True)  # those that the tests have ready
    obstacle.mkdir(parents=True)
    await host.open()
    try:
        await host.until_counted("decoys_host_keys_failed", 2)
        assert f"decky web-01 cannot write its SSH host key {obstacle}" in caplog.text
        assert await sent(host, VERSION) == b""
        assert b"200 OK" in await host.curl("/", "-i")
        obstacle.rmdir()
        async with asyncio.timeout(DEADLINE):
            while not key.exists():
                await asyncio.sleep(0.01)
        async with connecting(host, password="admin123") as connection:
            assert (await connection.run("id -u")).stdout == "0\n"
    finally:
        await host.close()


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
async def test_no_group_of_1024_bits_is_offered(host: DeckyHost) -> None:
    """OpenSSH's least is 2048 (DH_GRP_MIN); audits name a smaller one at once."""
    from asyncssh import kex_dh

    assert min(group[2].bit_length() for group in kex_dh._dh_gex_groups) == 2048
    assert kex_dh._group1_p.bit_length() == 2048
    kex = ["diffie-hellman-group-exchange-sha256"]
    async with connecting(host, password="admin123", kex_algs=kex) as connection:
        assert (await connection.run("id -u")).stdout == "0\n"


async def sent_to_sleepers(connection: asyncssh.SSHClientConnection, channels: int, size: int) -> None:
    """Send `size` bytes on each of several channels to commands that read nothing."""
    for _ in range(channels):
        process = await connection.create_process("sleep 1000", encoding=None)
        process.stdin.write(bytes(size))


async def test_what_waits_on_all_channels_is_bounded_in_all(tmp_path: Path) -> None:
    async with playing(tmp_path, limits=LimitSettings(memory_bytes=900_000)) as host:
        async with connecting(host, password="admin123") as connection:
            with contextlib.suppress(asyncssh.Error, ConnectionError):
                await sent_to_sleepers(connection, 8, 128 << 10)
            await asyncio.wait_for(connection.wait_closed(), DEADLINE)
        assert host.ctx.counters.snapshot()["decoys_connections_cut"] == 1
        await host.until_counted("decoys_memory_left", 900_000)


async def test_what_waits_on_a_channel_is_given_back_when_it_closes(tmp_path: Path) -> None:
    async with playing(tmp_path) as host, connecting(host, password="admin123") as connection:
        size = host.settings.limits.memory_bytes
        process = await connection.create_process("sleep 1000", encoding=None)
        process.stdin.write(bytes(60_000))
        async with asyncio.timeout(DEADLINE):
            while host.ctx.counters.snapshot()["decoys_memory_left"] > size - 60_000:
                await asyncio.sleep(0.01)
        process.close()
        await asyncio.wait_for(process.wait_closed(), DEADLINE)
        assert (await connection.run("echo still here")).stdout == "still here\n"
        async with asyncio.timeout(DEADLINE):
            while host.ctx.counters.snapshot()["decoys_memory_left"] < size - 10_000:
                await asyncio.sleep(0.01)


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


COUNTED = (asyncssh.SSHServerConnection, Channel, ShellState)
"""The connections, and what their sessions run in: it holds the files that an intruder wrote."""
in_memory: weakref.WeakSet[Any] = weakref.WeakSet()
"""Those that were made since the test began; to look through all objects of the process takes 0.1 s."""


@pytest.fixture(autouse=True)
def count_what_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory.clear()
    for each in COUNTED:
        monkeypatch.setattr(each, "__init__", counted(each.__init__))


def counted(make: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(make)
    def note(one: Any, *arguments: Any, **options: Any) -> None:
        in_memory.add(one)
        make(one, *arguments, **options)

    return note


async def all_freed(host: DeckyHost) -> None:
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot()["decoys_connections_open"] or in_memory:
            await asyncio.sleep(0.05)


LINES = (
    "id",
    "uname -a",
    "echo (",
    "f() {",
    "true" + " | cat" * 50,
    "echo $((1 +",
    "exit 3",
    "no-such-command",
    "cat <<x",
)


@pytest.mark.usefixtures("no_collection")
async def test_connection_that_never_logged_in_is_freed_without_the_garbage_collector(host: DeckyHost) -> None:
    for data in (VERSION, VERSION + os.urandom(64), b"GET / HTTP/1.1\r\n\r\n"):
        await sent(host, data)
    await host.until_counted("decoys_connections", 3)
    await all_freed(host)


@pytest.mark.usefixtures("no_collection")
async def test_session_is_freed_without_the_garbage_collector(host: DeckyHost) -> None:
    for line in LINES:
        async with connecting(host, password="admin123") as connection:
            await connection.run(line)
    await all_freed(host)


@pytest.mark.usefixtures("no_collection")
async def test_session_that_is_cut_off_is_freed_without_the_garbage_collector(host: DeckyHost) -> None:
    for line in (*LINES, "sleep 1000", "cat", "yes"):
        async with connecting(host, password="admin123") as connection:
            await connection.create_process(line, term_type="xterm")
            connection.abort()
    async with connecting(host, password="admin123") as connection, connection.start_sftp_client() as client:
        async with client.open("/tmp/x", "wb") as file:
            await file.write(bytes(100_000))
            connection.abort()
            with contextlib.suppress(asyncssh.Error, ConnectionError, OSError):
                await file.write(b"x")
        await all_freed(host)


NUMBERS = 1_000
SEPARATOR = "," * 165
"""So that what a channel has to print is large and made in few steps."""
PRINTED = len(SEPARATOR.join(map(str, range(1, NUMBERS + 1)))) + 1
MOST_UNSENT = 600_000
"""Far more than a connection with ten channels keeps, and far less than what they have to say."""


async def connected(host: DeckyHost, window: int) -> Any:
    """Log in as a client whose channels may each be sent `window` bytes before it asks for more."""
    options: Any = {"known_hosts": None, "config": None, "client_keys": None, "window": window}
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)  # or the kernel would take most of it
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host.decky.address, host.decky.services["ssh"]))
    connection = await asyncssh.connect(sock=sock, username="root", password="admin123", **options)
    for end in servers():
        end._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 << 10)
    return connection


def servers() -> list[Any]:
    """Return the decky's ends of the connections that are open."""
    found = [one for one in in_memory if isinstance(one, asyncssh.SSHServerConnection)]
    return [end for end in found if end._transport is not None]


def unsent(host: DeckyHost) -> float:
    """Return how much of the memory budget is in use."""
    return host.settings.limits.memory_bytes - host.ctx.counters.snapshot()["decoys_memory_left"]


def kept_by_servers() -> int:
    """Return what the decky's connections hold of what they have to send."""
    return sum(
        end._transport.get_write_buffer_size()
        + sum(len(part) for _, content in end._deferred_packets for part in content)
        + sum(channel._send_buf_len for channel in end._channels.values())
        for end in servers()
    )


async def settled(host: DeckyHost) -> None:
    """Wait until the decky has nothing more to do for its clients."""
    async with asyncio.timeout(4 * DEADLINE):
        before = -1.0
        while before != (before := unsent(host)):
            await asyncio.sleep(1)


async def printing(connection: Any, channels: int) -> list[Any]:
    """Have commands print `PRINTED` bytes each."""
    line = f"sleep 0.5; seq -s {SEPARATOR} 1 {NUMBERS}"
    return [await connection.create_process(line, encoding=None) for _ in range(channels)]


@pytest.mark.parametrize("window", [64 << 10, 1 << 30])
async def test_output_that_a_client_does_not_take_waits_in_its_commands(host: DeckyHost, window: int) -> None:
    connection = await connected(host, window)
    processes = await printing(connection, 10)
    connection._transport.pause_reading()
    await settled(host)
    assert kept_by_servers() < MOST_UNSENT
    connection._transport.resume_reading()
    for process in processes:
        assert len((await asyncio.wait_for(process.wait(), DEADLINE)).stdout) == PRINTED
    connection.close()
    await connection.wait_closed()
    assert kept_by_servers() == 0


async def test_output_waits_for_a_key_exchange_that_a_client_does_not_finish(host: DeckyHost) -> None:
    connection = await connected(host, 1 << 30)
    processes = await printing(connection, 10)
    connection._transport.pause_reading()
    connection._send_kexinit()
    connection._kexinit_sent = True
    await settled(host)
    assert kept_by_servers() < MOST_UNSENT
    connection._transport.resume_reading()
    for process in processes:
        assert len((await asyncio.wait_for(process.wait(), DEADLINE)).stdout) == PRINTED
    connection.abort()


async def asked(connection: Any, until: Callable[[], bool] = lambda: False) -> None:
    """Ask for what has answers of 145 KB, or until that is so, and read none."""
    connection._transport.pause_reading()
    for _ in range(4000):
        if until():
            break
        connection.send_packet(80, b"\0\0\0\4none\1")  # SSH_MSG_GLOBAL_REQUEST (RFC 4254 §4)
        await asyncio.sleep(0)


@pytest.mark.scale  # few of them: test_output_that_a_client_does_not_take
async def test_a_client_that_asks_and_does_not_listen_is_not_read(host: DeckyHost) -> None:
    connection = await connected(host, 1 << 30)
    await asked(connection)
    await settled(host)
    assert kept_by_servers() < 100_000
    connection.abort()


@pytest.mark.scale  # as above
async def test_what_all_clients_do_not_take_is_bounded_in_all(tmp_path: Path) -> None:
    async with playing(tmp_path, limits=LimitSettings(memory_bytes=120_000)) as host:
        clients = [await connected(host, 1 << 30) for _ in range(4)]
        for client in clients:
            await asked(client, lambda: "decoys_connections_cut" in host.ctx.counters.snapshot())
        await host.until_counted("decoys_connections_cut", 1)
        assert kept_by_servers() <= 120_000
        for client in clients:
            client.abort()
        await host.until_counted("decoys_memory_left", 120_000)
