# SPDX-License-Identifier: MIT
"""Hosts one worker in a running event loop: bus, heartbeat, control, nudges, spool sync, graceful stop.

The same function serves a process of its own, one task of many and a forked child (law 6).
"""

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.bus.interface import Bus
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, HEALTH, Control, Health
from decnet_core.exits import RestartOrdered, StartupError
from decnet_core.footprint import resident_of, uss_of
from decnet_core.net.inherited import close_all
from decnet_core.runtime import health, parking
from decnet_core.runtime.context import Context
from decnet_core.runtime.hosted import Hosted
from decnet_core.runtime.notify import BUDGET, EXPOSED, USED, Notifier, watchdog_seconds
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.disk_share import share_of_disk
from decnet_core.spool.folding import Folding
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State, StateSettings
from decnet_core.timing.heartbeat_clock import until_beat

log = logging.getLogger(__name__)

_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "state": StateSettings,
    "bus": BusSettings,
    "spool": SpoolSettings,
    "runtime": RuntimeSettings,
}
"""The sections that every worker reads beside its own."""
_REFUSED_SECONDS = 1.0
"""Until the next try: of a sync that the disk refused, of a heartbeat for which the supervisor had no room."""


async def open_context(
    worker: type[Hosted[Any]], settings: Settings, bus: Bus | None = None, *, name: str = ""
) -> Context:
    """Make the worker's context: state directories, spool when it produces events, bus connection.

    `name` is that of one process of several (`runtime.shares`). An unreachable bus is no error: the client tries again.
    Raises StateError, SpoolBusyError or SettingsError.
    """
    place = settings.section("state", StateSettings)
    state = State.of(place)
    state.create(worker.name)
    name = name or worker.name
    spool = folding = None
    if worker.produces:
        spooling, directory = _within_disk(settings.section("spool", SpoolSettings), state), state.spool / name
        spool = SpoolWriter(directory, spooling)
        folding = _folding(directory, spool, spooling)
    if bus is None:
        from decnet_core.bus.client import connect

        where = settings.section("bus", BusSettings)
        bus = await connect(where.client_url(state), name=name, options=where.client_options)
    ctx = Context(
        worker=worker.name,
        name=name,
        state=state,
        sensor=place.sensor_name,
        settings=settings,
        bus=bus,
        spool=spool,
        folding=folding,
        produces=worker.produces,
    )
    if spool is not None:
        ctx.counters.read_from(spool.counters)
    if folding is not None:
        ctx.counters.read_from(folding.counters)
    return ctx


def _within_disk(settings: SpoolSettings, state: State) -> SpoolSettings:
    """Return the settings with a quota that leaves a small disk room for others."""
    quota = min(settings.quota_bytes, max(share_of_disk(state.spool), 2 * settings.segment_bytes))
    return msgspec.structs.replace(settings, quota_bytes=quota)


def _folding(directory: Path, spool: SpoolWriter, settings: SpoolSettings) -> Folding | None:
    """Open the folds of a spool, and write what a killed predecessor had folded; None when the disk refuses them."""
    folding = None
    try:
        folding = Folding(directory, settings.folding, sync_each=settings.fsync == "always")
        for event in folding.left_behind():
            spool.append(event)
        spool.sync()
        folding.clear()
    except OSError as error:
        log.warning("repeats are not folded: %s", error)
        if folding is not None:
            folding.close()
        return None
    return folding


class Host:
    """Runs one worker: start, ready, run, stop."""

    def __init__(
        self, worker: Hosted[Any], ctx: Context, *, hosting: str = "process", notifier: Notifier | None = None
    ) -> None:
        self._worker = worker
        self._ctx = ctx
        self._hosting = hosting
        self._notifier = notifier or Notifier("")
        self._runtime = ctx.settings.section("runtime", RuntimeSettings)
        self._spooling = ctx.settings.section("spool", SpoolSettings)
        self._started = time.monotonic()
        self._restarting = False

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run the worker until it is asked to stop; raises what it crashed with, RestartOrdered after that order.

        `ready` is called once the worker has started. StartupError comes from the worker's `start`.
        """
        ctx = self._ctx
        try:
            await self._worker.start(ctx)
            ctx.inherited.close()
            await self._start_services()
            ctx.ready = True
            ready()
            worker = self._worker
            await self._notifier.insist(f"READY=1\n{BUDGET}={worker.memory_budget}\n{EXPOSED}={worker.exposed:d}")
            log.info("ready")
            await self._until_stopped()
        finally:
            ctx.stop()
            self._notifier.send("STOPPING=1")
            try:
                await self._worker.stop(ctx)
                ctx.end_window()
                if ctx.spool is not None:
                    await ctx.in_thread(ctx.sync)
            finally:  # or the next start in this process would find the spool locked
                await ctx.close()
            log.info("stopped")
        if self._restarting:
            raise RestartOrdered(f"the operator ordered a restart of {self._worker.name}")

    async def _start_services(self) -> None:
        ctx = self._ctx
        ctx.bus.on_change(ctx.nudge)
        ctx.bus.on_change(self._end_pause)
        ctx.spawn(self._heartbeat(), name="heartbeat")
        ctx.spawn(self._control(), name="control")
        if self._worker.parks and os.environ.get(parking.PARKS) == "1":
            ask_for_break = partial(self._ask_to_be_parked, in_break=True)
            tell_worked = partial(self._notifier.send, f"{parking.WORKED}=1")
            ctx.parking.enable(self._runtime.park_seconds, self._ask_to_be_parked, ask_for_break, tell_worked)
        for pattern in self._worker.listens:
            ctx.spawn(self._listen(pattern), name=f"listen:{pattern}")
        if ctx.spool is not None:
            ctx.spawn(self._sync_spool(), name="spool-sync")

    async def _until_stopped(self) -> None:
        """Wait for the job's end, a background failure, or the order to stop and its deadline."""
        ctx = self._ctx
        ctx.spawn(self._job(), name="run", may_end=True)
        failed = asyncio.ensure_future(ctx.tasks.failed())
        stopping = asyncio.ensure_future(ctx.stopping.wait())
        finished = asyncio.ensure_future(ctx.finished.wait())
        try:
            await asyncio.wait((failed, stopping, finished), return_when=asyncio.FIRST_COMPLETED)
            if ctx.stopping.is_set() and not failed.done():
                await asyncio.wait(
                    (failed, finished), return_when=asyncio.FIRST_COMPLETED, timeout=self._runtime.stop_seconds
                )
            if failed.done():
                failed.result()
            if not ctx.finished.is_set():
                log.warning("did not stop within %.1f s; cancelled", self._runtime.stop_seconds)
        finally:
            for waiter in (failed, stopping, finished):
                waiter.cancel()

    async def _job(self) -> None:
        await self._worker.run(self._ctx)
        if not self._ctx.stopping.is_set():
            raise RuntimeError(f"worker {self._worker.name} ended by itself")
        self._ctx.finished.set()

    async def _heartbeat(self) -> None:
        """Publish health and send the supervisor's heartbeat, in one wake-up."""
        subject = HEALTH.of(self._worker.name)
        watchdog = watchdog_seconds() if self._notifier.wanted else None
        seconds = min(self._runtime.heartbeat_seconds, watchdog / 2 if watchdog else math.inf)
        while True:
            self._ctx.bus.publish(subject, msgspec.json.encode(self._health()))
            sent = watchdog is None or self._send_heartbeat()
            await asyncio.sleep(until_beat(seconds) if sent else _REFUSED_SECONDS)

    def _send_heartbeat(self) -> bool:
        """Report liveness and memory to the supervisor; False when there was no room for the message."""
        budget = self._worker.memory_budget
        used = uss_of(os.getpid()) if resident_of(os.getpid()) > budget else 0
        return self._notifier.send(f"WATCHDOG=1\n{USED}={used}\n{BUDGET}={budget}")

    def _ask_to_be_parked(self, idle_since: float, due: float | None, *, in_break: bool = False) -> None:
        """Without the bus nothing could wake a parked worker, and it polls instead."""
        if self._ctx.bus.connected and not self._ctx.stopping.is_set():
            mine = self._ctx.parking
            if mine.looks_by_itself:
                latest = time.monotonic() + self._runtime.parked_seconds
                due = latest if due is None else min(due, latest)
            held, on = mine.sockets, mine.listens is None and not in_break
            heard = self._worker.listens if mine.listens is None else mine.listens
            asked = parking.ParkRequest(
                idle_since,
                due,
                self._worker.ends_break if in_break else heard,
                self._health(),
                tuple(held),
                watched=mine.hand_over_watch is not None,
                spools=self._worker.reads_spools and on,
                follows=self._worker.follows if on else (),
                background=self._worker.background,
                worked=mine.has_worked,
            )
            watch = [mine.hand_over_watch()] if mine.hand_over_watch is not None else []
            descriptors = [*(sock.fileno() for sock in held.values()), *watch]
            self._notifier.send(f"{parking.REQUEST}={msgspec.json.encode(asked).decode()}", descriptors)
            close_all(watch)

    async def _listen(self, pattern: str) -> None:
        subscription = await self._ctx.bus.subscribe(pattern, limit=16)
        self._ctx.nudge()  # what came before was not heard
        async for _ in subscription:
            self._ctx.nudge()

    async def _control(self) -> None:
        subscription = await self._ctx.bus.subscribe(CONTROL.of(self._worker.name))
        async for message in subscription:
            try:
                order = msgspec.json.decode(message.payload, type=Control)
            except (msgspec.DecodeError, UnicodeDecodeError):
                log.warning("an invalid control message was ignored")
                order = Control("report")
            ctx, refused = self._ctx, ""
            if order.to in ("", ctx.name):
                if order.op == "restart" and (refused := await asyncio.to_thread(self._refusal)):
                    log.error("not restarted, it would not start again: %s", refused)
                else:
                    self._handle_control(order)
            if message.reply and (order.to or ctx.worker) == ctx.name:
                report = msgspec.structs.replace(self._health(), refused=refused)
                ctx.bus.publish(message.reply, msgspec.json.encode(report))

    def _refusal(self) -> str:
        """Return why the worker would refuse to start with the settings as they are now, empty if nothing is wrong."""
        worker = type(self._worker)
        try:
            now = self._ctx.settings.read_again()
            for name, shape in _SECTIONS.items():
                now.section(name, shape)
            worker.check(now.section(worker.name, worker.Settings))
        except (SettingsError, StartupError) as error:
            return str(error)
        return ""

    def _handle_control(self, order: Control) -> None:
        ctx = self._ctx
        match order.op:
            case "stop":
                ctx.stop()
            case "restart":
                self._restarting = True
                ctx.stop()
            case "reload":
                ctx.reloading.set()
                ctx.nudge()
            case "pause":
                ctx.unpaused.clear()
            case "resume":
                ctx.unpaused.set()
            case "report":
                pass
            case _:
                log.warning("unknown control order ignored")

    def _end_pause(self) -> None:
        """Go on when the bus is lost that brought a pause: nobody could take it back, or knows who had ordered it."""
        if not (self._ctx.bus.connected or self._ctx.unpaused.is_set()):
            log.warning("the bus is lost: the pause ends")
            self._ctx.unpaused.set()

    async def _sync_spool(self) -> None:
        """Group fsync: what was appended within `batch_ms` becomes durable together; a full disk is tried again."""
        ctx, pause = self._ctx, self._spooling.batch_ms / 1000
        assert ctx.spool is not None
        while True:
            await ctx.appended.wait()
            await asyncio.sleep(pause)
            ctx.appended.clear()
            await ctx.in_thread(ctx.sync)
            if ctx.spool.dirty and not ctx.appended.is_set():
                await asyncio.sleep(_REFUSED_SECONDS)
                ctx.appended.set()

    def _health(self) -> Health:
        return health.report(self._ctx, self._started, self._hosting)
