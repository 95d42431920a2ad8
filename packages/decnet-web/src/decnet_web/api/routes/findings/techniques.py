# SPDX-License-Identifier: MIT
"""ATT&CK techniques that rules recognised: with counts, by tactic, and the findings of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.findings import techniques as listing
from decnet_models.ttp.queries import Tag, rows_of_technique, tag_of
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.cursors import Position
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.paging import Page, places_of
from decnet_web.api.routes.findings.answers import TagItem, TechniqueItem
from decnet_workers.ttp.attack import TACTICS

router = APIRouter(route_class=RecentRoute, tags=["techniques"])

_PLACE = places_of(Tag, "ts", "attacker", "seq", "rule_id")


class Tactic(Answer):
    """A tactic of ATT&CK."""

    tactic: str
    """Its short name."""
    name: str


class TechniqueMatrix(Answer):
    """The techniques of a span of time, and the tactics in the order of ATT&CK's matrix."""

    tactics: list[Tactic]
    techniques: list[TechniqueItem]


@router.get("/techniques")
async def list_techniques(fleet: InFleet, window: InWindow, _viewer: Viewer) -> TechniqueMatrix:
    """List the techniques that rules recognised, most often recognised first, and the tactics of the matrix."""

    def fetch(connection: Connection) -> TechniqueMatrix:
        tactics = [{"tactic": short, "name": name} for short, name in TACTICS.items()]
        return TechniqueMatrix.model_validate(
            {"tactics": tactics, "techniques": listing.techniques(connection, window)}
        )

    return await fleet.read(fetch)


Number = Annotated[str, Path(pattern=r"^T\d{4}(\.\d{3})?$", max_length=16)]


@router.get("/techniques/{technique}", response_model=Page[TagItem])
async def list_technique_tags(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    technique: Number,
    direction: OrderDirection = "desc",
) -> Response:
    """List where a technique was recognised, newest first; sub-techniques are techniques of their own."""

    def fetch(connection: Connection, position: tuple[int, str, int, str] | None, limit: int) -> Sequence[Any]:
        after = None if position is None else (*position[:3], UUID(position[3]))
        return rows_of_technique(connection, technique, window, limit, after=after, direction=direction)

    def place(row: Sequence[Any]) -> Position:
        *values, rule = _PLACE(row)
        return (*values, str(rule))

    return await paging.answer(fleet, fetch, place, lambda _, rows: paging.rows(rows, tag_of))
