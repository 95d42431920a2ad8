# SPDX-License-Identifier: MIT
"""The worker `reconciler`: a pass over the fleet when deckies change, when one is due again, and now and then.

Only it may change the network of this host. What it opens it hands to `decoys`, which has no privileges.
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Literal

import msgspec
from sqlalchemy import Engine, insert

from decnet_core.bus.subjects import FLEET_ASSIGNED, FLEET_CHANGED, FLEET_REPORTED, NOTICE, FleetAssigned, NoticeWritten
from decnet_core.deckies.handover import handover_sockets
from decnet_core.events.notices import DeckyDrifted, DeckyFailed, DeckyRepaired
from decnet_core.placement.allowed import NEEDED, runtimes
from decnet_core.placement.decoys_processes import DecoysProcesses
from decnet_core.placement.network_events import NetworkEvents
from decnet_core.placement.passes import Passes, Report
from decnet_core.placement.reconciliation import Reconciliation
from decnet_core.placement.settings import ReconcilerSettings
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up
from decnet_models.fleet.tables import decky
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat
from decnet_workers.reconciler.database_ledger import DatabaseLedger
from decnet_workers.reconciler.sensor_deckies import SensorDeckies

log = logging.getLogger(__name__)


class Reconciler(DatabaseWorker[ReconcilerSettings]):
    """Makes the deckies of this host be what the database says, and keeps them so."""

    name = "reconciler"
    Settings = ReconcilerSettings
    listens = (FLEET_CHANGED.pattern, FLEET_REPORTED.pattern)
    notices = (DeckyDrifted, DeckyRepaired, DeckyFailed)
    parks = True
    netlink = True
    writes = ("reconciler", "assignments")
    memory_budget: ClassVar[int] = 48 * MIB

    def __init__(self, settings: ReconcilerSettings) -> None:
        super().__init__(settings)
        self._players: DecoysProcesses | None = None
        self._unreachable = False
        self._events: NetworkEvents | None = None

    @classmethod
    def warm(cls) -> None:
        warm_up(_pass_over_a_bad_row)

    @classmethod
    def capabilities(cls, settings: ReconcilerSettings) -> tuple[str, ...]:
        """Return what the runtimes need that the settings name."""
        return tuple(sorted({one for name in settings.runtimes for one in NEEDED[name]}))

    @classmethod
    def reach(cls, settings: ReconcilerSettings) -> Literal["none", "loopback", "any"]:
        """Return where it opens sockets."""
        return "loopback" if settings.runtimes == ("loopback",) else "any"

    async def run(self, ctx: Context) -> None:
        async with single_instance(ctx) as mine:
            if mine:
                self._players = DecoysProcesses(partial(handover_sockets, ctx.state))
                found = await ctx.in_thread(runtimes, self.settings, ctx.state.root / self.name)
                reconciliation = Reconciliation(found, self._players)
                ledger = DatabaseLedger(self._engine, client_sockets=self.settings.client_sockets)
                passes = Passes(ledger, reconciliation, self.settings.look_seconds, ctx.stopping.is_set)
                self._events = NetworkEvents(ctx)
                elsewhere = SensorDeckies(self._engine, ctx.state.root)
                await repeat(ctx, partial(self._step, ctx, passes, elsewhere))

    async def stop(self, ctx: Context) -> None:
        if self._events is not None:
            self._events.close()
        if self._players is not None:
            await ctx.in_thread(self._players.close)
        await super().stop(ctx)

    async def _step(self, ctx: Context, passes: Passes, elsewhere: SensorDeckies) -> Rest:
        assert self._events is not None
        self._events.forget()
        sensors = await ctx.in_thread(elsewhere.run)
        ctx.counters.add("deckies_changes_withheld", sensors.withheld)
        if sensors.ordered:
            ctx.bus.publish(FLEET_ASSIGNED.pattern, msgspec.json.encode(FleetAssigned(sensors.ordered)))
        report = await ctx.in_thread(passes.run)
        self._events.need(report.on_network)
        _show(ctx, report, sensors.notices)
        if report.unreachable and not self._unreachable:
            log.warning("deckies wait: no answer from decoys; see `decnet status`")
        self._unreachable = report.unreachable
        if report.more:
            return AT_ONCE
        idle = not (report.done or sensors.ordered or sensors.recorded)
        return Rest(ctx.poll_seconds(self.settings.look_seconds), report.due_seconds, idle=idle)


def _show(ctx: Context, report: Report, notices: Mapping[str, int]) -> None:
    ctx.counters.set("deckies", report.deckies)
    ctx.counters.set("deckies_failing", report.failing)
    ctx.counters.add("deckies_reconciled", report.done)
    for kind, seq in {**report.notices, **notices}.items():
        ctx.bus.publish(NOTICE.of(kind), msgspec.json.encode(NoticeWritten(seq)))


def _pass_over_a_bad_row(engine: Engine) -> None:
    row = {
        "name": "warm-up",
        "host_name": "warm-up",
        "runtime": "loopback",
        "persona": "",
        "wanted": True,
        "version": 1,
    }
    with writing(engine) as connection:
        connection.execute(insert(decky).values(**row, seed=0, created_at=1, updated_at=1))
    Passes(DatabaseLedger(engine), Reconciliation({}, DecoysProcesses(list)), 1.0, bool).run()
