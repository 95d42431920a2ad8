# SPDX-License-Identifier: MIT
"""Identities and campaigns: lists, one with its reasons, its members, its graph.

Both have the same shape, so their routes are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.grouping.graph import graph
from decnet.grouping.naming import group_named
from decnet.grouping.whole import whole
from decnet_models.campaigns.rhythm import rhythm_of
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping import membership
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Group
from decnet_models.identities.tables import IDENTITIES
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.cursors import Position
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.paging import Page
from decnet_web.api.routes.findings.answers import MemberItem
from decnet_web.api.routes.findings.group_answers import GroupGraph, GroupItem, GroupWhole

router = APIRouter(route_class=RecentRoute)

_MOST_INSIDE = 50
"""Identities of a campaign whose attackers its graph shows."""


def _add_listing(router: APIRouter, g: Grouping[Any], many: str) -> None:
    @router.get("", response_model=Page[GroupItem], name=f"list_{many}")
    async def list_groups(
        fleet: InFleet,
        paging: InPaging,
        window: InWindow,
        _viewer: Viewer,
        least: Annotated[int, Query(ge=1, le=1_000_000, description="Only those of at least so many members.")] = 2,
        direction: OrderDirection = "desc",
    ) -> Response:
        """List groups, by default last seen first; with a span of time those that were seen in it."""

        def fetch(connection: Connection, position: tuple[int, str] | None, limit: int) -> Sequence[Any]:
            after = None if position is None else (position[0], UUID(position[1]))
            return membership.group_rows(
                connection, g, limit, after=after, least=least, direction=direction, window=window
            )

        def shown(connection: Connection, rows: Sequence[Any]) -> list[Any]:
            if g is CAMPAIGNS:
                return [_item(connection, g, membership.group_of(row)) for row in rows]
            return paging.rows(rows, lambda row: _item(connection, g, membership.group_of(row)))

        return await paging.answer(fleet, fetch, _position, shown)


def _position(row: Sequence[Any]) -> Position:
    group = membership.group_of(row)
    return (group.last_seen, str(group.id))


def _item(connection: Connection, g: Grouping[Any], group: Group) -> GroupItem:
    item = GroupItem.model_validate(group)
    if g is CAMPAIGNS:
        rhythm = rhythm_of(connection, group.id)
        item.ended = rhythm is not None and rhythm[1] is not None
    return item


def _add_details(router: APIRouter, g: Grouping[Any], one: str) -> None:
    @router.get("/{group}", name=f"show_{one}")
    async def show_group(
        fleet: InFleet, _viewer: Viewer, group: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> GroupWhole:
        """Show a group by its id, the beginning of it, or a member; an id that was merged shows where it went."""

        def fetch(connection: Connection) -> GroupWhole:
            found = GroupWhole.model_validate(whole(connection, g, group_named(connection, g, group), limit))
            if g is IDENTITIES:
                inside = membership.groups_of(connection, CAMPAIGNS, [found.group.id])
                found.campaign = inside.get(found.group.id)
            return found

        return await fleet.read(fetch)

    @router.get("/{group}/members", response_model=Page[MemberItem], name=f"list_{one}_members")
    async def list_members(
        fleet: InFleet, paging: InPaging, _viewer: Viewer, group: str, direction: OrderDirection = "asc"
    ) -> Response:
        """List the members of a group and why they are in it, in the order of their names."""

        def fetch(connection: Connection, after: tuple[str] | None, limit: int) -> list[MemberItem]:
            last: Any = None if after is None else _subject(g, after[0])
            one = group_named(connection, g, group)
            found = membership.members(connection, g, one, limit, after=last, direction=direction)
            return [MemberItem.model_validate(each) for each in found]

        def position(row: MemberItem) -> Position:
            return (row.subject,)

        return await paging.answer(fleet, fetch, position)


def _add_graph(router: APIRouter, g: Grouping[Any], one: str) -> None:
    @router.get("/{group}/graph", name=f"show_{one}_graph")
    async def show_graph(
        fleet: InFleet, _viewer: Viewer, group: str, limit: Annotated[int, Query(ge=1, le=2000)] = 500
    ) -> GroupGraph:
        """Show a group's members and the features that joined them as a graph; of a campaign also its attackers."""

        def fetch(connection: Connection) -> GroupGraph:
            found = whole(connection, g, group_named(connection, g, group), limit)
            drawn = graph([found], g)
            if g is CAMPAIGNS:
                inside = [whole(connection, IDENTITIES, each.subject, limit) for each in found.members[:_MOST_INSIDE]]
                below = graph(inside, IDENTITIES)
                known = {node.id for node in below.nodes}
                drawn.nodes[:] = [node for node in drawn.nodes if node.id not in known] + below.nodes
                drawn.edges.extend(below.edges)
            return GroupGraph.model_validate(drawn)

        return await fleet.read(fetch)


def _subject(g: Grouping[Any], text: str) -> Any:
    return text if g is IDENTITIES else UUID(text)


for _grouping, _one, _many in ((IDENTITIES, "identity", "identities"), (CAMPAIGNS, "campaign", "campaigns")):
    _below = APIRouter(route_class=RecentRoute, prefix=f"/{_many}", tags=[_many])
    _add_listing(_below, _grouping, _many)
    _add_details(_below, _grouping, _one)
    _add_graph(_below, _grouping, _one)
    router.include_router(_below)
