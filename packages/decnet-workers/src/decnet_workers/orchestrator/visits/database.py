# SPDX-License-Identifier: MIT
"""A visit to a decky's database: statements by the client/server protocol of MySQL 4.1, as applications send them."""

import asyncio
import hashlib
import secrets
import socket
import struct

from decnet_workers.orchestrator.scripts import DatabaseScript
from decnet_workers.orchestrator.visits.announced import SessionError

ANSWER_SECONDS = 30.0
LARGEST_PACKET = 1 << 20
"""Bytes."""
MOST_PACKETS = 10_000
"""Of one answer."""
SHA2 = "caching_sha2_password"
_CAPABILITIES = 0x1 | 0x200 | 0x2000 | 0x8000 | 0x80000
"""LONG_PASSWORD, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH."""
_UTF8 = 33
_QUIT, _QUERY = b"\x01", b"\x03"
_OK, _MORE, _SWITCH, _ERROR = 0x00, 0x01, 0xFE, 0xFF
_END = 0xFE
_SALT_FIRST = 8


async def visit(sock: socket.socket, script: DatabaseScript) -> int:
    """Log in over the connection, which is closed then; return how many statements the server did not refuse.

    Raises SessionError, OSError, TimeoutError.
    """
    answered = 0
    with sock:
        client = _Client(sock)
        await client.log_in(script.user)
        for statement, pause in zip(script.statements, script.pauses, strict=True):
            await asyncio.sleep(pause)
            answered += await client.ask(statement)
        await client.begin(_QUIT)
    return answered


class _Client:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sequence = 0
        self._read = bytearray()

    async def log_in(self, user: str) -> None:
        """Log in with a password that nobody has: a decky takes any on a connection that was announced to it."""
        password = secrets.token_hex(6).encode()
        plugin, salt = challenge_of(await self._packet())
        head = struct.pack("<IIB", _CAPABILITIES, LARGEST_PACKET, _UTF8) + bytes(23)
        proof = response(plugin, password, salt)
        told = head + user.encode() + b"\0" + bytes((len(proof),)) + proof + plugin.encode() + b"\0"
        await self._send(told)
        while (answer := await self._packet())[0] != _OK:
            if answer[0] == _SWITCH:
                name, _, fresh = answer[1:].partition(b"\0")
                await self._send(response(name.decode("latin-1"), password, fresh[:20]))
            elif answer[0] != _MORE:
                raise SessionError(f"the database refused the log-in: {refusal(answer)}")

    async def ask(self, statement: str) -> bool:
        """Send a statement and read all of its answer; return False when it is an error."""
        await self.begin(_QUERY + statement.encode("utf-8", "replace"))
        first = await self._packet()
        if first[0] in (_OK, _ERROR):
            return first[0] == _OK
        ends = 0  # of the columns, then of the rows
        for _ in range(MOST_PACKETS):
            packet = await self._packet()
            ends += packet[0] == _END and len(packet) < 9
            if ends == 2:
                return True
        raise SessionError("the answer to a statement has no end")

    async def begin(self, packet: bytes) -> None:
        """Send a command."""
        self._sequence = 0
        await self._send(packet)

    async def _send(self, packet: bytes) -> None:
        framed = len(packet).to_bytes(3, "little") + bytes((self._sequence,)) + packet
        async with asyncio.timeout(ANSWER_SECONDS):
            await asyncio.get_running_loop().sock_sendall(self._sock, framed)

    async def _packet(self) -> bytes:
        """Return the next packet, which is not empty; raises SessionError, OSError, TimeoutError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            head = await self._bytes(4)
            size = int.from_bytes(head[:3], "little")
            if not 0 < size <= LARGEST_PACKET:
                raise SessionError(f"the database sent a packet of {size} bytes")
            self._sequence = (head[3] + 1) & 0xFF
            return await self._bytes(size)

    async def _bytes(self, count: int) -> bytes:
        while len(self._read) < count:
            data = await asyncio.get_running_loop().sock_recv(self._sock, 16 * 1024)
            if not data:
                raise SessionError("the database closed the connection")
            self._read += data
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken


def challenge_of(greeting: bytes) -> tuple[str, bytes]:
    """Return how the server wants passwords proved, and its salt (protocol version 10). Raises SessionError."""
    version_end = greeting.find(b"\0", 1)
    rest = greeting[version_end + 5 :]  # after the version's NUL and the connection's number
    if greeting[0] != 10 or version_end < 0 or len(rest) < 44:
        raise SessionError(f"the database greeted with {greeting[:40]!r}")
    second = rest[_SALT_FIRST + 1 + 18 :]  # after capabilities, character set, status, lengths and what is reserved
    return second[13:].partition(b"\0")[0].decode("latin-1"), rest[:_SALT_FIRST] + second[:12]


def response(plugin: str, password: bytes, salt: bytes) -> bytes:
    """Return what proves the password, by `mysql_native_password` or `caching_sha2_password`."""
    if plugin == SHA2:
        once = hashlib.sha256(password).digest()
        mask = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
    else:
        once = hashlib.sha1(password).digest()  # noqa: S324  # the protocol's
        mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()  # noqa: S324
    return bytes(one ^ two for one, two in zip(once, mask, strict=True))


def refusal(packet: bytes) -> str:
    """Return the message of an error."""
    return packet[9:].decode("utf-8", "replace") if packet[:1] == bytes((_ERROR,)) else repr(packet[:40])
