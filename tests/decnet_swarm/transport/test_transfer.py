# SPDX-License-Identifier: MIT
"""The forwarder's side of the protocol alone, with a listener that says what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from tests.decnet_swarm.swarm_workers import fill, made, spool_of, until

from decnet_core.bus.memory import MemoryBus
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.spool.positions import START, Position, acknowledgement, read_position
from decnet_core.spool.quarantine import Quarantine
from decnet_core.state import State
from decnet_swarm.forwarder import send_queue
from decnet_swarm.forwarder import transfer as module
from decnet_swarm.forwarder.send_queue import SendQueue
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.forwarder.transfer import ProtocolError, Transfer
from decnet_swarm.framing import Deframer, frame
from decnet_swarm.stream import Stream
from decnet_swarm.wire import (
    SILENCE_SECONDS,
    CaughtUp,
    Farewell,
    FromListener,
    Hello,
    Mark,
    Ping,
    Stored,
    Welcome,
    encode,
    from_forwarder,
)

SECONDS = 30.0
WINDOW = 1 << 20


class Line:
    """Both ends of a connection: what the forwarder has written, and what it will read."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._deframer = Deframer()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        self.frames += self._deframer.feed(data)

    async def drain(self) -> None:
        pass

    async def receive(self) -> bytes:
        return await self._waiting.get()

    def give(self, data: bytes) -> None:
        self._waiting.put_nowait(data)


class Sender:
    """A transfer, and the listener that the test plays; polls so seldom that only a nudge helps."""

    def __init__(self, state: Path, window_bytes: int) -> None:
        bus = MemoryBus()
        self.state = state
        self.ctx = Context(
            worker="forwarder", state=State(state), sensor="berlin-1", settings=Settings({}, {}, "test"), bus=bus
        )
        self.queue = SendQueue(state / "spool", Quarantine(state / "quarantine"))
        self.line = Line()
        self.over = asyncio.Event()
        self.welcomed = 0
        settings = ForwarderSettings(window_bytes=window_bytes, poll_seconds=3600)
        transfer = Transfer(self.ctx, cast("Stream", self.line), self.queue, settings)
        self.running = asyncio.create_task(transfer.run(self.over, self._welcome))

    def _welcome(self) -> None:
        self.welcomed += 1

    def say(self, *messages: FromListener) -> None:
        self.line.give(b"".join(frame(encode(message)) for message in messages))

    def fill(self, *numbers: int, worker: str = "decoys") -> None:
        """Append events, as a worker whose nudge arrives."""
        fill(self.state, numbers, worker)
        self.ctx.nudge()

    def said(self, kind: type[Any]) -> list[Any]:
        """Return what the forwarder has said of this kind."""
        return [message for content in self.line.frames if isinstance(message := from_forwarder(content), kind)]

    @property
    def events(self) -> int:
        """How many events were sent."""
        return sum(content.startswith(b"<") for content in self.line.frames)

    def told(self) -> Position:
        """Return what the spool knows to be stored elsewhere."""
        return read_position(acknowledgement(self.state / "spool" / "decoys", "forwarder"))

    async def until(self, condition: Callable[[], bool]) -> None:
        await until(condition, SECONDS, self.running)

    async def quiet(self) -> None:
        """Let everything be done that can be."""
        for _ in range(10):
            await self.ctx.in_thread(int)
            await asyncio.sleep(0)

    async def fails(self, error: type[BaseException], words: str) -> None:
        with pytest.raises(error, match=words):
            await asyncio.wait_for(asyncio.shield(self.running), SECONDS)


Open = Callable[..., Any]


@pytest.fixture
def open_sender(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(window_bytes: int = WINDOW) -> AsyncIterator[Sender]:
        sender = Sender(tmp_path, window_bytes)
        try:
            yield sender
        finally:
            sender.over.set()
            await asyncio.wait([sender.running])
            await sender.ctx.close()

    return opened


async def test_nothing_is_sent_before_the_listener_has_reported_what_it_has(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.fill(0)
        await sender.until(lambda: bool(sender.said(Hello)))
        await sender.quiet()
        assert (sender.events, sender.welcomed) == (0, 0)
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: sender.events == 1)
        assert sender.welcomed == 1


async def test_each_batch_ends_with_its_mark(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.fill(0, 1)
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: len(sender.said(Mark)) == 1)
        assert isinstance(from_forwarder(sender.line.frames[3]), Mark)
        assert [content[:1] for content in sender.line.frames[1:4]] == [b"<", b"<", b"{"]
        assert sender.ctx.counters.snapshot()["events_sent"] == 2


async def test_what_is_confirmed_is_acknowledged_to_the_spool_at_once_when_nothing_else_is_under_way(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "_SAVE_SECONDS", 3600.0)  # or what is late would be saved, too
    async with open_sender() as sender:
        sender.say(Welcome(WINDOW))
        for number in range(3):
            sender.fill(number)
            await sender.until(lambda number=number: len(sender.said(Mark)) == number + 1)
            sender.say(Stored(number + 1))
            mark = sender.said(Mark)[-1]
            await sender.until(lambda mark=mark: sender.told() == Position(mark.segment, mark.offset))
        assert sender.queue.counters()["acknowledged"] == 3


async def test_within_one_segment_only_what_nothing_follows_is_acknowledged_at_once(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "_SAVE_SECONDS", 3600.0)  # or what is late would be saved, too
    async with open_sender() as sender:
        sender.say(Welcome(WINDOW))
        writer = spool_of(sender.state)

        async def send(number: int) -> Position:
            writer.append(made(number))
            sender.ctx.nudge()
            await sender.until(lambda: len(sender.said(Mark)) == number)
            mark = sender.said(Mark)[-1]
            return Position(mark.segment, mark.offset)

        try:
            first = await send(1)
            sender.say(Stored(1))
            await sender.until(lambda: sender.told() == first)
            second, third = await send(2), await send(3)
            sender.say(Stored(2))
            await sender.until(lambda: sender.queue.counters()["acknowledged"] == 2)
            sender.ctx.nudge()
            await sender.quiet()
            assert sender.told() == first
            sender.say(Stored(3))
            await sender.until(lambda: sender.told() == third)
        finally:
            writer.close()
    assert first.segment == third.segment
    assert first < second < third


async def test_several_batches_are_confirmed_together_or_again(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.say(Welcome(WINDOW))
        for number in range(3):
            sender.fill(number)
            await sender.until(lambda number=number: len(sender.said(Mark)) == number + 1)
        sender.say(Stored(2))
        await sender.until(lambda: sender.queue.counters()["acknowledged"] == 2)
        sender.say(Stored(2), Stored(3))
        await sender.until(lambda: sender.queue.counters()["acknowledged"] == 3)
        assert not sender.running.done()


async def test_that_all_was_sent_is_reported_once_and_again_after_more(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: len(sender.said(CaughtUp)) == 1)
        for _ in range(3):
            sender.ctx.nudge()
            await sender.quiet()
        assert len(sender.said(CaughtUp)) == 1
        sender.fill(0)
        await sender.until(lambda: len(sender.said(CaughtUp)) == 2)
        assert [content[:1] for content in sender.line.frames[-3:]] == [b"<", b"{", b"{"]
        sender.ctx.nudge()
        await sender.quiet()
        assert len(sender.said(CaughtUp)) == 2


async def test_what_is_known_to_be_stored_is_not_sent(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.fill(0)
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: len(sender.said(Mark)) == 1)
        place = sender.said(Mark)[0].place
    async with open_sender() as sender:
        assert sender.told() == START
        sender.fill(1)
        sender.say(Welcome(WINDOW, {"decoys": place}))
        await sender.until(lambda: bool(sender.said(CaughtUp)))
        assert sender.events == 1


@pytest.mark.parametrize("whose", ["listener", "forwarder"])
@pytest.mark.parametrize("more", [0, 1])
async def test_no_more_is_under_way_than_either_side_wants(open_sender: Open, whose: str, more: int) -> None:
    async with open_sender() as sender:
        sender.fill(0, worker="one")
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: bool(sender.said(Mark)))
        size = int(sender.ctx.counters.snapshot()["bytes_sent"]) + more
    async with open_sender(size if whose == "forwarder" else WINDOW) as sender:
        for worker in ("two", "six"):
            sender.fill(0, worker=worker)
        sender.say(Welcome(size if whose == "listener" else WINDOW))
        for confirmed in range(3 - more):
            await sender.until(lambda confirmed=confirmed: len(sender.said(Mark)) == confirmed + 1 + more)
            await sender.quiet()
            assert len(sender.said(Mark)) == confirmed + 1 + more
            assert bool(sender.said(CaughtUp)) is False
            sender.say(Stored(confirmed + 1))


async def test_a_listener_that_confirms_what_was_not_sent_is_left(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.fill(0)
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: len(sender.said(Mark)) == 1)
        sender.say(Stored(2))
        await sender.fails(ProtocolError, "what was not sent")


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (frame(encode(Farewell("go\x1b[2Jaway"))), ProtocolError, r"the listener reports: go\S+away"),
        (frame(encode(Welcome(WINDOW))) * 2, ProtocolError, "a second welcome"),
        (frame(b'{"say":"nonsense"}'), ProtocolError, "does not speak this protocol"),
        (b"nonsense", ProtocolError, "."),
        (b"", ConnectionResetError, "ended the connection"),
    ],
)
async def test_what_is_not_the_protocol_ends_the_connection(
    open_sender: Open, said: bytes, error: type[BaseException], words: str
) -> None:
    async with open_sender() as sender:
        sender.line.give(said)
        await sender.fails(error, words)


async def test_a_listener_may_say_that_it_is_there(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.say(Ping(), Welcome(WINDOW), Ping())
        sender.fill(0)
        await sender.until(lambda: sender.events == 1)


async def test_a_paused_forwarder_sends_nothing(open_sender: Open) -> None:
    async with open_sender() as sender:
        sender.ctx.unpaused.clear()
        sender.fill(0)
        sender.say(Welcome(WINDOW))
        await sender.until(lambda: sender.welcomed == 1)
        await sender.quiet()
        assert sender.events == 0
        sender.ctx.unpaused.set()
        await sender.until(lambda: sender.events == 1)


class Clock:
    """Stands for the module `time` in the transfer."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


async def test_a_listener_that_is_silent_is_left_and_one_that_is_not_is_kept(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 0.01)
    async with open_sender() as sender:
        await sender.until(lambda: len(sender.said(Ping)) >= 3)
        sender.say(Ping())
        await sender.quiet()
        for _ in range(3):
            clock.now += SILENCE_SECONDS
            pings = len(sender.said(Ping))
            await sender.until(lambda pings=pings: len(sender.said(Ping)) > pings + 1)
            sender.say(Ping())
            await sender.quiet()
        clock.now += SILENCE_SECONDS + 0.1
        await sender.fails(ConnectionResetError, "was silent for 65 s")
