# SPDX-License-Identifier: MIT
"""The stream: each message once, wherever a client left it; filters, gaps, many listeners, the end of a session."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import EVENTS_INGESTED
from decnet_core.events.catalogue import HttpRequest
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.events.notices import AttackerObserved
from decnet_models.accounts.tables import api_token
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events
from decnet_models.notices.queries import add_all
from decnet_web.api.fleet import Fleet
from decnet_web.api.live.stream import broadcast as broadcasting
from decnet_web.api.live.stream import listener as listening
from decnet_web.api.live.stream.batch import Wanted
from decnet_web.api.live.stream.broadcast import Broadcast
from decnet_web.api.live.stream.position import Position, parse_position
from decnet_web.api.live.stream.routes import _messages
from decnet_web.api.principal import Holder, Principal

EVERYTHING = Wanted()


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


class Log:
    """Appends to the event log and to the outbox."""

    def __init__(self, served: Served) -> None:
        self._engine = open_engine(served.deployment.database_url)
        self.count = 0

    def event(self, target: str = "/", source: str = "192.0.2.1", *, synthetic: bool = False) -> None:
        now = time.time_ns()
        request = HttpRequest(method="GET", target=target, version="HTTP/1.1", status=200)
        event = Event(
            id=uuid7(now), ts=now, sensor="lab", payload=request, decky="web-1", src_ip=source, src_port=1,
            dst_ip="192.0.2.80", dst_port=80, session=None, synthetic=synthetic,
        )  # fmt: skip
        with writing(self._engine) as connection:
            insert_events(connection, [event])

    def notices(self, count: int = 1, attacker: str = "192.0.2.1") -> None:
        keyed = [
            (f"k{self.count + one}", AttackerObserved(ts=time.time_ns(), attacker=attacker)) for one in range(count)
        ]
        self.count += count
        with writing(self._engine) as connection:
            add_all(connection, keyed, time.time_ns())

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def log(served: Served) -> Iterator[Log]:
    log = Log(served)
    yield log
    log.close()


class Follower:
    """A client that parses what it is sent."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._text = ""
        self.last_id = ""
        self.messages: list[tuple[str, Any]] = []

    async def until(self, count: int) -> list[tuple[str, Any]]:
        """Read until there are this many messages."""
        async with asyncio.timeout(120):
            while len(self.messages) < count:
                self._take((await anext(self._source)).decode())
        return self.messages

    def _take(self, text: str) -> None:
        *blocks, self._text = (self._text + text).split("\n\n")
        for block in blocks:
            fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                self.messages.append((fields["event"], json.loads(fields["data"])))


def viewer(served: Served) -> Principal:
    digest = hashlib.sha256(served.tokens["viewer"].encode()).hexdigest()
    return Principal(Holder(UUID(int=1), "viewer"), "viewer", "token", digest=digest)


@asynccontextmanager
async def following(
    served: Served, broadcast: Broadcast, last_id: str = "", wanted: Wanted = EVERYTHING
) -> AsyncIterator[Follower]:
    """Follow as the route does, and hang up."""
    fleet: Fleet = served.application.state.fleet
    position = parse_position(last_id)
    lost = bool(last_id) and position is None
    async with aclosing(_messages(fleet, broadcast, viewer(served), wanted, position, lost=lost)) as messages:
        follower = Follower(messages)
        follower._take((await anext(messages)).decode())
        yield follower


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than it does without a bus."""
    monkeypatch.setattr(broadcasting, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(broadcasting, "TICK_SECONDS", 0.01)


@pytest.fixture
def broadcast(served: Served) -> Broadcast:
    return Broadcast(served.application.state.fleet)


def targets(messages: list[tuple[str, Any]]) -> list[str]:
    return [body["payload"]["target"] for name, body in messages if name == "event"]


async def test_what_is_new_comes_and_what_was_there_does_not(served: Served, log: Log, broadcast: Broadcast) -> None:
    log.event("/before")
    async with following(served, broadcast) as follower:
        log.event("/<script>")
        log.notices()
        (_, event), (_, notice) = await follower.until(2)
    assert event["payload"]["target"] == "/<script>"
    assert event["ts"].endswith("Z")
    assert (notice["kind"], notice["body"]) == ("attacker.observed", {"attacker": "192.0.2.1"})


async def test_who_comes_again_gets_exactly_what_it_has_missed(served: Served, log: Log, broadcast: Broadcast) -> None:
    seen: list[str] = []
    last_id = ""
    for turn in range(5):
        async with following(served, broadcast, last_id) as follower:
            log.event(f"/{turn}-here")
            log.notices()
            wanted = 2 if not turn else 4
            messages = await follower.until(wanted)
            last_id = follower.last_id
            seen += targets(messages)
            assert len(messages) == wanted
        log.event(f"/{turn}-away")
        log.notices()
    expected = [f"/{turn}-{where}" for turn in range(5) for where in ("here", "away")]
    assert seen == expected[:-1]


async def test_each_part_of_a_batch_can_be_gone_on_from(served: Served, log: Log, broadcast: Broadcast) -> None:
    """A connection may break between any two messages; the id of the last whole one leads to the next."""
    async with following(served, broadcast) as follower:
        start = follower.last_id
        for number in range(3):
            log.event(f"/{number}")
        log.notices(3)
    async with following(served, Broadcast(served.application.state.fleet), start) as follower:
        names = [(name, body["seq"]) for name, body in await follower.until(6)]
    reader = Broadcast(served.application.state.fleet)
    position = parse_position(start)
    assert position is not None
    async with following(served, reader, start):
        batch = await served.application.state.fleet.read(lambda connection: reader._reader.read(connection, position))
        ids = [frame.wire.split(b"\n")[0].removeprefix(b"id: ").decode() for frame in batch.frames]
    for index, last_id in enumerate(ids[:-1]):
        async with following(served, reader, last_id) as follower:
            rest = await follower.until(len(ids) - index - 1)
            assert [(name, body["seq"]) for name, body in rest] == names[index + 1 :]


async def test_filters_take_kinds_tables_and_sources(served: Served, log: Log, broadcast: Broadcast) -> None:
    chosen = Wanted(sources=frozenset({"198.51.100.7"}))
    async with (
        following(served, broadcast, wanted=chosen) as one,
        following(served, broadcast, wanted=Wanted(tables=frozenset({"notice"}))) as other,
        following(served, broadcast, wanted=Wanted(kinds=frozenset({"http.request"}))) as third,
    ):
        log.event("/theirs")
        log.event("/its", "198.51.100.7")
        log.event("/ours", "198.51.100.7", synthetic=True)
        log.notices(attacker="198.51.100.7")
        assert [name for name, _ in await one.until(2)] == ["event", "notice"]
        assert [name for name, _ in await other.until(1)] == ["notice"]
        assert targets(await third.until(2)) == ["/theirs", "/its"]


@pytest.mark.parametrize("last_id", ["rubbish", "n1", "n99e99", "n0e-1", "n" + "9" * 30 + "e1"])
async def test_a_position_that_is_not_to_be_had_is_a_gap(
    served: Served, log: Log, broadcast: Broadcast, last_id: str
) -> None:
    log.event()
    async with following(served, broadcast, last_id) as follower:
        log.event("/after")
        (name, body), (_, event) = await follower.until(2)
    assert (name, body["reason"]) == ("skipped", "position")
    assert event["payload"]["target"] == "/after"


async def test_who_was_away_for_too_long_is_told_so(
    served: Served, log: Log, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "MOST_BEHIND", 2)
    async with following(served, broadcast) as follower:
        last_id = follower.last_id
    log.notices(3)
    async with following(served, broadcast, last_id) as follower:
        assert (await follower.until(1))[0][0] == "skipped"


async def test_a_slow_client_gets_a_gap_and_then_what_is_new(
    served: Served, log: Log, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "MOST_BYTES", 3000)
    async with following(served, broadcast) as slow, following(served, broadcast) as quick:
        for number in range(40):
            log.event(f"/{number}")
            await quick.until(number + 1)
        log.event("/last")
        assert targets(await quick.until(41)) == [*(f"/{number}" for number in range(40)), "/last"]
        await slow.until(1)
        while targets(slow.messages)[-1:] != ["/last"]:
            await slow.until(len(slow.messages) + 1)
    assert slow.messages[0][0] == "skipped"
    assert len(slow.messages) < 40


async def test_a_revoked_token_ends_its_stream(
    served: Served, log: Log, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("decnet_web.api.live.stream.routes.HEARTBEAT_SECONDS", 0.05)
    async with following(served, broadcast) as follower:
        with transaction(served.deployment, write=True) as connection:
            connection.execute(delete(api_token))
        assert (await follower.until(1))[0][0] == "ended"
        with pytest.raises(StopAsyncIteration):
            await anext(follower._source)
    assert len(broadcast) == 0


async def test_two_hundred_listeners_cost_one_reader(served: Served, log: Log) -> None:
    broadcast = Broadcast(served.application.state.fleet)
    async with AsyncExitStack() as stack:
        followers = [await stack.enter_async_context(following(served, broadcast)) for _ in range(200)]
        assert len(broadcast) == 200
        for number in range(20):
            log.event(f"/{number}")
        for follower in followers:
            assert targets(await follower.until(20)) == [f"/{number}" for number in range(20)]
        assert broadcast.ticks < 20 * 200 / 10
    assert len(broadcast) == 0


async def test_it_reads_when_the_bus_says_so_and_holds_no_subscription_afterwards(
    served: Served, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "CALM_SECONDS", 3600.0)
    fleet: Fleet = served.application.state.fleet
    bus = MemoryBus()
    monkeypatch.setattr(fleet, "bus", bus)
    broadcast = Broadcast(fleet)
    async with following(served, broadcast) as follower:
        while not broadcast.ticks:
            await asyncio.sleep(0.01)
        log.event("/nudged")
        bus.publish(EVENTS_INGESTED.pattern)
        assert targets(await follower.until(1)) == ["/nudged"]
    while bus._inboxes:
        await asyncio.sleep(0.01)
    assert not broadcast._reading


async def test_a_database_that_fails_ends_the_streams_so_that_clients_come_again(
    served: Served, log: Log, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with following(served, broadcast) as follower:

        def fails(*_: object) -> None:
            raise OSError("gone")

        monkeypatch.setattr(broadcast._reader, "read", fails)
        async with asyncio.timeout(120):
            assert [piece async for piece in follower._source if b"data" in piece] == []
    monkeypatch.undo()
    async with following(served, broadcast, follower.last_id) as follower:
        log.event("/again")
        assert targets(await follower.until(1)) == ["/again"]


def test_positions_are_written_as_they_are_read() -> None:
    assert parse_position(str(Position(3, 4))) == Position(3, 4)
