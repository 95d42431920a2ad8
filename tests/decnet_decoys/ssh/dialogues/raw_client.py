# SPDX-License-Identifier: MIT
"""A raw SSH client: sends any bytes or packets at any time, and notes all that the server sends (RFC 4253).

It checks nothing and repairs nothing. It knows one key exchange, curve25519-sha256 with aes128-ctr and hmac-sha2-256:
so it hears what servers say behind encryption, too.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import struct
import zlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = b"SSH-2.0-OpenSSH_9.2p1 Debian-2"
MOST_CLEAR = 35_000
"""Longer than any packet that a server sends here."""


def string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def mpint(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


KEX = b"curve25519-sha256"
HOST_KEYS = b"ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256"
CIPHER, MAC, COMPRESSION = b"aes128-ctr", b"hmac-sha2-256", b"none"


def kexinit(
    kex: bytes = KEX,
    host_keys: bytes = HOST_KEYS,
    ciphers: tuple[bytes, bytes] = (CIPHER, CIPHER),
    macs: tuple[bytes, bytes] = (MAC, MAC),
    compression: tuple[bytes, bytes] = (COMPRESSION, COMPRESSION),
    *,
    follows: bool = False,
) -> bytes:
    """Return a KEXINIT's payload."""
    lists = (kex, host_keys, *ciphers, *macs, *compression, b"", b"")
    return b"\x14" + os.urandom(16) + b"".join(map(string, lists)) + bytes([follows]) + number(0)


def framed(payload: bytes, padding: int | None = None) -> bytes:
    """Return a packet without encryption."""
    if padding is None:
        padding = 8 - (len(payload) + 5) % 8
        padding += 8 if padding < 4 else 0
    return number(1 + len(payload) + padding) + bytes([padding]) + payload + bytes(padding)


class _Keys:
    """One direction's cipher and MAC."""

    def __init__(self, derive: Any, letters: bytes) -> None:
        self._cipher = Cipher(algorithms.AES(derive(letters[1:2])[:16]), modes.CTR(derive(letters[:1])[:16]))
        self.mac_key = derive(letters[2:])

    def stream(self, *, encrypt: bool) -> Any:
        return self._cipher.encryptor() if encrypt else self._cipher.decryptor()


class _Reader(asyncio.StreamReader):
    """Reads what came before a reset, too."""

    def set_exception(self, exc: BaseException) -> None:
        """Take a reset for an end."""
        self.feed_eof()


class RawClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._sent = self._received = 0
        self._out: Any = None
        self._in: Any = None
        self._own_kexinit = self._server_kexinit = b""
        self._session = b""
        self._unread = b""
        self._deflate: Any = None
        self._inflate: Any = None
        self._later_compressed = False
        self.version = self.host_key = b""
        self.user = self.password = b""
        self.strict = False
        self.passed: list[bytes] = []
        """What came before packets that were waited for."""

    @classmethod
    async def connected(cls, address: str, port: int, source: str) -> RawClient:
        loop = asyncio.get_running_loop()
        reader = _Reader()
        transport, protocol = await loop.create_connection(
            lambda: asyncio.StreamReaderProtocol(reader), address, port, local_addr=(source, 0)
        )
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    @property
    def session(self) -> bytes:
        """The session's identifier: the first exchange's hash."""
        return self._session

    def close(self) -> None:
        self._writer.close()

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def write_eof(self) -> None:
        self._writer.write_eof()

    def send(self, payload: bytes, mac_of: bytes | None = None) -> None:
        """Send a packet, encrypted if the keys are there; with `mac_of`, its MAC is that of other bytes."""
        if self._out is None:
            self._writer.write(framed(payload))
            self._sent += 1
            return
        if self._deflate is not None:
            payload = self._deflate.compress(payload) + self._deflate.flush(zlib.Z_PARTIAL_FLUSH)
        self.send_uncompressed(payload, mac_of)

    def send_uncompressed(self, payload: bytes, mac_of: bytes | None = None) -> None:
        """Send an encrypted packet as if compression had not begun."""
        padding = 16 - (len(payload) + 5) % 16
        padding += 16 if padding < 4 else 0
        self.send_bare(number(1 + len(payload) + padding) + bytes([padding]) + payload + bytes(padding), mac_of)

    def send_bare(self, clear: bytes, mac_of: bytes | None = None) -> None:
        """Encrypt what stands for a packet, and send it with its MAC."""
        stream, key = self._out
        mac = hmac.digest(key, number(self._sent) + (clear if mac_of is None else mac_of), "sha256")
        self._writer.write(stream.update(clear) + mac)
        self._sent += 1

    async def line(self, quiet: float) -> bytes:
        """Return the next line; what there is of one when the server is silent or has closed."""
        found = b""
        while not found.endswith(b"\n"):
            async with asyncio.timeout(quiet):
                piece = await self._reader.read(1)
            if not piece:
                break
            found += piece
        return found

    async def packet(self) -> bytes | None:
        """Return the payload of the server's next packet; None when it has closed. Not packets: their bytes."""
        try:
            return await (self._clear() if self._in is None else self._encrypted())
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _clear(self) -> bytes | None:
        head = await self._reader.readexactly(4)
        (length,) = struct.unpack(">I", head)
        if length > MOST_CLEAR:
            self._unread = head
            self._unread += await self._reader.read()
            unread, self._unread = self._unread, b""
            return b"\xff" + unread
        body = await self._reader.readexactly(length)
        self._received += 1
        return body[1 : length - body[0]]

    def unread(self) -> list[str]:
        """Say that there is more, which is no packet in the clear."""
        return ["more, encrypted"] if self._unread else []

    async def _encrypted(self) -> bytes:
        stream, key = self._in
        head = stream.update(await self._reader.readexactly(16))
        (length,) = struct.unpack(">I", head[:4])
        rest = await self._reader.readexactly(length + 4 - 16)
        clear = head + stream.update(rest)
        mac = await self._reader.readexactly(32)
        assert mac == hmac.digest(key, number(self._received) + clear, "sha256")
        self._received += 1
        payload: bytes = clear[5 : 4 + length - clear[4]]
        if self._inflate is not None:
            payload = self._inflate.decompress(payload)
        if payload[:1] == b"\x34" and self._later_compressed and self._deflate is None:
            self._deflate, self._inflate = zlib.compressobj(), zlib.decompressobj()
        return payload

    async def until(self, kind: int) -> bytes:
        """Return the next packet of a kind; those before it are in `passed`."""
        while True:
            payload = await self.packet()
            if payload is None:
                raise ConnectionError("closed")
            if payload[0] == kind:
                return payload
            self.passed.append(payload)

    async def start(self, offer: bytes, version: bytes = VERSION) -> None:
        """Exchange versions and KEXINITs."""
        self.write(version + b"\r\n")
        self.version = (await self._reader.readline()).rstrip(b"\r\n")
        self._server_kexinit = await self.until(20)
        self.offer(offer)

    def offer(self, payload: bytes) -> None:
        """Send a KEXINIT."""
        self._later_compressed = b"zlib@openssh.com" in payload
        self.strict = self.strict or b"kex-strict-c-v00@openssh.com" in payload
        self._own_kexinit = payload
        self.send(payload)

    async def exchange_keys(self) -> None:
        """Finish a key exchange that was offered, and encrypt from now on."""
        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.send(b"\x1e" + string(public))
        reply = await self.until(31)
        (size,) = struct.unpack_from(">I", reply, 1)
        host_key, rest = reply[5 : 5 + size], reply[5 + size :]
        self.host_key = host_key
        theirs = rest[4:36]
        secret = mpint(int.from_bytes(private.exchange(X25519PublicKey.from_public_bytes(theirs)), "big"))
        hashed = (VERSION, self.version, self._own_kexinit, self._server_kexinit, host_key, public, theirs)
        digest = hashlib.sha256(b"".join(map(string, hashed)) + secret).digest()
        self._session = self._session or digest

        def derive(letter: bytes) -> bytes:
            return hashlib.sha256(secret + digest + letter + self._session).digest()

        await self.until(21)
        if self.strict:
            self._received = 0
        self.send(b"\x15")
        if self.strict:
            self._sent = 0
        out, into = _Keys(derive, b"ACE"), _Keys(derive, b"BDF")
        self._out = (out.stream(encrypt=True), out.mac_key)
        self._in = (into.stream(encrypt=False), into.mac_key)

    async def exchange_keys_again(self, *meanwhile: bytes) -> None:
        """Ask for new keys, and send other payloads right after that."""
        self.offer(kexinit())
        for payload in meanwhile:
            self.send(payload)
        self._server_kexinit = await self.until(20)
        await self.exchange_keys()

    async def log_in(self, user: bytes, password: bytes) -> None:
        self.send(b"\x05" + string(b"ssh-userauth"))
        await self.until(6)
        self.send(request(user, b"password", b"\0" + string(password)))
        await self.until(52)


def request(user: bytes, method: bytes, rest: bytes = b"", service: bytes = b"ssh-connection") -> bytes:
    """Return a USERAUTH_REQUEST (RFC 4252 §5)."""
    return b"\x32" + string(user) + string(service) + string(method) + rest
