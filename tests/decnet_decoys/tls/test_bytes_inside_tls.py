# SPDX-License-Identifier: MIT
"""What clients send after the handshake, by https, STARTTLS and AUTH TLS: whatever it is, the service goes on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.examples import examples

from decnet_core.events.catalogue import FileCaptured, HttpRequest
from decnet_decoys.smtp.mailbox import MOST_MAILBOX

REQUESTS = {"https": None, "smtp": b"STARTTLS\r\n", "ftp": b"AUTH TLS\r\n"}
"""What a client says in plain text before its handshake; nothing where TLS is from the beginning."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
FIRST_WORDS = {"https": GET, "smtp": b"EHLO x\r\n", "ftp": b"FEAT\r\n"}
WORDS = {
    "https": (
        *(GET, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", b"0\r\n\r\n"),
        *(b"GET / HTTP/1.0\r\n", b"Range: bytes=0-,-5\r\n", b"Content-Length: 99\r\n", b"\r\n"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ),
    "smtp": (
        *(b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b"..\r\n", b"\r\n.\r\n"),
        *(b"BDAT 5\r\nabcde", b"BDAT 99999999999 LAST\r\n", b"AUTH PLAIN\r\n", b"AHgAeQ==\r\n", b"AUTH LOGIN\r\n"),
        *(b"STARTTLS\r\n", b"RSET\r\n", b"*\r\n"),
    ),
    "ftp": (
        *(b"USER ubuntu\r\n", b"PASS ubuntu\r\n", b"AUTH TLS\r\n", b"PBSZ 0\r\n", b"PROT P\r\n", b"PROT C\r\n"),
        *(b"PASV\r\n", b"EPSV ALL\r\n", b"PORT 127,0,0,1,0,1\r\n", b"LIST -R /*\r\n", b"RETR /etc/passwd\r\n"),
        *(b"STOR x\r\n", b"REST -1\r\n", b"CWD ../../..\r\n", b"MKD a\xff\r\n", b"\xff\xf4ABOR\r\n", b"CCC\r\n"),
    ),
}


class Client(NamedTuple):
    """A client whose TLS is in its own hands, so that it can send what is none."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    tls: ssl.SSLObject

    def sealed(self, data: bytes) -> bytes:
        """Return `data` in records of TLS."""
        if data:
            self.tls.write(data)
        return self.outgoing.read()

    async def answer(self) -> bytes:
        """Return what is in the next records; nothing at the end."""
        while True:
            try:
                return self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                if not (data := await self.reader.read(1 << 16)):
                    return b""
                self.incoming.write(data)


@contextlib.asynccontextmanager
async def shaken_hands(host: DeckyHost, service: str, source: str = "127.0.0.1") -> AsyncIterator[Client]:
    """Connect, and speak TLS as the service begins it."""
    where = host.decky.address, host.decky.services[service]
    reader, writer = await asyncio.open_connection(*where, local_addr=(source, 0), limit=1 << 16)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = Client(reader, writer, incoming, outgoing, context.wrap_bio(incoming, outgoing))
    try:
        async with asyncio.timeout(DEADLINE):
            if request := REQUESTS[service]:
                await reader.readline()
                writer.write(request)
                await reader.readline()
            while not await _stepped(client):
                pass
        yield client
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _stepped(client: Client) -> bool:
    """Take one step of the handshake; return whether it was the last."""
    try:
        client.tls.do_handshake()
    except ssl.SSLWantReadError:
        client.writer.write(client.outgoing.read())
        data = await client.reader.read(1 << 16)
        assert data, "the decoy ended the handshake"
        client.incoming.write(data)
        return False
    client.writer.write(client.outgoing.read())
    return True


async def delivered(client: Client, stream: bytes, size: int) -> None:
    """Send `stream` in pieces, then the end, and read to the end of the answer."""
    swallowing = asyncio.ensure_future(_swallowed(client.reader))
    with contextlib.suppress(OSError):
        for start in range(0, len(stream), size):
            client.writer.write(stream[start : start + size])
            await client.writer.drain()
        client.writer.write_eof()
    async with asyncio.timeout(DEADLINE):
        await swallowing


async def _swallowed(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(1 << 16):
            pass


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    one = DeckyHost(tmp_path, fleet_settings("debian-web", offers=tuple(REQUESTS)))
    await one.open()
    yield one
    await one.close()


async def well(host: DeckyHost, service: str) -> None:
    """Check that the next client is answered, nothing failed, and no memory is kept of those before.

    But for mail to root, which stays on the machine.
    """
    least = host.settings.limits.memory_bytes - (2 * MOST_MAILBOX if service == "smtp" else 0)
    async with shaken_hands(host, service, "127.0.0.9") as client, asyncio.timeout(DEADLINE):
        client.writer.write(client.sealed(FIRST_WORDS[service]))
        assert (await client.answer())[:3] in {b"HTT", b"250", b"211"}
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot()["decoys_memory_left"] < least:
            await asyncio.sleep(0.01)
    assert "decoys_connection_errors" not in host.ctx.counters.snapshot()


@pytest.mark.parametrize("service", REQUESTS)
async def test_any_bytes_after_the_handshake_leave_the_service_well(host: DeckyHost, service: str) -> None:
    loop = asyncio.get_running_loop()
    pieces = st.tuples(st.booleans(), st.one_of(st.sampled_from(WORDS[service]), st.binary(max_size=300)))

    @settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=12), st.integers(0, 2), st.integers(1, 2000))
    def attack(said: list[tuple[bool, bytes]], unsealed: int, size: int) -> None:
        async def once() -> None:
            async with shaken_hands(host, service) as client:
                sealed = [client.sealed(words) for _, words in said]
                if unsealed == 1:  # what is no record at all, between those that are
                    sealed = [one if plain else words for one, (plain, words) in zip(sealed, said, strict=True)]
                stream = b"".join(sealed)
                if unsealed == 2:  # a record that was changed on its way
                    stream = bytes((byte ^ (index % 97 == 40)) for index, byte in enumerate(stream))
                await delivered(client, stream, size)

        asyncio.run_coroutine_threadsafe(once(), loop).result(4 * DEADLINE)

    await asyncio.to_thread(attack)
    await well(host, service)


def records_of_one_byte(words: bytes) -> Callable[[Client], bytes]:
    return lambda client: b"".join(client.sealed(words[at : at + 1]) for at in range(len(words)))


def whole(words: bytes) -> Callable[[Client], bytes]:
    return lambda client: client.sealed(words)


def with_more(words: bytes, plain: bytes) -> Callable[[Client], bytes]:
    return lambda client: client.sealed(words) + plain


MAIL = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
NOISE = random.Random(1).randbytes(200_000)
HOSTILE = {
    "https": {
        "a byte in each record": records_of_one_byte(GET * 20),
        "pipelined requests": whole(GET * 300),
        "chunks of one byte": whole(WORDS["https"][1] + b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n"),
        "no records": with_more(GET, NOISE),
        "empty records": with_more(GET, b"\x17\x03\x03\0\0" * 10_000),
        "alerts": with_more(GET, b"\x15\x03\x03\0\2\1\0" * 10_000),
        "a hello again": with_more(GET, b"\x16\x03\x01\0\5\1\0\0\1\0" * 5000),
    },
    "smtp": {
        "a byte in each record": records_of_one_byte(MAIL + b"x\r\n" * 50 + b".\r\n"),
        "a mail of empty lines": whole(MAIL + b"\n" * 60_000 + b".\r\n"),
        "tiny chunks": whole(MAIL[:-6] + b"BDAT 1\r\na" * 400 + b"BDAT 0 LAST\r\n"),
        "a line without end": whole(NOISE.replace(b"\n", b"")),
    },
    "ftp": {
        "a byte in each record": records_of_one_byte(b"USER a\r\nPASS b\r\n" * 20),
        "a line without end": whole(b"USER " + b"a" * 500_000),
        "all at once": whole(b"FEAT\r\nPBSZ 0\r\nPROT P\r\nAUTH TLS\r\n" * 150),
        "noise": whole(NOISE),
    },
}


@pytest.mark.parametrize("service", HOSTILE)
async def test_nothing_runs_long_without_a_yield(host: DeckyHost, service: str) -> None:
    await well(host, service)  # what a first client makes is made
    gc.collect()
    gc.freeze()
    before = host.ctx.counters.snapshot()["decoys_stretches"]
    for name, stream in HOSTILE[service].items():
        async with shaken_hands(host, service) as client:
            await delivered(client, stream(client), 1 << 16)
        assert host.ctx.counters.snapshot()["decoys_stretches"] == before, name
    await well(host, service)


async def test_what_comes_in_records_of_one_byte_is_recorded_as_if_it_came_at_once(host: DeckyHost) -> None:
    async with shaken_hands(host, "https") as client:
        await delivered(client, records_of_one_byte(GET * 3)(client), 7)
    assert len(await host.until(HttpRequest, 3)) == 3
    async with shaken_hands(host, "smtp") as client:
        await delivered(client, records_of_one_byte(MAIL + b"hello\r\n.\r\n")(client), 7)
    (file,) = await host.until(FileCaptured)
    assert file.size == len(b"hello\r\n")
