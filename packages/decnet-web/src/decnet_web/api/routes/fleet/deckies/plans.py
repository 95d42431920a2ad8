# SPDX-License-Identifier: MIT
"""Changes of the fleet: plan, then deploy what the plan says; and changes of single deckies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from decnet.cli.operator_name import acting_as
from decnet.deckies import commit, plan_digest
from decnet.deckies.documents import document, export
from decnet.deckies.documents.document import DocumentError
from decnet.deckies.excluded import excluded
from decnet.deckies.mutation import mutate_now
from decnet.deckies.operations import wanted_decky
from decnet.deckies.plan import Plan
from decnet.deckies.policy import Rules, set_policy
from decnet.deckies.wanted import Wanted
from decnet.deckies.wishes import DeckyEdit, Wishes, planned_wishes
from decnet_models.fleet import mutation_policies
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Admin, InFleet, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.models import RowNumber
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.deckies.plan_shapes import (
    DeployAsked,
    FleetText,
    PlanAsked,
    PlanPersona,
    PlanShown,
    PlanStep,
)
from decnet_web.api.routes.fleet.deckies.shapes import (
    DeckyAsked,
    DeckyChangeAsked,
    DeckyPolicyShown,
    MutateAsked,
    PolicyAsked,
)

router = APIRouter(tags=["deckies"])

Name = Annotated[str, Path(max_length=63, description="The decky's name.")]
_AUDITED = 100
"""Names of deckies that an entry of the audit has at most."""

Version = Annotated[RowNumber, Query(description="Of the decky as you have seen it.")]


@router.get("/fleet/document")
async def show_fleet_document(fleet: InFleet, _viewer: Viewer) -> FleetText:
    """Show the desired fleet as a document (TOML); deployed, it changes nothing."""
    return FleetText(document=await fleet.read(lambda one: export.document(commit.current_deckies(one).values())))


@router.post("/fleet/plan")
async def plan_fleet(asked: PlanAsked, fleet: InFleet, _admin: Admin) -> PlanShown:
    """Show what would be done, and the digest to deploy it with. Nothing is changed."""
    salt, wishes = plan_digest.new_salt(), await fleet.thread(lambda: _wishes(asked))

    def plan(connection: Connection) -> PlanShown:
        made = planned_wishes(fleet.deployment, connection, wishes, draw=plan_digest.seeds(salt))
        return _shown(fleet, made, salt)

    return await fleet.read(plan)


@router.post("/fleet/deploy")
async def deploy_fleet(asked: DeployAsked, fleet: InFleet, admin: Admin) -> PlanShown:
    """Carry a plan out in one transaction, if it is still the one that its digest names; else 409 and nothing is done.

    The problem has the digest of what would be done now (`digest`); plan again to see it.
    """
    salt, wishes = plan_digest.salt_of(asked.digest), await fleet.thread(lambda: _wishes(asked))

    def carry_out(connection: Connection) -> PlanShown:
        made = planned_wishes(fleet.deployment, connection, wishes, draw=plan_digest.seeds(salt))
        if not plan_digest.is_of(made, asked.digest):
            raise Problem(
                409,
                "The plan has changed",
                "something has changed since the plan was made; plan again",
                digest=plan_digest.digest_of(made, salt),
            )
        _apply(connection, made, admin, reason=asked.reason, action="fleet.deploy")
        return _shown(fleet, made, salt)

    return await _written(fleet, carry_out)


@router.post("/deckies", status_code=201)
async def add_decky(asked: DeckyAsked, fleet: InFleet, admin: Admin) -> PlanShown:
    """Add a decky."""
    return await _change(fleet, admin, Wishes(add=(_wanted(asked),)), "decky.add", asked.name)


@router.patch("/deckies/{name}")
async def change_decky(name: Name, asked: DeckyChangeAsked, fleet: InFleet, admin: Admin) -> PlanShown:
    """Change a decky: what is given replaces what it has."""
    return await _change(fleet, admin, Wishes(change=(_change_of(name, asked),)), "decky.change", name)


@router.delete("/deckies/{name}")
async def remove_decky(name: Name, version: Version, fleet: InFleet, admin: Admin) -> PlanShown:
    """Remove a decky; what was recorded of its visitors stays."""

    def check(connection: Connection) -> None:
        if wanted_decky(commit.current_deckies(connection), name).version != version:
            raise commit.ChangedMeanwhileError(f"decky {name} has been changed meanwhile; look at it again")

    return await _change(fleet, admin, Wishes(remove=(name,)), "decky.remove", name, check=check)


@router.post("/deckies/{name}/mutate")
async def mutate_decky(name: Name, asked: MutateAsked, fleet: InFleet, admin: Admin) -> PlanShown:
    """Change a decky now, as its policy allows; refused while somebody is there, unless forced."""

    def mutate(connection: Connection) -> PlanShown:
        with acting_as(admin.account.name):
            step = mutate_now(fleet.deployment, connection, name, force=asked.force)
        record(connection, admin, "decky.mutate", name, force=asked.force)
        return _shown(fleet, Plan((step,), (), 0), plan_digest.new_salt())

    return await _written(fleet, mutate)


@router.put("/deckies/{name}/policy")
async def set_decky_policy(name: Name, asked: PolicyAsked, fleet: InFleet, admin: Admin) -> DeckyPolicyShown:
    """Set how mutate may change a decky; refused when nothing can come of it."""
    rules = Rules.said(**dict(asked))

    def write(connection: Connection) -> DeckyPolicyShown:
        with acting_as(admin.account.name):
            policy = set_policy(fleet.deployment, connection, name, rules)
        record(connection, admin, "decky.policy", name, **asked.model_dump())
        return DeckyPolicyShown.model_validate(policy)

    made = await fleet.write(write)
    await commit.announced(fleet.deployment, 1)
    return made


@router.delete("/deckies/{name}/policy", status_code=204)
async def remove_decky_policy(name: Name, fleet: InFleet, admin: Admin) -> None:
    """Leave a decky as it is from now on."""

    def write(connection: Connection) -> None:
        wanted_decky(commit.current_deckies(connection), name)
        mutation_policies.drop_policy(connection, name)
        record(connection, admin, "decky.policy", name, off=True)

    await fleet.write(write)
    await commit.announced(fleet.deployment, 1)


async def _change(
    fleet: Fleet, admin: Principal, wishes: Wishes, action: str, name: str, *, check: Any = lambda _: None
) -> PlanShown:
    salt = plan_digest.new_salt()

    def carry_out(connection: Connection) -> PlanShown:
        check(connection)
        made = planned_wishes(fleet.deployment, connection, wishes, draw=plan_digest.seeds(salt))
        _apply(connection, made, admin, reason=f"{action.replace('.', ' ')} {name}", action=action, target=name)
        return _shown(fleet, made, salt)

    return await _written(fleet, carry_out)


def _apply(
    connection: Connection, made: Plan, admin: Principal, *, reason: str, action: str, target: str | None = None
) -> None:
    with acting_as(admin.account.name):
        commit.apply(connection, made, reason=reason)
    record(connection, admin, action, target, reason=reason, **dict(_named_in(made)))


def _named_in(made: Plan) -> Iterator[tuple[str, list[str]]]:
    """Yield the kinds of steps with the first of their deckies, for the audit."""
    for kind in ("add", "change", "remove"):
        if names := [step.decky.name for step in made.steps if step.kind == kind]:
            yield kind, names[:_AUDITED]


async def _written(fleet: Fleet, write: Any) -> PlanShown:
    made: PlanShown = await fleet.write(write)
    if made.steps:
        await commit.announced(fleet.deployment, len(made.steps))
    return made


def _shown(fleet: Fleet, made: Plan, salt: str) -> PlanShown:
    return PlanShown(
        digest=plan_digest.digest_of(made, salt),
        steps=[PlanStep.model_validate(step) for step in made.steps],
        personas=[PlanPersona.model_validate(each) for each in made.personas],
        unchanged=made.unchanged,
        hint=excluded(fleet.deployment, made),
    )


def _wishes(asked: PlanAsked) -> Wishes:
    """Return what is asked for; raises Problem 422 for a document that is none."""
    if asked.document is not None and asked.fleet is not None:
        raise Problem(422, "Bad input", "send the fleet either as `document` or as `fleet`")
    try:
        whole = None
        if asked.document is not None:
            whole = tuple(document.read(asked.document, asked.name))
        elif asked.fleet is not None:
            whole = tuple(document.wanted_of(asked.fleet, "fleet", []))
    except DocumentError as error:
        raise Problem(422, "Bad document", str(error)) from error
    return Wishes(
        whole,
        tuple(map(_wanted, asked.add)),
        tuple(_change_of(one.name, one) for one in asked.change),
        tuple(asked.remove),
    )


def _wanted(asked: DeckyAsked) -> Wanted:
    return msgspec.convert(asked.model_dump(), Wanted)


def _change_of(name: str, asked: DeckyChangeAsked) -> DeckyEdit:
    fields = asked.model_dump(exclude_none=True, exclude={"version", "name"})
    if not fields:
        raise Problem(422, "Bad input", f"say what to change of decky {name}")
    return DeckyEdit(name, fields, asked.version)
