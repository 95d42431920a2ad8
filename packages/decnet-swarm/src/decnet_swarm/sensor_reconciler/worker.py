# SPDX-License-Identifier: MIT
"""The worker `sensor-reconciler`: a pass over the assigned deckies when they change, when one is due, now and then.

Like `reconciler` on a master it alone may change the network of its host, and hands what it opens to `decoys`.
"""

import logging
import time
from functools import partial
from typing import ClassVar, Literal

import msgspec

from decnet_core.bus.subjects import FLEET_ASSIGNED, FLEET_PLAYED, FleetReported
from decnet_core.deckies.handover import handover_sockets
from decnet_core.exits import StartupError
from decnet_core.placement.allowed import NEEDED, runtimes
from decnet_core.placement.decoys_processes import DecoysProcesses
from decnet_core.placement.network_events import NetworkEvents
from decnet_core.placement.passes import Passes, Report
from decnet_core.placement.reconciliation import Reconciliation
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_swarm.sensor_reconciler.file_ledger import FileLedger
from decnet_swarm.sensor_reconciler.settings import SensorReconcilerSettings

log = logging.getLogger(__name__)

_SWITCH_ON = "[sensor-reconciler] runtimes on the sensor does not name it"


class SensorReconciler(Worker[SensorReconcilerSettings]):
    """Makes the deckies of this sensor be what its master assigns, and keeps them so."""

    name = "sensor-reconciler"
    Settings = SensorReconcilerSettings
    group = "sensor"
    listens = (FLEET_ASSIGNED.pattern,)
    parks = True
    netlink = True
    writes = ("sensor-reconciler",)
    memory_budget: ClassVar[int] = 48 * MIB

    _passes: Passes | None = None

    @classmethod
    def capabilities(cls, settings: SensorReconcilerSettings) -> tuple[str, ...]:
        """Return what the runtimes need that the settings name."""
        return tuple(sorted({one for name in settings.runtimes for one in NEEDED[name]}))

    @classmethod
    def reach(cls, settings: SensorReconcilerSettings) -> Literal["none", "loopback", "any"]:
        """Return where it opens sockets."""
        return "loopback" if set(settings.runtimes) <= {"loopback"} else "any"

    async def start(self, ctx: Context) -> None:
        """Raises StartupError on a host whose deckies a database says."""
        if not self.settings.runtimes:
            return
        if ctx.state.run_of("reconciler").is_dir():
            raise StartupError(
                "the worker reconciler plays the deckies of a database here, and this one would close them: "
                "omit [sensor-reconciler] runtimes"
            )
        await ctx.in_thread(self._open, ctx)

    def _open(self, ctx: Context) -> None:
        try:
            self._ledger = FileLedger(ctx.state.root, ctx.sensor)
            self._players = DecoysProcesses(partial(handover_sockets, ctx.state))
            found = runtimes(self.settings.placement, ctx.state.root / self.name)
        except OSError as error:
            raise StartupError(f"the state directory cannot be used: {error}") from error
        reconciliation = Reconciliation(found, self._players, _SWITCH_ON)
        self._passes = Passes(self._ledger, reconciliation, self.settings.look_seconds, ctx.stopping.is_set)

    async def run(self, ctx: Context) -> None:
        if self._passes is None:
            log.info("no [sensor-reconciler] runtimes are set; nothing to do")
            await ctx.off()
            return
        self._events = NetworkEvents(ctx)
        while not ctx.stopping.is_set():
            began = time.monotonic()
            report = await self._look(ctx, self._passes)
            if not report.more:
                await ctx.nudged(self._seconds_to_wait(ctx, report, began))

    async def stop(self, ctx: Context) -> None:
        if hasattr(self, "_events"):
            self._events.close()
        if self._passes is not None:
            await ctx.in_thread(self._players.close)

    async def _look(self, ctx: Context, passes: Passes) -> Report:
        self._events.forget()
        report = await ctx.in_thread(passes.run)
        self._events.need(report.on_network)
        if await ctx.in_thread(self._ledger.publish):
            ctx.bus.publish(FLEET_PLAYED.pattern, msgspec.json.encode(FleetReported(ctx.sensor)))
        ctx.counters.set("deckies", report.deckies)
        ctx.counters.set("deckies_failing", report.failing)
        ctx.counters.add("deckies_reconciled", report.done)
        return report

    def _seconds_to_wait(self, ctx: Context, report: Report, began: float) -> float:
        seconds = ctx.poll_seconds(self.settings.look_seconds)
        if report.due_seconds is not None:
            seconds = min(seconds, report.due_seconds)
        if report.done:
            return ctx.parking.busy(seconds)
        return ctx.parking.rest(began, seconds, report.due_seconds)
