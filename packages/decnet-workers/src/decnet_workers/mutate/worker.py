# SPDX-License-Identifier: MIT
"""Wakes when a decky is due, or when deckies or policies were written, and tells reconciler what it has changed."""

import time
from functools import partial

import msgspec
from sqlalchemy import Engine

from decnet_core.bus.subjects import FLEET_CHANGED, FleetChanged
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up
from decnet_models.fleet import mutation_policies, queries
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat, seconds_until
from decnet_models.realism.queries import Persona, write_persona
from decnet_workers.mutate.mutations import OUTCOMES, Mutations, Report
from decnet_workers.mutate.settings import MutateSettings


class Mutate(DatabaseWorker[MutateSettings]):
    """Changes deckies from time to time as their policies allow, never while somebody is there."""

    name = "mutate"
    Settings = MutateSettings
    listens = (FLEET_CHANGED.pattern,)
    parks = True
    background = True
    memory_budget = 48 * MIB

    @classmethod
    def warm(cls) -> None:
        warm_up(_rehearse)

    async def run(self, ctx: Context) -> None:
        """Change what is due until stopped."""
        async with single_instance(ctx) as mine:
            if mine:
                mutations = Mutations(self._engine, self.settings.quiet_seconds)
                await repeat(ctx, partial(self._step, ctx, mutations))

    async def _step(self, ctx: Context, mutations: Mutations) -> Rest:
        report = await ctx.in_thread(mutations.run)
        _tell(ctx, report)
        if report.more:
            return AT_ONCE
        return Rest(ctx.poll_seconds(self.settings.poll_seconds), seconds_until(report.next_at))


def _tell(ctx: Context, report: Report) -> None:
    for outcome in OUTCOMES:
        ctx.counters.add(f"deckies_{outcome}", report.outcomes.get(outcome, 0))
    if changed := report.outcomes.get("changed"):
        ctx.bus.publish(FLEET_CHANGED.pattern, msgspec.json.encode(FleetChanged(changed)))


def _rehearse(engine: Engine) -> None:
    """Change a decky, so that a zygote has compiled every statement."""
    one = Decky("warm-up", (Address("192.0.2.1"),), "warm-up", "loopback", "warm-up", (Service("ssh", 1),))
    policy = Policy(one.name, 3600, services=(Service("ssh", 1), Service("http", 2)), personas=("warm-up",))
    now = time.time_ns()
    mutations = Mutations(engine, 1.0)
    with writing(engine) as connection:
        write_persona(connection, Persona("warm-up", "", {"os": "", "services": {"ssh": {}, "http": {}}}), now_ns=now)
        queries.write_decky(connection, one, ChangeInfo("added", "mutate", "", now))
        mutation_policies.set_policy(connection, policy, now_ns=now)
    mutations.run()
    with writing(engine) as connection:
        mutation_policies.schedule_mutation(connection, msgspec.structs.replace(one, version=1), now)
    mutations.run()
