# SPDX-License-Identifier: MIT
"""The listener's store alone: when it says that a batch is safe, and what it does with a disk that refuses."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.decnet_swarm.swarm_workers import made, numbers, until

from decnet_core.bus.inbox import Inbox
from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import SPOOL_APPENDED, Appended
from decnet_core.events.codec import encode
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.listener.store import PendingWrite, RejectedLine, Store, SyncError, held_bytes
from decnet_swarm.wire import SpoolPosition

SECONDS = 30.0
NEVER = 3600.0
NOTHING = {"events": 0, "duplicates": 0, "rejected": 0, "disk_refusals": 0, "checkpoint_errors": 0}


class NarrowDisk(SpoolWriter):
    """A spool on a disk that has room for so many lines; `offered` is called before each offer, in its thread."""

    room = 1 << 30
    refused: list[float]
    """When it had no room: each time it is tried again, whether or not a test looks meanwhile."""
    offered: Callable[[], None] = staticmethod(lambda: None)

    def offer(self, lines: Sequence[bytes]) -> int:
        self.offered()
        done = super().offer(lines[: self.room])
        self.room -= done
        if done < len(lines):
            self.refused.append(time.monotonic())
        return done


class Master:
    """A store with all that it needs, and the batches it said were safe."""

    def __init__(self, state: Path, ctx: Context, inbox: Inbox, **settings: Any) -> None:
        self.state = state
        self.ctx = ctx
        self.inbox = inbox
        self.checkpoint = state / "listener.json"
        self.disk = NarrowDisk(state / "spool" / "listener", SpoolSettings())
        self.disk.refused = []
        self.records = Records(self.checkpoint)
        self.store = Store(
            self.disk,
            state / "spool" / "listener",
            self.records,
            Quarantine(state / "quarantine"),
            ListenerSettings(**{"checkpoint_seconds": NEVER, **settings}),
        )
        self.safe: list[str] = []
        self.running: asyncio.Task[None] | None = None

    def batch(
        self, events: Iterable[int], name: str = "one", sensor: str = "berlin-1", size: int = 1, **more: Any
    ) -> PendingWrite:
        made_of = [made(number, name=sensor) for number in events]
        more = {"spool": "decoys", "place": SpoolPosition(1, 2, name), **more}
        return PendingWrite(
            sensor,
            [event.id for event in made_of],
            [encode(event) for event in made_of],
            size,
            lambda: self.safe.append(name),
            **more,
        )

    def run(self) -> None:
        self.running = asyncio.create_task(self.store.run(self.ctx))

    async def end(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.wait([self.running])

    def noted(self, sensor: str = "berlin-1") -> dict[str, SpoolPosition]:
        """Return what a successor would know of a sensor."""
        return dict(Records(self.checkpoint).places(sensor))

    async def until(self, condition: Callable[[], bool]) -> None:
        await until(condition, SECONDS, self.running)

    async def until_safe(self, *names: str) -> None:
        await self.until(lambda: len(self.safe) >= len(names))
        assert self.safe == list(names)


Open = Callable[..., Any]


@pytest.fixture
def open_master(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Master]:
        bus = MemoryBus()
        ctx = Context(
            worker="listener", state=State(tmp_path), sensor="master", settings=Settings({}, {}, "test"), bus=bus
        )
        master = Master(tmp_path, ctx, await bus.share().subscribe(SPOOL_APPENDED.of("listener")), **settings)
        try:
            yield master
        finally:
            await master.end()
            await ctx.close()
            master.disk.close()

    return opened


async def test_a_batch_is_safe_when_it_is_on_the_disk(open_master: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    safe_then, sync = list[int](), os.fsync
    async with open_master() as master:

        def noted(descriptor: int) -> None:
            sync(descriptor)
            safe_then.append(len(master.safe))

        monkeypatch.setattr(os, "fsync", noted)
        assert master.store.counters() == {**NOTHING, "waiting_bytes": 0, "sensors_known": 0, "remembered": 0}
        await master.store.put(master.batch(range(3), size=50))
        assert master.store.counters()["waiting_bytes"] == 50
        master.run()
        await master.until_safe("one")
        assert 0 in safe_then
        assert numbers(master.state) == [0, 1, 2]
        await master.until(lambda: master.store.counters()["waiting_bytes"] == 0)
        assert master.store.counters() == {
            **NOTHING,
            "events": 3,
            "waiting_bytes": 0,
            "sensors_known": 1,
            "remembered": 0,
        }


async def test_readers_are_notified_of_new_events_and_of_nothing_else(open_master: Open) -> None:
    async with open_master() as master:
        master.run()
        for place, events in enumerate((range(2), range(0), range(2, 5))):
            await master.store.put(master.batch(events))
            await master.until(lambda place=place: len(master.safe) > place)
        told = [await master.inbox.next(SECONDS) for _ in range(2)]
        assert [msgspec.json.decode(message.payload, type=Appended).count for message in told] == [2, 3]


async def test_batches_that_come_together_are_safe_together(open_master: Open) -> None:
    async with open_master() as master:
        for number in range(4):
            await master.store.put(master.batch([number], str(number)))
        master.run()
        await master.until_safe("0", "1", "2", "3")
        assert numbers(master.state) == [0, 1, 2, 3]


async def test_lines_that_are_not_the_sensors_are_quarantined_with_the_rest_of_their_batch(open_master: Open) -> None:
    async with open_master() as master:
        aside = [RejectedLine("because", b"a line"), RejectedLine("because", b"another")]
        await master.store.put(master.batch([1], rejected=aside))
        master.run()
        await master.until_safe("one")
        assert (master.store.counters()["rejected"], master.store.counters()["events"]) == (2, 1)
        kept = b"".join(path.read_bytes() for path in (master.state / "quarantine").glob("*.jsonl"))
        assert kept.count(b"because") == 2


async def test_senders_wait_while_too_much_is_queued(open_master: Open) -> None:
    async with open_master(waiting_bytes=100) as master:
        for size in (60, 40):
            await asyncio.wait_for(master.store.put(master.batch([], size=size)), SECONDS)
        late = asyncio.create_task(master.store.put(master.batch([], "late", size=1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not late.done()
        assert master.store.counters()["waiting_bytes"] == 100
        master.run()
        await asyncio.wait_for(late, SECONDS)
        await master.until_safe("one", "one", "late")


async def test_a_batch_that_is_larger_than_the_queue_is_taken_alone(open_master: Open) -> None:
    async with open_master(waiting_bytes=100) as master:
        await asyncio.wait_for(master.store.put(master.batch([], size=1000)), SECONDS)


async def test_a_sensor_that_comes_again_waits_for_what_it_brought_before(open_master: Open) -> None:
    async with open_master() as master:
        await master.store.put(master.batch([1]))
        await asyncio.wait_for(master.store.settled("paris-1"), SECONDS)
        waiting = asyncio.create_task(master.store.settled("berlin-1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        master.run()
        await asyncio.wait_for(waiting, SECONDS)
        assert master.safe == ["one"]


async def test_the_checkpoint_is_not_written_with_each_batch_but_at_the_end(open_master: Open) -> None:
    async with open_master() as master:
        master.store.recover()
        master.run()
        await master.store.put(master.batch([1]))
        await master.until_safe("one")
        await master.store.put(master.batch([2], "two"))
        await master.until_safe("one", "two")
        assert master.noted() == {}
        await master.end()
        master.store.finish()
        assert master.noted() == {"decoys": SpoolPosition(1, 2, "two")}


async def test_the_checkpoint_is_written_soon_when_nothing_more_comes(open_master: Open) -> None:
    async with open_master(checkpoint_seconds=0.2) as master:
        master.run()
        await master.store.put(master.batch([1]))
        await master.until(lambda: master.noted() != {})


async def test_the_checkpoint_is_written_under_a_load_that_never_ends(open_master: Open) -> None:
    async with open_master(checkpoint_seconds=0.0) as master:
        loop, notes = asyncio.get_running_loop(), list[bool]()

        def more() -> None:
            """Queue the next batch before this one is done."""
            notes.append(master.checkpoint.exists())
            loop.call_soon_threadsafe(puts.append, loop.create_task(master.store.put(master.batch([len(notes)]))))

        puts: list[asyncio.Task[None]] = []
        master.disk.offered = lambda: loop.call_soon_threadsafe(more)
        master.run()
        await master.store.put(master.batch([0]))
        await master.until(lambda: len(notes) > 5)
        assert notes[5]


async def test_a_sender_without_spools_has_no_place_to_note(open_master: Open) -> None:
    async with open_master() as master:
        await master.store.put(master.batch([1], place=None))
        master.run()
        await master.until_safe("one")
        assert master.records.sensors == 0


async def test_a_batch_that_the_disk_refuses_goes_on_where_it_stopped(open_master: Open) -> None:
    async with open_master(checkpoint_seconds=0.0) as master:
        master.disk.room = 4
        await master.store.put(master.batch([0], "first"))
        await master.store.put(master.batch(range(1, 6), "second"))
        await master.store.put(master.batch([], "third"))
        master.run()
        await master.until_safe("first")
        assert numbers(master.state) == [0, 1, 2, 3]
        assert master.noted() == {}  # what stands before the checkpoint's end is not looked at again
        assert not await settles(master)
        await master.until(lambda: len(master.disk.refused) >= 2)
        assert master.disk.refused[1] - master.disk.refused[0] > 0.3
        assert master.safe == ["first"]
        master.disk.room = 100
        await master.until_safe("first", "second", "third")
        assert numbers(master.state) == list(range(6))
        assert master.store.counters()["disk_refusals"] == len(master.disk.refused)
        assert master.store.counters()["events"] == 6
        await master.until(lambda: master.noted() == {"decoys": SpoolPosition(1, 2, "third")})


async def settles(master: Master) -> bool:
    """Return whether all of the sensor is stored."""
    waiting = asyncio.create_task(master.store.settled("berlin-1"))
    await asyncio.sleep(0.01)
    waiting.cancel()
    return waiting.done()


async def test_a_listener_that_ends_while_the_disk_refuses_notes_nothing_it_has_not_acknowledged(
    open_master: Open,
) -> None:
    async with open_master() as master:
        master.disk.room = 2
        await master.store.put(master.batch(range(5)))
        master.run()
        await master.until(lambda: master.store.counters()["disk_refusals"] >= 1)
        await master.end()
        master.store.finish()
        assert not master.checkpoint.exists()


async def test_what_the_disk_refuses_frees_what_readers_are_done_with(open_master: Open) -> None:
    async with open_master() as master:
        removed = []
        master.disk.collect_garbage = lambda: removed.append(True)
        master.disk.room = 0
        await master.store.put(master.batch(range(5)))
        master.run()
        await master.until(lambda: bool(removed))


async def test_nothing_is_acknowledged_that_could_not_be_synced(
    open_master: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with open_master() as master:
        await master.store.put(master.batch(range(5)))
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(SyncError):
            await asyncio.wait_for(master.store.run(master.ctx), SECONDS)
        monkeypatch.undo()
        assert (master.safe, master.records.sensors) == ([], 0)


async def test_events_that_a_predecessor_stored_are_passed_over_once(
    open_master: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_master() as master:
        master.store.recover()
        master.run()
        await master.store.put(master.batch(range(4)))
        await master.until_safe("one")  # and is killed before it notes it
    caplog.set_level(logging.INFO)
    async with open_master() as master:
        master.store.recover()
        assert master.store.counters()["remembered"] == 4
        assert "events after the last checkpoint known=4" in caplog.text
        master.disk.room = 1
        await master.store.put(master.batch([2, 3, 4, 5, 6], "again"))
        master.run()
        await master.until(lambda: len(master.disk.refused) >= 1)
        master.disk.room = 100
        await master.until_safe("again")
        assert numbers(master.state) == list(range(7))
        assert (master.store.counters()["duplicates"], master.store.counters()["events"]) == (2, 3)
        assert master.store.counters()["remembered"] == 2
        master.store.settle_plain("berlin-1")
        assert master.store.counters()["remembered"] == 2  # it has spools, so they may come again


async def test_a_sender_of_syslog_sends_nothing_again(open_master: Open) -> None:
    async with open_master() as master:
        master.store.recover()
        master.run()
        await master.store.put(master.batch(range(4), place=None))
        await master.until_safe("one")
    async with open_master() as master:
        master.store.recover()
        assert master.store.counters()["remembered"] == 4
        master.store.settle_plain("berlin-1")
        assert master.store.counters()["remembered"] == 0


async def test_without_a_checkpoint_ingest_is_left_to_know_what_it_has(
    open_master: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_master() as master:
        master.run()
        await master.store.put(master.batch(range(4)))
        await master.until_safe("one")
    async with open_master() as master:
        master.store.recover()
        assert master.store.counters()["remembered"] == 0
        assert master.checkpoint.exists()
    assert "after the last checkpoint" not in caplog.text


async def test_a_checkpoint_that_the_disk_refuses_is_reported_and_stops_nothing(
    open_master: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_master() as master:
        (master.state / "listener.json.new").mkdir()
        master.store.recover()
        assert master.store.counters()["checkpoint_errors"] == 1
        assert "cannot save the checkpoints of sensors: Is a directory" in caplog.text
        master.run()
        await master.store.put(master.batch([1]))
        await master.until_safe("one")


def test_what_a_batch_takes_in_memory_is_more_than_its_bytes_and_grows_with_its_lines() -> None:
    empty = held_bytes([])
    assert empty > sum(map(sys.getsizeof, (PendingWrite("", [], [], 0, print), [], [], SpoolPosition(1, 2), "m" * 64)))
    three = held_bytes([b"x" * 1000] * 3) - empty
    assert three > 3 * (1000 + sys.getsizeof(b"") + sys.getsizeof(uuid.uuid4()))
    assert (held_bytes([b"x" * 1000] * 4) - empty) * 3 == three * 4
    wrong = RejectedLine("r" * 500, b"c" * 2000)
    one = held_bytes([], [wrong]) - empty
    assert one > 500 + sys.getsizeof("") + 2000 + sys.getsizeof(b"")
    assert held_bytes([b"x" * 1000] * 3, [wrong, wrong]) == empty + three + 2 * one
