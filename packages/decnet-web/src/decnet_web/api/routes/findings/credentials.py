# SPDX-License-Identifier: MIT
"""Credentials that were tried: a list, one with where it was tried, and those that several actors share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.findings import credentials as listing
from decnet.history.summary import logins_of
from decnet.history.tally import tally_of
from decnet_models.attackers.profile import CredentialUse
from decnet_models.grouping.evidence import shared
from decnet_models.identities.tables import IDENTITIES
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.cursors import Position
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page, places_of
from decnet_web.api.routes.findings.answers import CredentialUseItem

router = APIRouter(route_class=RecentRoute, tags=["credentials"])

_PLACE = places_of(CredentialUse, "attacker", "service", "decky")


class CredentialItem(Answer):
    """A user name with its password or public key, over all services."""

    digest: str
    username: str | None
    password: str | None
    public_key: str | None
    uses: int
    accepted: int
    attackers: int
    first_seen: Moment
    last_seen: Moment


class LoginTried(Answer):
    """A credential with how often it was tried and let in, and by how many addresses, in a span of time."""

    username: str
    secret: str | None
    """Password or key."""
    tries: int
    accepted: int
    attackers: int


class LoginsTried(Answer):
    """The credentials that were tried most often in a span of time."""

    items: list[LoginTried]


class SharedCredential(Answer):
    """A credential that attackers of several identities tried."""

    value: str
    """User name and secret."""
    subjects: int
    """Attackers that tried it."""
    groups: int
    """Identities among them."""


class SharedCredentials(Answer):
    """Credentials that are reused among actors, those of most attackers first."""

    items: list[SharedCredential]


@router.get("/credentials", response_model=Page[CredentialItem])
async def list_credentials(
    *,
    fleet: InFleet,
    paging: InPaging,
    _viewer: Viewer,
    sort: listing.Order = "uses",
    direction: OrderDirection = "desc",
    q: Annotated[str, Query(max_length=255, description="Part of user name, password or key.")] = "",
    accepted: Annotated[bool | None, Query(description="Only those that were let in, or never were.")] = None,
    min_attackers: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """List credentials of all time in the order of `sort`."""
    wanted = listing.Wanted(text=q, accepted=accepted, least_attackers=min_attackers)

    def fetch(connection: Connection, after: listing.Position | None, limit: int) -> Sequence[Any]:
        return listing.credential_rows(connection, limit, wanted, order=sort, direction=direction, after=after)

    def shown(connection: Connection, rows: Sequence[Any]) -> list[Any]:
        return paging.rows(listing.with_attackers(connection, rows), listing.credential_of)

    return await paging.answer(fleet, fetch, listing.POSITIONS[sort], shown)


@router.get("/credentials/top")
async def list_top_credentials(
    fleet: InFleet, window: InWindow, _viewer: Viewer, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> LoginsTried:
    """List the credentials that were tried most often in a span of time."""

    def fetch(connection: Connection) -> LoginsTried:
        return LoginsTried.model_validate({"items": logins_of(tally_of(connection, window), limit)})

    return await fleet.report(fetch)


@router.get("/credentials/reused")
async def list_reused_credentials(
    fleet: InFleet, _viewer: Viewer, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> SharedCredentials:
    """List credentials that attackers of several identities tried."""

    def fetch(connection: Connection) -> SharedCredentials:
        return SharedCredentials.model_validate({"items": shared(connection, IDENTITIES, "credential", limit)})

    return await fleet.read(fetch)


@router.get("/credentials/{digest}")
async def show_credential(fleet: InFleet, _viewer: Viewer, digest: str) -> CredentialItem:
    """Show one credential."""
    return await fleet.read(
        lambda connection: CredentialItem.model_validate(listing.one_credential(connection, digest))
    )


@router.get("/credentials/{digest}/uses", response_model=Page[CredentialUseItem])
async def list_credential_uses(
    fleet: InFleet, paging: InPaging, _viewer: Viewer, digest: str, direction: OrderDirection = "asc"
) -> Response:
    """List where a credential was tried, by attacker, service and decky."""

    def fetch(connection: Connection, after: tuple[str, str, str] | None, limit: int) -> Sequence[Any]:
        return listing.use_rows(connection, digest, limit, after=after, direction=direction)

    def position(row: Sequence[Any]) -> Position:
        attacker, service, decky = _PLACE(row)
        return (attacker, service, decky or "")

    return await paging.answer(
        fleet, fetch, position, lambda _, rows: paging.rows(rows, lambda row: CredentialUse(*row))
    )
