# SPDX-License-Identifier: MIT
"""Attacks on the services beside SSH and HTTP: floods, slow clients, garbage, half-open connections, bombs, uploads."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import struct
from collections.abc import Awaitable, Callable, Sequence

from decnet_decoys.mysql.authentication import NATIVE, response
from hostile.attack import ANSWER_SECONDS, PORTS, Attack, Attacker, Play, Target, all_of, crowd, rounds

Begin = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Send = Callable[[Target, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(32)
"""The beginning of a TLS handshake."""
LOGIN_OF_MYSQL = bytes.fromhex("0500000100000000") + b"x"
FTP_LOGIN = b"USER anonymous\r\nPASS x\r\n"
REFUSED = b"\xff\xfe\x25\xff\xfe\x26" + b"".join(b"\xff\xfc" + bytes((one,)) for one in (24, 32, 35, 36, 39))
"""Answers to what telnetd asks first."""
STATUS = b"\xff\xfd\x05\xff\xfa\x05\x01\xff\xf0"
_PASSIVE = re.compile(rb"\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)")
MYSQL_PASSWORD = b"root"
"""One of root's."""
BOMB = gzip.compress(bytes(32 << 20))
"""32 MiB of zeros as 32 KiB."""


async def telnet_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse all options, which telnetd awaits before login starts."""
    writer.write(REFUSED)
    async with asyncio.timeout(5):
        await reader.readuntil(b"\xff\xfd\x21")
    writer.write(b"\xff\xfc\x01\xff\xfc\x1f")


async def _until(reader: asyncio.StreamReader, expected: bytes) -> None:
    """Read until `expected` has come, however much comes before it; raises IncompleteReadError."""
    tail = b""
    while expected not in tail:
        chunk = await reader.read(1 << 16)
        if not chunk:
            raise asyncio.IncompleteReadError(tail, None)
        tail = tail[-len(expected) :] + chunk


def telnet_guesses(password: bytes, connections: int, sources: int) -> Play:
    """Try to log in by Telnet, three times a connection, again and again.

    What is typed before login has asked for the password is dropped by it, so the prompt is awaited.
    """

    async def once(target: Target, source: int) -> None:
        reader, writer = await target.tcp(PORTS["telnet"], source)
        try:
            async with asyncio.timeout(target.left + ANSWER_SECONDS):
                await telnet_login(reader, writer)
                await _until(reader, b"login: ")
                for _ in range(3):
                    writer.write(b"root\r\n")
                    await _until(reader, b"Password: ")
                    target.sent("auth.attempt")
                    writer.write(password + b"\r\n")
                    await _until(reader, b"login: ")
                    target.answered("auth.attempt")
        finally:
            writer.transport.abort()

    async def one(target: Target, source: int) -> None:
        await rounds(target, lambda: once(target, source))

    return crowd(connections, one, sources)


def half_open(service: str, connections: int, sources: int, first: bytes = b"") -> Play:
    """Open connections, send `first`, and then nothing until time is up."""

    async def one(target: Target, source: int) -> None:
        _, writer = await target.tcp(PORTS[service], source)
        try:
            writer.write(first)
            await target.stay()
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


def _sending(data: bytes, counts: dict[str, int] | None, begin: Begin | None) -> Send:
    """Return what sends `data` on a new connection, after `begin`, and counts what that is recorded as."""

    async def send(target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if begin is not None:
            await begin(reader, writer)
        for kind, count in (counts or {}).items():
            target.sent(kind, count)
        writer.write(data)

    return send


def flood(
    service: str,
    data: bytes,
    connections: int,
    sources: int,
    counts: dict[str, int] | None = None,
) -> Play:
    """Send `data` on a new connection and read until it closes or says nothing more, again and again.

    `counts` is what one round is recorded as at most, by event kind.
    """
    send = _sending(data, counts, None)

    async def once(target: Target, source: int) -> None:
        reader, writer = await target.tcp(PORTS[service], source)
        try:
            await send(target, reader, writer)
            async with asyncio.timeout(min(max(target.left, 0.1), 1.0)):
                while await reader.read(1 << 16):
                    pass
        finally:
            writer.transport.abort()

    async def one(target: Target, source: int) -> None:
        await rounds(target, lambda: once(target, source))

    return crowd(connections, one, sources)


def unread(
    service: str,
    data: bytes,
    connections: int,
    sources: int,
    counts: dict[str, int] | None = None,
    *,
    begin: Begin | None = None,
) -> Play:
    """Send `data` on each connection and read nothing until time is up."""
    send = _sending(data, counts, begin)

    async def one(target: Target, source: int) -> None:
        reader, writer = await target.tcp(PORTS[service], source)
        try:
            await send(target, reader, writer)
            await target.stay()
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


def slow(service: str, drop: bytes, connections: int, sources: int) -> Play:
    """Send `drop` every half second: the connection is never idle and never done."""

    async def one(target: Target, source: int) -> None:
        _, writer = await target.tcp(PORTS[service], source)
        try:
            while target.left:
                writer.write(drop)
                await asyncio.sleep(min(0.5, target.left))
        finally:
            writer.transport.abort()

    return crowd(connections, one, sources)


async def tls_handshakes(target: Target, source: int) -> None:
    """Shake hands by TLS and leave, again and again."""

    async def once() -> None:
        _, writer = await target.tls(source)
        writer.transport.abort()

    await rounds(target, once)


async def ftp_upload(target: Target, source: int) -> None:
    """Store a file of up to 1 GB."""
    reader, writer = await target.tcp(PORTS["ftp"], source)
    try:
        target.sent("auth.attempt")
        writer.write(FTP_LOGIN + b"PASV\r\n")
        async with asyncio.timeout(max(target.left, 0.1)):
            while not (found := _PASSIVE.search(await reader.readline())):
                pass
            port = int(found[5]) * 256 + int(found[6])
            _, data = await target.tcp(port, source)
            writer.write(b"STOR pub/x\r\n")
            for _ in range(1024):
                data.write(bytes(1 << 20))
                await data.drain()
        data.transport.abort()
    finally:
        writer.transport.abort()


def _mail(body: bytes) -> bytes:
    return b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + body


LINE = b"x" * 70 + b"\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
ZIPPED = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB


async def bombs(target: Target) -> None:
    """Send compressed bodies, which no decoy unpacks, to HTTP and SMTP at the same time."""

    async def post(source: int) -> None:
        _, writer = await target.tcp(target.http, source)
        target.sent("http.request", 20)
        writer.write(ZIPPED * 20)
        await target.stay()
        writer.transport.abort()

    mails = unread("smtp", _mail(BOMB * 50), 10, 10)
    await all_of(*(post(source) for source in range(10)), mails(target))


async def _packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return await reader.readexactly(int.from_bytes(head[:3], "little"))


def mysql_statements(statements: Sequence[bytes]) -> Attacker:
    """Return an attacker that logs in as root and sends one statement after the other."""

    async def attacker(target: Target, source: int) -> None:
        reader, writer = await target.tcp(PORTS["mysql"], source)
        try:
            async with asyncio.timeout(target.left + ANSWER_SECONDS):
                greeting = await _packet(reader)
                name = greeting.index(b"\0", 1)
                salt = greeting[name + 5 : name + 13] + greeting[name + 32 : name + 44]
                answer = response(NATIVE, MYSQL_PASSWORD, salt)
                hello = struct.pack("<IIB23x", 0x0008_A201, 1 << 24, 33) + b"root\0" + bytes((len(answer),)) + answer
                hello += NATIVE.encode() + b"\0"
                target.sent("auth.attempt")
                writer.write(len(hello).to_bytes(3, "little") + b"\1" + hello)
                if not (await _packet(reader)).startswith(b"\0"):
                    return
                target.answered("auth.attempt")
                for statement in statements:
                    if not target.left:
                        break
                    target.sent("session.command")
                    writer.write((len(statement) + 1).to_bytes(3, "little") + b"\0\3" + statement)
                    await _packet(reader)
                    target.answered("session.command")
        finally:
            writer.transport.abort()

    return attacker


_TO_MANY = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<%b>\r\n" % ("\U0001f600".encode() + b"x" * 1900) * 1000
_PATTERNS = b"".join(
    b"*18\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n" + b"".join(
        b"$64\r\n%b\r\n" % (b"%06d" % (number * 16 + one) + b"a*?[bc]" * 9)[:64] for one in range(16)
    )
    for number in range(1000)
)  # fmt: skip
_COLUMNS = ", ".join("\u0100" * 55 + f"{number} int" for number in range(50)).encode()
_TABLES = [
    one
    for database in range(40)
    for one in (
        b"create database d%d" % database,
        *(b"create table d%d.t%d (%b)" % (database, number, _COLUMNS) for number in range(100)),
    )
]

ATTACKS = (
    Attack("telnet: 200 log-ins at once", telnet_guesses(b"x", 200, 50)),
    Attack("telnet: option flood", unread("telnet", b"\xff\xfd\x18\xff\xfb\x1f" * 40_000, 20, 5)),
    Attack("telnet: state asked again and again", unread("telnet", STATUS * 40_000, 20, 5, begin=telnet_login)),
    Attack("telnet: 1,000 half-open", half_open("telnet", 1000, 100)),
    Attack("https: 200 handshakes at once", crowd(200, tls_handshakes, 50)),
    Attack("https: TLS garbage", flood("https", HELLO + os.urandom(600), 100, 25)),
    Attack("https: 1,000 half-open", half_open("https", 1000, 100, HELLO)),
    Attack("https: plain HTTP", flood("https", GET + b"\r\n", 50, 25)),
    Attack("ftp: 200 log-ins at once", flood("ftp", b"USER a\r\nPASS b\r\n" * 3, 200, 50, {"auth.attempt": 3})),
    Attack("ftp: uploads of 1 GB", crowd(10, ftp_upload, 10)),
    Attack("ftp: 20,000 commands in one go", unread("ftp", b"NOOP\r\n" * 20_000, 20, 5)),
    Attack("smtp: mails of 50 MB", unread("smtp", _mail(LINE * 700_000), 10, 10)),
    Attack("smtp: slow mails", slow("smtp", b"EHLO x\r\n", 300, 100)),
    Attack("smtp: 1,000 recipients each", unread("smtp", _TO_MANY, 200, 20), short=True),
    Attack("smtp: 20,000 commands in one go", unread("smtp", b"NOOP\r\n" * 20_000, 20, 5)),
    Attack("redis: 100,000 commands in one go", unread("redis", b"PING\r\n" * 100_000, 20, 5)),
    Attack("redis: patterns of settings", unread("redis", _PATTERNS, 20, 20)),
    Attack("redis: words in one line", unread("redis", b"PING" + b" x" * 32_000 + b"\r\n", 50, 20)),
    Attack("redis: a million arguments", unread("redis", b"*1000000\r\n" + b"$1\r\nx\r\n" * 500_000, 10, 10)),
    Attack("redis: a bulk of 512 MB", unread("redis", b"*2\r\n$4\r\nECHO\r\n$536870912\r\n" + bytes(8 << 20), 10, 10)),
    Attack("mysql: garbage packets", flood("mysql", LOGIN_OF_MYSQL * 50, 100, 25, {"auth.attempt": 50})),
    Attack("mysql: a statement of comments", crowd(8, mysql_statements([b"/**/" * 200_000 + b"select 1"] * 4), 8)),
    Attack("mysql: 4,000 tables each", crowd(4, mysql_statements(_TABLES), 4)),
    Attack("mysql: packets of 16 MB", unread("mysql", b"\xff\xff\xff\x01" + bytes(16 << 20), 10, 10)),
    Attack("mysql: 1,000 half-open", half_open("mysql", 1000, 100)),
    Attack("compressed bombs", bombs),
    Attack("SSH on the ports of the others", crowd(1, lambda target, _: _wrong(target))),
)


async def _wrong(target: Target) -> None:
    """Speak SSH to every service that is none."""
    await all_of(*(flood(service, b"SSH-2.0-x\r\n" + bytes(400), 10, 10)(target) for service in sorted(PORTS)))
