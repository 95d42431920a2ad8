# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import CONTROL, EVENTS_INGESTED, HEALTH, SPOOL_APPENDED, Control, Health
from decnet_core.events.catalogue import ConnectionOpened, LoginAttempt
from decnet_core.events.codec import decode
from decnet_core.exits import RestartOrdered, StartupError
from decnet_core.runtime.context import Context, Undeclared
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings
from decnet_core.spool.folding import JOURNALS
from decnet_core.spool.writer import SpoolWriter


class Door(Worker[NoSettings]):
    """Emits an event each time it is woken."""

    name = "door"
    listens = (EVENTS_INGESTED.pattern,)
    produces = (ConnectionOpened,)

    async def run(self, ctx: Context) -> None:
        while not ctx.stopping.is_set():
            await ctx.nudged(60)
            if not ctx.stopping.is_set():
                ctx.emit(ConnectionOpened("door"), src=("127.0.0.1", 1))


class Quitter(Worker[NoSettings]):
    """Returns although nobody asked it to."""

    name = "quitter"

    async def run(self, ctx: Context) -> None:
        return


class Stubborn(Worker[NoSettings]):
    """Does not stop when asked."""

    name = "stubborn"

    async def run(self, ctx: Context) -> None:
        await asyncio.Event().wait()


class Refuser(Worker[NoSettings]):
    """Cannot start; remembers that it was released."""

    name = "refuser"
    released = False

    async def start(self, ctx: Context) -> None:
        raise StartupError("port 22 is busy; choose another")

    async def stop(self, ctx: Context) -> None:
        self.released = True


class Guarded(Worker[NoSettings]):
    """Has a background task that fails."""

    name = "guarded"

    async def start(self, ctx: Context) -> None:
        ctx.spawn(self.fail(), name="guard")

    async def fail(self) -> None:
        raise ValueError("the guard fell")

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


def settings_of(tmp_path: Path, **runtime: float) -> Settings:
    return Settings({"state": {"dir": str(tmp_path), "sensor": "here"}, "runtime": runtime}, {}, "test")


@asynccontextmanager
async def hosted(
    worker: type[Worker[NoSettings]], tmp_path: Path, bus: MemoryBus
) -> AsyncIterator[tuple[Context, asyncio.Task[None]]]:
    ctx = await open_context(worker, settings_of(tmp_path, stop_seconds=0.2), bus.share())
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(worker(NoSettings()), ctx).run(ready.set))
    await asyncio.wait_for(ready.wait(), 120)
    yield ctx, task
    ctx.stop()
    await asyncio.wait_for(task, 120)


async def order(bus: MemoryBus, worker: str, op: str) -> Health:
    reply = await bus.request(CONTROL.of(worker), msgspec.json.encode(Control(op)), timeout=100)
    return msgspec.json.decode(reply.payload, type=Health)


async def test_a_nudge_wakes_the_worker_and_its_event_is_on_disk_and_announced(tmp_path: Path) -> None:
    bus = MemoryBus()
    announced = await bus.subscribe(SPOOL_APPENDED.wildcard)
    async with hosted(Door, tmp_path, bus):
        await order(bus, "door", "report")  # its subscriptions stand
        bus.publish(EVENTS_INGESTED.pattern)
        assert (await announced.next(5)).subject == "spool.door.appended"
        (segment,) = (tmp_path / "spool" / "door").glob("*.jsonl")
        event = decode(segment.read_bytes().rstrip(b"\n"))
        assert (event.kind, event.sensor, event.src_ip) == ("connection.opened", "here", "127.0.0.1")


async def test_a_worker_looks_rarely_while_the_bus_is_there_and_often_while_it_is_away(tmp_path: Path) -> None:
    ctx = await open_context(Door, settings_of(tmp_path), MemoryBus())
    assert [ctx.poll_seconds(each) for each in (0.5, 2.0, 5.0, 60.0)] == [2.5, 10.0, 10.0, 60.0]
    await ctx.bus.close()
    assert ctx.poll_seconds(2.0) == 2.0
    await ctx.close()


async def test_an_undeclared_kind_cannot_be_emitted(tmp_path: Path) -> None:
    async with hosted(Door, tmp_path, MemoryBus()) as (ctx, _):
        with pytest.raises(Undeclared, match="LoginAttempt"):
            ctx.emit(LoginAttempt("door", "root", success=False))


async def test_the_heartbeat_tells_state_and_counters(tmp_path: Path) -> None:
    bus = MemoryBus()
    beats = await bus.subscribe(HEALTH.wildcard)
    async with hosted(Door, tmp_path, bus):
        health = msgspec.json.decode((await beats.next(5)).payload, type=Health)
        assert (health.worker, health.state) == ("door", "running")
        assert health.rss_bytes > 1 << 20
        assert health.counters["spool_appended"] == 0


async def test_control_messages_pause_resume_and_stop(tmp_path: Path) -> None:
    bus = MemoryBus()
    async with hosted(Door, tmp_path, bus) as (ctx, task):
        async with asyncio.timeout(120):  # it looks once when it listens
            while ctx.counters.snapshot()["spool_appended"] == 0:
                await asyncio.sleep(0)
        assert (await order(bus, "door", "pause")).state == "paused"
        bus.publish(EVENTS_INGESTED.pattern)
        assert (await order(bus, "door", "report")).counters["spool_appended"] == 1
        assert (await order(bus, "door", "resume")).state == "running"
        assert (await order(bus, "door", "reload")).state == "running"
        assert ctx.reloading.is_set()
        await order(bus, "door", "stop")
        await asyncio.wait_for(asyncio.shield(task), 120)


class Picky(Worker[NoSettings]):
    """Refuses some sensors' settings."""

    name = "picky"

    @classmethod
    def check(cls, settings: NoSettings) -> None:  # noqa: ARG003  # what is wrong is elsewhere
        if Path("/").samefile(os.environ["PICKY"]):
            raise StartupError("[picky] the root is no place")

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


async def test_no_restart_is_begun_that_could_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker that runs is good; what would come after it is not."""
    file, bus = tmp_path / "decnet.toml", MemoryBus()
    good = f'[state]\ndir = "{tmp_path}"\n'
    file.write_text(good)
    monkeypatch.setenv("PICKY", str(tmp_path))
    ctx, ready = await open_context(Picky, Settings.load(file), bus), asyncio.Event()
    task = asyncio.ensure_future(Host(Picky(NoSettings()), ctx).run(ready.set))
    await asyncio.wait_for(ready.wait(), 120)
    for wrong, said in (
        ("[picky]\ncolour = 1\n", f"{file}:4: [picky] has no setting 'colour'"),
        ("[runtime]\nlog_level = 'loud'\n", f"{file}:4: [runtime] log_level: "),
        ("=", f"{file}: "),
    ):
        file.write_text(good + wrong)
        answer = await order(bus, "picky", "restart")
        assert answer.state == "running"
        assert answer.refused.startswith(said)
    file.write_text(good)
    monkeypatch.setenv("PICKY", "/")
    assert (await order(bus, "picky", "restart")).refused == "[picky] the root is no place"
    assert (await order(bus, "picky", "pause")).refused == ""
    monkeypatch.setenv("PICKY", str(tmp_path))
    assert (await order(bus, "picky", "restart")).refused == ""
    with pytest.raises(RestartOrdered):
        await asyncio.wait_for(task, 120)


async def test_nonsense_on_the_control_subject_is_ignored(tmp_path: Path) -> None:
    bus = MemoryBus()
    async with hosted(Door, tmp_path, bus):
        for payload in (b"", b"\xff", b'{"op":"explode"}'):
            reply = await bus.request(CONTROL.of("door"), payload, timeout=100)
            assert msgspec.json.decode(reply.payload, type=Health).state == "running"


async def test_a_worker_that_returns_unasked_has_crashed(tmp_path: Path) -> None:
    ctx = await open_context(Quitter, settings_of(tmp_path), MemoryBus())
    with pytest.raises(RuntimeError, match="ended by itself"):
        await asyncio.wait_for(Host(Quitter(NoSettings()), ctx).run(), 30)


async def test_a_failed_background_task_is_the_workers_crash(tmp_path: Path) -> None:
    ctx = await open_context(Guarded, settings_of(tmp_path), MemoryBus())
    with pytest.raises(ValueError, match="the guard fell"):
        await asyncio.wait_for(Host(Guarded(NoSettings()), ctx).run(), 30)


async def test_a_worker_that_does_not_stop_is_cancelled_at_its_deadline(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with hosted(Stubborn, tmp_path, MemoryBus()) as (ctx, task):
        ctx.stop()
        await asyncio.wait_for(asyncio.shield(task), 120)
    assert "did not stop within" in caplog.text


async def test_a_start_up_failure_is_passed_on_and_the_worker_released(tmp_path: Path) -> None:
    ctx = await open_context(Refuser, settings_of(tmp_path), MemoryBus())
    worker = Refuser(NoSettings())
    with pytest.raises(StartupError, match="port 22 is busy"):
        await Host(worker, ctx).run()
    assert worker.released


async def test_order_to_one_of_several_processes_is_obeyed_and_answered_by_it_alone(tmp_path: Path) -> None:
    bus = MemoryBus()
    second = await open_context(Door, settings_of(tmp_path), bus.share(), name="door.2")
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(Door(NoSettings()), second).run(ready.set))
    async with hosted(Door, tmp_path, bus) as (first, _):
        await asyncio.wait_for(ready.wait(), 120)
        for to, name in (("door.2", "door.2"), ("door", "door"), ("", "door")):
            payload = msgspec.json.encode(Control("pause" if to == "door.2" else "report", to))
            reply = await bus.request(CONTROL.of("door"), payload, timeout=100)
            assert msgspec.json.decode(reply.payload, type=Health).worker == name
        assert (first.unpaused.is_set(), second.unpaused.is_set()) == (True, False)
        bus.publish(CONTROL.of("door"), msgspec.json.encode(Control("stop")))
        await asyncio.wait_for(task, 120)


def open_journals(spool: Path) -> list[str]:
    """Return the descriptors of this process that are journals of folded events below `spool`."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            name = str(link.readlink())
        except FileNotFoundError:  # of the listing itself
            continue
        if name.startswith(f"{spool}/") and "folding." in name:
            found.append(name)
    return found


async def test_a_start_up_write_that_fails_leaks_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: SpoolWriter) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SpoolWriter, "sync", full)
        ctx = await open_context(Door, settings_of(tmp_path), MemoryBus())
    try:
        assert open_journals(tmp_path / "spool") == []
    finally:
        await ctx.close()


async def test_a_journal_that_cannot_be_opened_leaks_not_the_other(tmp_path: Path) -> None:
    (tmp_path / "spool" / "door" / JOURNALS[1]).mkdir(parents=True)
    ctx = await open_context(Door, settings_of(tmp_path), MemoryBus())
    try:
        assert open_journals(tmp_path / "spool") == []
    finally:
        await ctx.close()


async def test_a_worker_that_produces_events_has_its_journals_open(tmp_path: Path) -> None:
    ctx = await open_context(Door, settings_of(tmp_path), MemoryBus())
    assert len(open_journals(tmp_path / "spool")) == len(JOURNALS)
    await ctx.close()
    assert open_journals(tmp_path / "spool") == []
