# SPDX-License-Identifier: MIT
"""A sensor that was stolen, with its certificate: whatever it says, the listener takes what is an event and no more."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_swarm.swarm_pki import sensor
from tests.decnet_swarm.swarm_workers import NAME, enrolled_pair, listener, made, numbers, port_of, received, until

from decnet_core.bus.memory import MemoryBus
from decnet_core.deckies.orders import Assignment, Order, ordered_file, reported
from decnet_core.events.codec import MAX_LINE_BYTES
from decnet_core.events.codec import encode as encode_event
from decnet_core.events.envelope import Event
from decnet_core.runtime.context import Context
from decnet_core.runtime.counters import Counters
from decnet_core.settings import Settings
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State
from decnet_swarm.framing import MAX_MESSAGE_BYTES, Deframer, frame
from decnet_swarm.listener.assignments import Assignments
from decnet_swarm.listener.contacts import Contacts
from decnet_swarm.listener.fleet import SensorFleet
from decnet_swarm.listener.plain import PlainSession
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.sensor import SensorSession
from decnet_swarm.listener.session import PeerSession
from decnet_swarm.listener.settings import MIB, ListenerSettings
from decnet_swarm.listener.store import Store
from decnet_swarm.message import event_line, of_event
from decnet_swarm.pki import files
from decnet_swarm.pki.admission import Admitted
from decnet_swarm.pki.contexts import forwarder_context
from decnet_swarm.pki.names import Role
from decnet_swarm.stream import Stream, connect_tls
from decnet_swarm.wire import ALPN, Hello, Mark, Stored, encode, from_forwarder, from_listener

MEMBER = Admitted(NAME, Role.FORWARDER, "00", 1 << 40)
SECONDS = 60.0


class Wire:
    """A connection whose peer says what the test wants, and what the listener answers."""

    def __init__(self, said: list[bytes]) -> None:
        self._said = iter(said)
        self._deframer = Deframer()
        self.heard: list[object] = []

    async def receive(self) -> bytes:
        await asyncio.sleep(0)
        return next(self._said, b"")

    def write(self, data: bytes) -> None:
        self.heard += map(from_listener, self._deframer.feed(data))

    async def drain(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Master(NamedTuple):
    """What a session of the listener is given."""

    state: Path
    store: Store
    records: Records
    fleet: SensorFleet
    counters: Counters
    ctx: Context

    def session(self, wire: Wire) -> SensorSession:
        return SensorSession(
            cast("Stream", wire), MEMBER, self.store,
            records=self.records, fleet=self.fleet, counters=self.counters, window_bytes=1 << 20,
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Have the store write."""
        task = asyncio.ensure_future(self.store.run(self.ctx))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@contextlib.contextmanager
def opened(state: Path) -> Iterator[Master]:
    """A listener's store on a real disk, without the listener; nothing is written until `store.run` runs."""
    folder = files.listener_folder(state)
    folder.mkdir(parents=True)
    writer = SpoolWriter(state / "spool" / "listener", SpoolSettings())
    records, quarantine = Records(state / "listener.json"), Quarantine(state / "quarantine")
    store = Store(writer, state / "spool" / "listener", records, quarantine, ListenerSettings())
    (state / "sensors").mkdir()
    contacts = Contacts(state, folder, silent_seconds=60, resumed=False)
    fleet = SensorFleet(Assignments(state, folder), contacts, lambda _: None, pause=lambda _: asyncio.sleep(0))
    ctx = Context(
        worker="listener", state=State(state), sensor="master", settings=Settings({}, {}, "test"), bus=MemoryBus()
    )
    try:
        yield Master(state, store, records, fleet, Counters(), ctx)
    finally:
        quarantine.close()
        writer.close()


class Shared(NamedTuple):
    """A master for many examples."""

    master: Master
    runner: asyncio.Runner

    def stored_of(self, session: PeerSession) -> list[Event]:
        """Run the session to its end, and return what is stored of it."""
        before = len(received(self.master.state))
        self.runner.run(self._play(session))
        assert self.master.store.counters()["waiting_bytes"] == 0
        return received(self.master.state)[before:]

    async def _play(self, session: PeerSession) -> None:
        async with self.master.writing(), asyncio.timeout(SECONDS):
            with contextlib.suppress(OSError):  # a breach of the protocol: nothing else ends a session
                await session.run()
            await self.master.store.settled(NAME)
            await asyncio.sleep(0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with opened(tmp_path_factory.mktemp("master")) as master, asyncio.Runner() as runner:
        yield Shared(master, runner)
        runner.run(master.ctx.close())


own = st.integers(1, 1000).map(lambda number: _event(number, NAME))
foreign = st.integers(1, 1000).map(lambda number: _event(number, "paris-1"))
no_event = st.one_of(
    st.binary(max_size=80).map(lambda rest: b"<" + rest),
    st.sampled_from((b"<1>" + b"[" * 5000, b"<133>1 - - decnet - x - {}", b'<133>1 - a decnet - a - {"id":1e999}')),
    own.flatmap(lambda whole: st.integers(1, len(whole) - 1).map(lambda end: whole[:end])),
)
marks = st.builds(Mark, st.sampled_from(("decoys", "sniff", "a.b")), st.integers(0, 2**62), st.integers(0, 9)).map(
    encode
)
standing = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("shop", "bar")),
        "version": st.integers(),
        "phase": st.just("running"),
        "since": st.integers(),
    }
)
reports = st.lists(standing, max_size=3).map(
    lambda deckies: msgspec.json.encode({"say": "deckies", "standings": {"deckies": deckies}})
)
others = st.one_of(
    st.sampled_from((b'{"say":"ping"}', b'{"say":"caught-up"}', b'{"say":"hello"}', b'{"say":"stored","marks":1}')),
    st.binary(min_size=1, max_size=60),
)
messages = st.lists(st.one_of(own, own, foreign, no_event, marks, marks, reports, others), max_size=30)
broken = st.sampled_from(
    (b"", b"", b"0 ", b"99999999 x", b"7 short", b"x" * 100, str(MAX_MESSAGE_BYTES + 1).encode() + b" ")
)


def _event(number: int, name: str) -> bytes:
    event = made(number, name=name)
    return of_event(event, encode_event(event))


def expected(contents: list[bytes]) -> tuple[list[bytes], int]:
    """Return the events that must be stored of these messages, and how many marks are confirmed at most."""
    stored: list[bytes] = []
    batch: list[bytes] = []
    confirmed = 0
    for content in contents:
        if content.startswith(b"<"):
            batch.append(content)
        elif isinstance(from_forwarder(content), Mark):
            stored += [one for one in batch if b'"sensor":"berlin-1"' in one and one.endswith(b"}")]
            batch, confirmed = [], confirmed + 1
        elif from_forwarder(content) is None or isinstance(from_forwarder(content), Hello):
            break
    return [event_line(one) or b"" for one in stored], confirmed


@given(messages, broken, st.integers(1, 400))
def test_only_its_own_events_behind_a_mark_are_stored_whatever_it_says(
    shared: Shared, contents: list[bytes], tail: bytes, size: int
) -> None:
    stream = b"".join(map(frame, (encode(Hello()), *contents))) + tail
    wire = Wire([stream[start : start + size] for start in range(0, len(stream), size)])
    events = shared.stored_of(shared.master.session(wire))
    stored, confirmed = expected(contents)
    assert [encode_event(event) for event in events] == stored
    told = [one.marks for one in wire.heard if isinstance(one, Stored)]
    assert max(told, default=0) == confirmed
    assert told == sorted(told)


@given(
    st.lists(st.binary(min_size=1, max_size=200), max_size=10),
    st.sampled_from((b"", b"\n", b"9999999 ")),
    st.booleans(),
)
def test_a_sender_of_syslog_has_events_of_its_own_name_alone(
    shared: Shared, contents: list[bytes], tail: bytes, counted: bool
) -> None:
    stream = b"".join(map(frame, contents)) if counted else b"\n".join(b"<1>" + one for one in contents)
    wire = cast("Stream", Wire([stream + tail]))
    events = shared.stored_of(PlainSession(wire, MEMBER, shared.master.store, shared.master.counters))
    assert {event.sensor for event in events} <= {NAME}
    assert len(events) >= len(contents)


async def test_marks_without_events_wait_within_what_may_wait_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    piece = b"".join(frame(encode(Mark("decoys", 1, number))) for number in range(1000))
    with opened(tmp_path) as master:
        wire = Wire([frame(encode(Hello())), *[piece] * 100])
        session = asyncio.ensure_future(master.session(wire).run())
        async with asyncio.timeout(SECONDS):
            while master.store.counters()["waiting_bytes"] < 7 * MIB and not session.done():
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
        assert not session.done(), "100,000 marks were taken"
        assert master.store.counters()["waiting_bytes"] <= 8 * MIB
        session.cancel()
        await asyncio.wait([session])


@pytest.mark.parametrize("number", [-1, 2**31, 2**63, 10**30])
async def test_a_report_with_numbers_that_no_column_holds_is_a_breach(tmp_path: Path, number: int) -> None:
    told = {"name": "shop", "version": number, "phase": "running", "since": 1}
    said = msgspec.json.encode({"say": "deckies", "standings": {"deckies": [told]}})
    with opened(tmp_path) as master:
        with pytest.raises(ConnectionError, match="not this protocol"):
            await master.session(Wire([frame(encode(Hello())) + frame(said)])).run()
        assert reported(tmp_path, NAME) is None


async def test_the_longest_event_is_taken_and_one_more_byte_is_not(tmp_path: Path) -> None:
    event = made(1, "x")
    room = MAX_LINE_BYTES - len(encode_event(event))
    longest = made(1, "x" * (1 + room))
    message = of_event(longest, encode_event(longest))
    mark = frame(encode(Mark("decoys", 1, 1)))
    with opened(tmp_path) as master:
        async with master.writing(), asyncio.timeout(SECONDS):
            for said in (message, message.replace(b"xxx", b"xxxx", 1)):
                await master.session(Wire([frame(encode(Hello())) + frame(said) + mark])).run()
            await master.store.settled(NAME)
        await master.ctx.close()
        assert numbers(tmp_path) == [1]
        assert master.store.counters()["rejected"] == 1


async def test_a_sensor_that_does_not_read_its_assignment_keeps_no_other_from_its_own(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    other = tmp_path / "paris-1"
    sensor(above, files.forwarder_folder(other), "paris-1")
    async with listener(above) as master:
        acceptor = master.worker._acceptor  # type: ignore[attr-defined]  # kernels differ in what they take unread
        acceptor._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        greedy, modest = [await joined(place, port_of(master)) for place in (below, other)]
        await until(lambda: master.count("connected") == 2)
        order(above, NAME, 1000)
        for count in (1, 2):
            order(above, "paris-1", count)
            master.ctx.nudge()
            await assigned(modest)
        greedy.abort()
        modest.abort()


def order(above: Path, name: str, count: int) -> None:
    """Order many deckies of a sensor, of which one takes 3 kB."""
    orders = (
        Order(name=f"d{number}", host_name="x" * 3000, runtime="loopback", addresses=(), persona="nas", version=1)
        for number in range(count)
    )
    ordered_file(above, name).parent.mkdir(exist_ok=True)
    ordered_file(above, name).write_bytes(msgspec.json.encode(Assignment(name, tuple(orders))))


async def assigned(sensor: Stream) -> None:
    """Read until an assignment has come whole, of one part."""
    deframer = Deframer()
    async with asyncio.timeout(SECONDS):
        while not any(b'"say":"assign"' in one for one in deframer.feed(await sensor.receive())):
            pass


async def joined(below: Path, port: int) -> Stream:
    """Connect as a sensor that takes assignments, and has read nothing."""
    context = forwarder_context(files.forwarder_folder(below))
    context.set_alpn_protocols([ALPN])
    stream = await connect_tls("127.0.0.1", port, context, None)
    stream.write(frame(encode(Hello(assigned=0))))
    return stream


async def turns_of_others(session: PeerSession) -> int:
    """Return how often others of the loop had their turn while the session took what its peer said."""
    turns = 0
    task = asyncio.ensure_future(session.run())
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    with contextlib.suppress(OSError):
        await task
    return turns


PING = frame(b'{"say":"ping"}')
SMALL_MARK = frame(encode(Mark("decoys", 1, 1)))


@pytest.mark.parametrize(
    ("flood", "messages"),
    [(PING * 3000, 3000), (frame(b"<x") * 1000 + SMALL_MARK, 1000), (SMALL_MARK * 1000, 1000)],
    ids=["pings", "no-events", "empty-batches"],
)
async def test_the_smallest_messages_of_a_sensor_leave_others_their_turns(
    tmp_path: Path, flood: bytes, messages: int
) -> None:
    """A receive brings 16,000 frames of four bytes, which held the loop for 0.2 s."""
    with opened(tmp_path / "state") as master:
        wire = Wire([frame(encode(Hello())), flood])
        assert await turns_of_others(master.session(wire)) >= messages // 100
        await master.ctx.close()


async def test_the_smallest_messages_of_a_sender_of_syslog_leave_others_their_turns(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as master:
        wire = Wire([b"1 x" * 5000])
        session = PlainSession(cast("Stream", wire), MEMBER, master.store, master.counters)
        assert await turns_of_others(session) >= 50
        await master.ctx.close()
