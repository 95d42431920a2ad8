# SPDX-License-Identifier: MIT
"""Peers that speak only RFC 5425: their messages become events, and events reach them as messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_swarm.swarm_workers import (
    NAME,
    PATIENCE,
    enrolled_pair,
    fill,
    forwarder,
    listener,
    made,
    port_of,
    received,
    until,
)

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.events.codec import decode, encode
from decnet_core.exits import StartupError
from decnet_core.syslog import Message, parse
from decnet_swarm.framing import MAX_MESSAGE_BYTES, Deframer, frame
from decnet_swarm.listener.plain import event_of
from decnet_swarm.pki import files
from decnet_swarm.pki.contexts import forwarder_context, listener_context
from decnet_swarm.stream import Stream, connect_tls

EXAMPLE = b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [x@1 a="b"] An event'


async def sender(below: Path, port: int) -> Stream:
    return await connect_tls("127.0.0.1", port, forwarder_context(files.forwarder_folder(below)), None)


@pytest.mark.parametrize("stream", [frame(EXAMPLE) + frame(b"x"), EXAMPLE + b"\nx\n", EXAMPLE + b"\nx"])
async def test_messages_become_events_of_the_certificates_holder(tmp_path: Path, stream: bytes) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master:
        peer = await sender(below, port_of(master))
        peer.write(stream)
        await peer.drain()
        await peer.close()
        await until(lambda: len(received(above)) == 2)
    first, second = received(above)
    assert first.sensor == second.sensor == NAME
    assert first.ts == 1_065_910_455_003_000_000
    assert first.payload == SyslogMessage(
        20, 5, "An event", "mymachine.example.com", "evntslog", None, "ID47", {"x@1": {"a": "b"}}
    )
    assert second.payload == SyslogMessage(1, 5, "x")


@given(st.binary(min_size=1, max_size=400))
def test_any_message_becomes_an_event_that_can_be_written(message: bytes) -> None:
    event = event_of(message, NAME, 1)
    assert decode(encode(event)) == event


@pytest.mark.parametrize("content", [b"\x00", b"\xff", b"\\", b'"', "é".encode(), b"a"])
@pytest.mark.parametrize("size", [1, MAX_MESSAGE_BYTES - 100])
def test_longest_message_of_anything_becomes_an_event(content: bytes, size: int) -> None:
    message = b"<13>1 - h a - - - " + content * (size // len(content))
    event = event_of(message, NAME, 1)
    assert isinstance(event.payload, SyslogMessage)
    assert len(event.payload.message) >= min(size // len(content), 100_000) // len(content)
    encode(event)


def test_most_structured_data_becomes_an_event() -> None:
    parameters = b" ".join(b'p%d="%b"' % (n, b"\\\\" * 8000) for n in range(60))
    encode(event_of(b"<13>1 - h a - - [x@1 %b] m" % parameters, NAME, 1))


@asynccontextmanager
async def syslog_server(
    above: Path, messages: list[bytes], connected: list[asyncio.StreamWriter] | None = None
) -> AsyncIterator[int]:
    """Be an RFC 5425 server that keeps what it gets, and lists who is `connected` for those who would cut it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        deframer = Deframer()
        if connected is not None:
            connected.append(writer)
        while data := await reader.read(65536):
            messages.extend(deframer.feed(data))
        writer.transport.abort()

    context = listener_context(files.listener_folder(above))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def events_in(messages: list[bytes]) -> list[int]:
    found = []
    for message in messages:
        parsed = parse(message, 0, limit=1 << 21)
        assert isinstance(parsed, Message)
        found.append(decode(parsed.message.encode()).ts)
    return found


async def test_events_reach_a_plain_server_as_messages(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(700))
    messages: list[bytes] = []
    async with syslog_server(above, messages) as port, forwarder(below, port) as shipper:
        await until(lambda: shipper.count("acknowledged") == 700)
        assert shipper.count("exactly_once") == 0
        await until(lambda: len(messages) == 700)
    assert events_in(messages) == list(range(700))


async def test_plain_server_that_cuts_gets_every_event_at_least_once(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    messages: list[bytes] = []
    connected: list[asyncio.StreamWriter] = []
    async with syslog_server(above, messages, connected) as port, forwarder(below, port) as shipper:
        for start in range(0, 3000, 300):
            fill(below, range(start, start + 300))
            await until(lambda least=start + 300: len(set(events_in(messages))) >= least)  # type: ignore[misc]
            if start % 600:
                connected.pop().transport.abort()  # it has read what its kernel took: more no server can promise
        assert shipper.count("connections") >= 5
    assert set(events_in(messages)) == set(range(3000))


async def test_forwarder_that_wants_a_listener_refuses_another_server(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(10))
    messages: list[bytes] = []
    async with syslog_server(above, messages) as port, forwarder(below, port, protocol="decnet") as shipper:
        await until(lambda: shipper.count("failures") >= 2)
        assert shipper.count("connections") == 0
    assert messages == []


async def test_foreign_server_is_known_by_its_name(tmp_path: Path) -> None:
    """With its own authority named in the settings; the fleet's certificates here stand for any other."""
    above, below = enrolled_pair(tmp_path)
    fill(below, range(10))
    identity = str(files.forwarder_folder(below) / files.IDENTITY)
    authority = str(files.forwarder_folder(below) / files.AUTHORITY)
    foreign = {"tls_ca_file": authority, "tls_certificate_file": identity, "tls_key_file": identity}
    messages: list[bytes] = []
    async with syslog_server(above, messages) as port, forwarder(below, port, **foreign) as shipper:
        await until(lambda: shipper.count("failures") >= 2)  # the certificate is for master.example
        assert messages == []
    with pytest.raises(StartupError, match="tls_"):
        async with forwarder(below, port, **{**foreign, "tls_ca_file": "/nonexistent"}):
            pass


async def test_silent_plain_sender_is_not_cut_off(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master:
        peer = await sender(below, port_of(master))
        await until(lambda: master.count("connected") == 1)
        acceptor = master.worker._acceptor  # type: ignore[attr-defined]  # its clock is turned back
        for session in acceptor._present:
            session._heard_at -= 10_000
        acceptor.keep_alive()
        peer.write(frame(EXAMPLE))
        await peer.drain()
        await until(lambda: len(received(above)) == 1)
        await asyncio.wait_for(peer.close(), PATIENCE)


def test_event_number_helps_nobody_to_collide() -> None:
    assert len({made(number).id for number in range(1000)}) == 1000
