# SPDX-License-Identifier: MIT
"""Who may connect, what a peer may say, and who is cut off."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import socket
import ssl
import weakref
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decnet_swarm.swarm_pki import sensor
from tests.decnet_swarm.swarm_workers import (
    NAME,
    Running,
    enrolled_pair,
    fill,
    forwarder,
    listener,
    made,
    numbers,
    port_of,
    until,
)
from tests.examples import examples

from decnet_core.events.codec import encode as encode_event
from decnet_swarm.framing import Deframer, frame
from decnet_swarm.message import of_event
from decnet_swarm.pki import bootstrap_ca, files
from decnet_swarm.pki.contexts import client_context, forwarder_context
from decnet_swarm.stream import Stream, connect_tls
from decnet_swarm.wire import (
    ALPN,
    BATCH_EVENTS,
    Farewell,
    FromForwarder,
    Hello,
    Mark,
    Ping,
    Stored,
    Welcome,
    encode,
    from_listener,
)


class Talk:
    """A forwarder whose words the test chooses."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._deframer = Deframer()
        self._heard: list[bytes] = []

    def say(self, *controls: FromForwarder) -> None:
        self.stream.write(b"".join(frame(encode(control)) for control in controls))

    def send(self, *numbers: int) -> None:
        for number in numbers:
            event = made(number)
            self.stream.write(frame(of_event(event, encode_event(event))))

    async def hear(self) -> object:
        async with asyncio.timeout(60):
            while not self._heard:
                data = await self.stream.receive()
                if not data:
                    return None
                self._heard += self._deframer.feed(data)
        return from_listener(self._heard.pop(0))

    async def end(self) -> list[object]:
        """Return all that is said until the connection ends."""
        found: list[object] = []
        with contextlib.suppress(OSError):
            while (said := await self.hear()) is not None:
                found.append(said)
        return found


@asynccontextmanager
async def talking(below: Path, port: int, alpn: str = ALPN) -> AsyncIterator[Talk]:
    context = forwarder_context(files.forwarder_folder(below))
    context.set_alpn_protocols([alpn])
    stream = await connect_tls("127.0.0.1", port, context, None)
    try:
        yield Talk(stream)
    finally:
        stream.abort()


async def refused(below: Path, master: Running, why: str, *said: Farewell) -> None:
    with contextlib.suppress(OSError):
        async with talking(below, port_of(master)) as talk:
            talk.say(Hello())
            assert await talk.end() == list(said)
    await until(lambda: master.count(why) == 1)


async def test_revocation_ends_the_connection_that_stands_and_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "decnet_swarm.forwarder")
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: master.count("connected") == 1)
        bootstrap_ca.revoke(above, NAME)
        await until(lambda: master.count("revoked_live") == 1)
        fill(below, range(10))
        await until(lambda: master.count("refused_certificate") >= 5)
        assert sender.count("acknowledged") == 0
    assert numbers(above) == []
    told = [record.message for record in caplog.records if record.name == "decnet_swarm.forwarder.worker"]
    assert told[0].startswith("connected ")
    assert told[1:] == [f"the server is away: the listener reports: {NAME} was revoked; events wait in the spools"]


async def test_reload_revokes_at_once(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above, check_seconds=60) as master, talking(below, port_of(master)) as talk:
        talk.say(Hello())
        assert isinstance(await talk.hear(), Welcome)
        bootstrap_ca.revoke(above, NAME)
        master.ctx.reloading.set()
        assert [said for said in await talk.end() if isinstance(said, Farewell)]


async def test_expired_certificate_is_refused(tmp_path: Path) -> None:
    above, _ = enrolled_pair(tmp_path)
    old = tmp_path / "old"
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=50)
    sensor(above, files.forwarder_folder(old), "old-1", days=10, now=then)
    async with listener(above) as master:
        with contextlib.suppress(OSError):
            async with talking(old, port_of(master)) as talk:
                assert await talk.end() == []
        await until(lambda: master.count("refused_greeting") == 1)


async def test_certificate_of_another_fleet_is_refused(tmp_path: Path) -> None:
    above, _ = enrolled_pair(tmp_path / "ours")
    _, stranger = enrolled_pair(tmp_path / "theirs")
    folder = files.forwarder_folder(stranger)
    files.write(folder / files.AUTHORITY, (files.listener_folder(above) / files.AUTHORITY).read_bytes())
    async with listener(above) as master:
        await refused(stranger, master, "refused_greeting")


async def test_listeners_certificate_is_no_sensors(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    own = (files.listener_folder(above) / files.IDENTITY).read_bytes()
    files.write(files.forwarder_folder(below) / files.IDENTITY, own)
    async with listener(above) as master:
        await refused(below, master, "refused_greeting")  # already TLS sees that it is for servers


async def test_certificate_that_is_not_registered_is_refused(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    (files.listener_folder(above) / "registry.json").write_bytes(b"{}")
    async with listener(above) as master:
        await refused(below, master, "refused_certificate", Farewell("a certificate that is not registered"))


async def test_client_without_a_certificate_is_refused(tmp_path: Path) -> None:
    above, _ = enrolled_pair(tmp_path)
    context = client_context()
    context.verify_mode = ssl.CERT_NONE
    async with listener(above) as master:
        with contextlib.suppress(OSError):
            stream = await connect_tls("127.0.0.1", port_of(master), context, None)
            assert await stream.receive() == b""
        await until(lambda: master.count("refused_greeting") == 1)


async def test_unknown_peers_occupy_a_bounded_number_of_handshakes(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above, max_greetings_per_address=3, greeting_seconds=60) as master:
        idle = [socket.create_connection(("127.0.0.1", port_of(master))) for _ in range(10)]
        await until(lambda: master.count("refused_full") == 7)
        await until(lambda: master.count("refused_greeting") == 7)
        assert master.count("greeting") == 3
        async with talking(below, port_of(master)) as talk:  # though all places were taken, and for a minute
            talk.say(Hello())
            assert isinstance(await talk.hear(), Welcome)
        for each in idle:
            each.close()
        await until(lambda: master.count("greeting") == 0)


async def test_handshake_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    above, _ = enrolled_pair(tmp_path)
    async with listener(above, greeting_seconds=0.2) as master:
        with socket.create_connection(("127.0.0.1", port_of(master))):
            await until(lambda: master.count("refused_greeting") == 1)
        assert master.count("greeting") == 0


async def test_crowd_makes_room_before_others_do(tmp_path: Path) -> None:
    above, _ = enrolled_pair(tmp_path)
    more = {"max_greetings": 4, "max_greetings_per_address": 3, "greeting_seconds": 60}
    async with listener(above, **more) as master:
        lone = connect_from("127.0.0.2", master)
        crowd = [connect_from("127.0.0.3", master) for _ in range(3)]
        await until(lambda: master.count("greeting") == 4)
        last = connect_from("127.0.0.4", master)
        assert await asyncio.to_thread(crowd[0].recv, 1) == b""
        assert master.count("greeting") == 4
        for each in (lone, last, *crowd):
            each.close()


def connect_from(address: str, master: Running) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port_of(master)), 60, (address, 0))
    sock.settimeout(60)
    return sock


async def test_one_certificate_cannot_take_all_connections(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    other = tmp_path / "paris-1"
    sensor(above, files.forwarder_folder(other), "paris-1")
    async with listener(above, max_connections=4, max_connections_per_sensor=2) as master:
        plain = forwarder_context(files.forwarder_folder(below))
        streams = [await connect_tls("127.0.0.1", port_of(master), plain, None) for _ in range(3)]
        await until(lambda: (master.count("connected"), master.count("refused_full")) == (2, 1))
        async with talking(below, port_of(master)) as talk:
            assert await talk.hear() == Farewell(f"{NAME} has 2 connections already")
        async with talking(other, port_of(master)) as talk:
            talk.say(Hello())
            assert isinstance(await talk.hear(), Welcome)
        for stream in streams:
            stream.abort()


async def test_new_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(100))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 100)
        bootstrap_ca.renew(above, ["master.example"])
        again = tmp_path / "again"
        bootstrap_ca.revoke(above, NAME)
        sensor(above, files.forwarder_folder(again), NAME)
        for name in (files.ENROLLED, files.IDENTITY):
            files.write(files.forwarder_folder(below) / name, (files.forwarder_folder(again) / name).read_bytes())
        fill(below, range(100, 200))
        await until(lambda: sender.count("acknowledged") == 200)
    assert numbers(above) == list(range(200))


async def test_newer_connection_of_a_sensor_ends_the_older(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master, talking(below, port_of(master)) as first:
        first.say(Hello())
        assert isinstance(await first.hear(), Welcome)
        first.send(*range(5))
        first.say(Mark("decoys", 1, 500, "here"))
        assert await first.hear() == Stored(1)
        first.send(5, 6)  # without a mark: never written
        await first.stream.drain()
        async with talking(below, port_of(master)) as second:
            second.say(Hello())
            welcome = await second.hear()
            assert isinstance(welcome, Welcome)
            assert (welcome.spools["decoys"].segment, welcome.spools["decoys"].offset) == (1, 500)
            assert isinstance((await first.end())[-1], Farewell)
    assert numbers(above) == list(range(5))


async def test_batch_is_written_only_with_its_mark(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master:
        async with talking(below, port_of(master)) as talk:
            talk.say(Hello())
            await talk.hear()
            talk.send(1, 2)
            talk.say(Mark("decoys", 1, 100, "x"))
            talk.send(3, 4)
            assert await talk.hear() == Stored(1)
        await until(lambda: master.count("connected") == 0)
    assert numbers(above) == [1, 2]


BREACHES = {
    "event before hello": frame(of_event(made(1), encode_event(made(1)))),
    "mark before hello": frame(encode(Mark("decoys", 1, 1))),
    "two hellos": frame(encode(Hello())) * 2,
    "no frame": frame(encode(Hello())) + b"hello",
    "no word": frame(encode(Hello())) + frame(b"{}"),
    "other word": frame(encode(Hello())) + frame(b"GET / HTTP/1.1"),
    "batch of too many": frame(encode(Hello())) + frame(of_event(made(1), b"{}")) * (BATCH_EVENTS + 1),
    "too many spools": frame(encode(Hello())) + b"".join(frame(encode(Mark(f"s{n}", 1, 1))) for n in range(65)),
}


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
async def test_breach_of_the_protocol_ends_the_connection(tmp_path: Path, breach: bytes) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master, talking(below, port_of(master)) as talk:
        talk.stream.write(breach)
        await talk.end()
        await until(lambda: master.count("broken") == 1)
        async with talking(below, port_of(master)) as next_one:
            next_one.say(Hello())
            assert isinstance(await next_one.hear(), Welcome)


async def test_an_event_that_cannot_be_read_is_quarantined_and_confirmed(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master, talking(below, port_of(master)) as talk:
        talk.say(Hello())
        await talk.hear()
        talk.send(1)
        talk.stream.write(frame(of_event(made(2), b'{"payload":{"kind":"from.the.future"}}')))
        talk.stream.write(frame(b"<13>1 no event at all"))
        talk.say(Mark("decoys", 1, 100, "x"))
        assert await talk.hear() == Stored(1)
        assert master.count("rejected") == 2
    assert numbers(above) == [1]


async def test_any_bytes_after_the_greeting_leave_the_listener_well(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master:
        loop, port = asyncio.get_running_loop(), port_of(master)

        @settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.binary(min_size=1, max_size=200), max_size=6), st.booleans())
        def attack(contents: list[bytes], framed: bool) -> None:
            async def once() -> None:
                async with talking(below, port) as talk:
                    talk.say(Hello())
                    talk.stream.write(b"".join(map(frame, contents)) if framed else b"".join(contents))
                    talk.say(Ping())

            asyncio.run_coroutine_threadsafe(once(), loop).result(60)

        await asyncio.to_thread(attack)
        async with talking(below, port) as talk:
            talk.say(Hello())
            assert isinstance(await talk.hear(), Welcome)


async def test_clients_with_a_bad_greeting_leave_nothing_to_the_collector(
    tmp_path: Path, tls_connections: Callable[[], int]
) -> None:
    above, below = enrolled_pair(tmp_path)
    bootstrap_ca.issue_token(above, "other", 1)
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("connected") == 1)
        enrolment = master.worker._enrolment.address[1]  # type: ignore[attr-defined]  # the port that the kernel chose
        with without_collector():
            for number in range(1, 6):
                knock(port_of(master))
                knock(enrolment)
                await until(lambda: master.count("refused_greeting") == master.count("enrolment_errors") == number)  # noqa: B023
            bootstrap_ca.revoke(above, NAME)
            await until(lambda: sender.count("failures") >= 5)
            await until(lambda: tls_connections() <= 2)  # the one of a try that goes on, from either side


async def test_crowd_that_comes_at_once_is_not_greeted_at_once(
    tmp_path: Path, tls_connections: Callable[[], int]
) -> None:
    above, _ = enrolled_pair(tmp_path)
    async with listener(above, max_greetings_per_address=4) as master:
        crowd = [socket.create_connection(("127.0.0.1", port_of(master))) for _ in range(100)]
        most = 0
        while master.count("refused_greeting") < 96:
            await asyncio.sleep(0)
            most = max(most, tls_connections())
        assert 4 <= most <= 12
        for each in crowd:
            each.close()


def knock(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"x" * 1000)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.fixture
def tls_connections(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many of the TLS connections that were begun in this test are still in memory, at either end."""
    begun: weakref.WeakSet[SSLProtocol] = weakref.WeakSet()
    begin = SSLProtocol.__init__

    def remember(protocol: SSLProtocol, *arguments: Any, **options: Any) -> None:
        begun.add(protocol)
        begin(protocol, *arguments, **options)

    monkeypatch.setattr(SSLProtocol, "__init__", remember)
    return lambda: len(begun)
