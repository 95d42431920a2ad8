# SPDX-License-Identifier: MIT
"""What mutate is going to change and when; and a change at the operator's order, by the same functions."""

import time

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.cli.operator_name import operator
from decnet.deckies import commit
from decnet.deckies.operations import wanted_decky
from decnet.deckies.plan import DeckyStep, Difference, plan
from decnet.fleet.deployment import Deployment
from decnet_models.fleet import mutation_policies, queries
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Decky
from decnet_workers.mutate.change import Activity, activity, change, next_of
from decnet_workers.mutate.settings import MutateSettings
from decnet_workers.mutate.variant import UnchangeableError

_ALL = 1_000_000


class PlannedMutation(msgspec.Struct, frozen=True):
    """What a decky is going to be."""

    decky: str
    at: int | None
    """When, unless somebody is there then; None: mutate has not drawn the time yet."""
    active: bool
    """Whether somebody is there now."""
    differences: tuple[Difference, ...] = ()
    problem: str | None = None
    """Why it cannot be changed."""


def planned_mutations(deployment: Deployment, connection: Connection, name: str | None) -> list[PlannedMutation]:
    """Return what is going to be of a decky, or of all that have a policy, soonest first; raises NotFoundError."""
    if name is None:
        policies = mutation_policies.policies(connection)
        deckies = [one for one in queries.deckies(connection, _ALL) if one.wanted and one.name in policies]
    else:
        deckies = [_named(connection, name)]
        policies = {name: policy_of(connection, name)}
    there = _activity(deployment, connection, time.time_ns())
    found = [_planned(connection, one, policies[one.name], there) for one in deckies]
    return sorted(found, key=lambda each: (each.at is None, each.at or 0, each.decky))


def mutate_now(deployment: Deployment, connection: Connection, name: str, *, force: bool) -> DeckyStep:
    """Change a decky in the caller's transaction; raises OperatorError."""
    one = _named(connection, name)
    policy = policy_of(connection, name)
    if isinstance(policy, BadPolicy):
        raise OperatorError(f"the policy of decky {name} cannot be read ({policy.reason}); set it again")
    now = time.time_ns()
    if not force:
        _refuse_active(_activity(deployment, connection, now), name)
    try:
        made = change(connection, one, policy, ChangeInfo("mutated", operator(), "mutate", now))
    except UnchangeableError as error:
        raise OperatorError(f"decky {name} cannot be changed: {error}") from error
    if made is None:
        raise commit.ChangedMeanwhileError(f"decky {name} has been changed meanwhile; run the command again")
    return _step(one, made)


def policy_of(connection: Connection, name: str) -> Policy | BadPolicy:
    """Return how a decky may be changed; raises NotFoundError without a decky or a policy."""
    _named(connection, name)
    policy = mutation_policies.policy_of(connection, name)
    if policy is None:
        raise no_policy(name)
    return policy


def no_policy(name: str) -> NotFoundError:
    """Return the error for a decky that stays as it is."""
    return NotFoundError(f"decky {name} has no policy; decnet decky policy {name} --every 7d ... sets one")


def _named(connection: Connection, name: str) -> Decky:
    found = queries.decky_named(connection, name)
    return wanted_decky({name: found} if found else {}, name)


def _refuse_active(there: Activity, name: str) -> None:
    if not there.known:
        raise OperatorError("the profiler is behind, so nobody knows whether somebody is there; force does it anyway")
    if there.is_on(name):
        raise OperatorError(f"somebody is, or was lately, on decky {name}; force changes it under their feet")


def _activity(deployment: Deployment, connection: Connection, now: int) -> Activity:
    settings = deployment.settings.section("mutate", MutateSettings)
    return activity(connection, settings.quiet_seconds, now)


def _planned(connection: Connection, one: Decky, policy: Policy | BadPolicy, there: Activity) -> PlannedMutation:
    active = there.is_on(one.name)
    if isinstance(policy, BadPolicy):
        return PlannedMutation(one.name, one.mutate_at, active, problem=policy.reason)
    try:
        made = next_of(connection, one, policy)
    except UnchangeableError as error:
        return PlannedMutation(one.name, one.mutate_at, active, problem=str(error))
    return PlannedMutation(one.name, one.mutate_at, active, _step(one, made).differences)


def _step(before: Decky, after: Decky) -> DeckyStep:
    (step,) = plan({before.name: before}, [after], whole=False).steps
    return step
