# SPDX-License-Identifier: MIT
"""Deckies: what they should be and are, their changes, who is on them, what mutate will make of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.deckies.appearance import appearance
from decnet.deckies.mutation import planned_mutations
from decnet.deckies.operations import any_decky
from decnet_core.timing.durations import HOUR_NS
from decnet_models.attackers import traffic
from decnet_models.fleet import change_log, mutation_policies
from decnet_models.fleet.mutation_policies import BadPolicy
from decnet_models.history.queries import events_by_decky
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.paging import Page
from decnet_web.api.routes.fleet.deckies.rows import decky_row, decky_rows
from decnet_web.api.routes.fleet.deckies.shapes import (
    DeckyAppearance,
    DeckyChangeShown,
    DeckyDetail,
    DeckyEvents,
    DeckyPolicyShown,
    DeckyShown,
    MutationList,
    MutationShown,
    TrafficEdge,
    TrafficShown,
)

router = APIRouter(tags=["deckies"])

Name = Annotated[str, Path(max_length=63, description="The decky's name.")]
Of = Annotated[str | None, Query(max_length=63, description="Only of this decky.")]

_EDGES = 200
_CHANGES, _ATTACKERS = 10, 20


@router.get("/deckies", response_model=Page[DeckyShown])
async def list_deckies(
    fleet: InFleet, paging: InPaging, _viewer: Viewer, direction: OrderDirection = "asc"
) -> Response:
    """List the deckies of the desired fleet and those of the settings, by name, with what they are."""

    def fetch(connection: Connection, position: tuple[str] | None, limit: int) -> list[DeckyShown]:
        return decky_rows(fleet.deployment, connection, position[0] if position else None, limit, direction)

    return await paging.answer(fleet, fetch, lambda row: (row.name,))


@router.get("/deckies/traffic")
async def show_traffic(fleet: InFleet, window: InWindow, _viewer: Viewer) -> TrafficShown:
    """Show who is on which decky since a time, newest first: the lines of a map. `until` has no effect on them."""

    def read(connection: Connection) -> TrafficShown:
        hours = window.since // HOUR_NS, -(-window.until // HOUR_NS)
        counts = events_by_decky(connection, *hours)
        return TrafficShown(
            items=[TrafficEdge.model_validate(one) for one in traffic.edges(connection, window.since, _EDGES)],
            deckies=[DeckyEvents(decky=decky, events=events) for decky, events in counts.items()],
        )

    return await fleet.read(read)


@router.get("/deckies/{name}")
async def show_decky(name: Name, fleet: InFleet, _viewer: Viewer) -> DeckyDetail:
    """Show one decky: what its visitors see of it, its policy, its newest changes, who was there last."""
    return await fleet.read(lambda connection: _detail(fleet, connection, name))


@router.get("/deckies/{name}/changes", response_model=Page[DeckyChangeShown])
async def list_decky_changes(
    name: Name, fleet: InFleet, paging: InPaging, _viewer: Viewer, direction: OrderDirection = "desc"
) -> Response:
    """List the changes of a decky, desired and actual, by default newest first; those of one that is gone too."""

    def fetch(connection: Connection, position: tuple[int] | None, limit: int) -> list[DeckyChangeShown]:
        after = position[0] if position else None
        found = change_log.history(connection, name, limit, after=after, direction=direction)
        return [DeckyChangeShown.model_validate(one) for one in found]

    return await paging.answer(fleet, fetch, lambda row: (row.id,))


@router.get("/mutations")
async def list_mutations(fleet: InFleet, _viewer: Viewer, decky: Of = None) -> MutationList:
    """List what mutate is going to make of the deckies that have a policy, soonest first, or of one."""
    found = await fleet.read(lambda connection: planned_mutations(fleet.deployment, connection, decky))
    return MutationList(items=[MutationShown.model_validate(one) for one in found])


def _detail(fleet: InFleet, connection: Connection, name: str) -> DeckyDetail:
    one = any_decky(fleet.deployment, connection, name)
    seen = appearance(fleet.deployment, one)
    policy = mutation_policies.policy_of(connection, name)
    return DeckyDetail(
        **dict(decky_row(connection, one)),
        appearance=DeckyAppearance.model_validate(seen) if seen else None,
        policy=DeckyPolicyShown.model_validate(policy) if policy and not isinstance(policy, BadPolicy) else None,
        policy_problem=policy.reason if isinstance(policy, BadPolicy) else None,
        changes=[DeckyChangeShown.model_validate(each) for each in change_log.history(connection, name, _CHANGES)],
        attackers=[TrafficEdge.model_validate(each) for each in traffic.attackers_of(connection, name, _ATTACKERS)],
    )
