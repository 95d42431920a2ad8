# SPDX-License-Identifier: MIT
"""Canary tokens: make, plant, download, and see which were used."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from decnet.canary.delegation import check_delegation, system_resolver
from decnet.canary.exchange import exported, imported
from decnet.canary.planting import plant
from decnet.canary.token_names import known_token
from decnet.canary.tokens import Options, checked_options, new_bait
from decnet.cli.errors import OperatorError
from decnet_core.canary import canary_key
from decnet_models.attackers.profile import CanaryHit
from decnet_models.attackers.queries import canary_hits
from decnet_models.canary import blobs, queries
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Admin, Analyst, InFleet, InPaging, OrderDirection, Viewer
from decnet_web.api.paging import Page
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.canaries.rows import canary_detail, canary_rows, kinds, refuse_missing
from decnet_web.api.routes.fleet.canaries.shapes import (
    CanariesImported,
    CanaryAsked,
    CanaryDetail,
    CanaryHitShown,
    CanaryKindList,
    CanaryMade,
    CanaryShown,
    DelegationAsked,
    DelegationChecked,
    DelegationStep,
    PlantAsked,
    PlantingShown,
)
from decnet_web.api.routes.fleet.downloads import Upload, attachment
from decnet_workers.canary.settings import CanarySettings

router = APIRouter(tags=["canaries"])

Token = Annotated[str, Path(max_length=64, description="The token.")]
Kind = Annotated[str | None, Query(max_length=32, description="Only of this kind.")]
OfToken = Annotated[str | None, Query(max_length=64, description="Only of this token.")]


@router.get("/canaries", response_model=Page[CanaryShown])
async def list_canaries(
    fleet: InFleet, paging: InPaging, _viewer: Viewer, kind: Kind = None, direction: OrderDirection = "desc"
) -> Response:
    """List tokens, newest first, with how often each was used."""

    def fetch(connection: Connection, position: tuple[str, str] | None, limit: int) -> list[CanaryShown]:
        after = (int(position[0]), position[1]) if position else None
        found = queries.tokens(connection, limit, after=after, kind=kind, direction=direction)
        return canary_rows(fleet.deployment, connection, found)

    return await paging.answer(fleet, fetch, lambda row: (str(row.created_at), row.token))


@router.get("/canaries/kinds")
async def list_canary_kinds(fleet: InFleet, _viewer: Viewer) -> CanaryKindList:
    """List the kinds of tokens: what trips each, what it reveals, what it needs."""
    return await fleet.thread(lambda: kinds(fleet.deployment))


@router.get("/canaries/hits", response_model=Page[CanaryHitShown])
async def list_canary_hits(
    fleet: InFleet, paging: InPaging, _viewer: Viewer, token: OfToken = None, direction: OrderDirection = "desc"
) -> Response:
    """List uses of tokens, newest first; link scanners' too."""

    def fetch(connection: Connection, position: tuple[int] | None, limit: int) -> list[CanaryHit]:
        after = position[0] if position else None
        return canary_hits(connection, limit, token=token, after=after, direction=direction)

    return await paging.answer(fleet, fetch, lambda row: (row.seq,))


@router.get("/canaries/export")
async def export_canaries(fleet: InFleet, admin: Admin) -> Response:
    """Download all tokens with their files as JSON, for a backup or another fleet. It contains planted secrets."""

    def export(connection: Connection) -> bytes:
        record(connection, admin, "canary.export")
        return exported(connection)

    return attachment(await fleet.write(export), "canaries.json", "application/json")


@router.post("/canaries/import")
async def import_canaries(document: Upload, fleet: InFleet, admin: Admin) -> CanariesImported:
    """Add the tokens of an export, which is the body; those that are known already stay as they are."""

    def add(connection: Connection) -> CanariesImported:
        new, known = imported(connection, document, canary_key(fleet.deployment.state.keys))
        record(connection, admin, "canary.import", new=new, known=known)
        return CanariesImported(new=new, known=known)

    return await fleet.write(add)


@router.post("/canaries/check-dns")
async def check_canary_delegation(asked: DelegationAsked, fleet: InFleet, _analyst: Analyst) -> DelegationChecked:
    """Check that the zone's delegation reaches the DNS receiver, with what to do when it does not."""

    def check() -> list[DelegationStep]:
        settings = fleet.deployment.settings.section("canary", CanarySettings)
        name = f"check{time.time_ns():x}"
        steps = check_delegation(settings, asked.resolver or system_resolver(), name=name)
        return [DelegationStep.model_validate(step) for step in steps]

    steps = await fleet.thread(check)
    return DelegationChecked(good=all(step.ok for step in steps), steps=steps)


@router.post("/canaries", status_code=201)
async def make_canary(asked: CanaryAsked, fleet: InFleet, analyst: Analyst) -> CanaryMade:
    """Make a token: the answer has the link to plant, or the file is to be downloaded."""
    refuse_missing(fleet.deployment, asked)
    options = checked_options(asked.kind, Options(asked.to, asked.site, asked.scheme))

    def make(connection: Connection) -> CanaryMade:
        made, bait = new_bait(connection, fleet.deployment, asked.kind, asked.label, options)
        record(connection, analyst, "canary.make", made.token, kind=asked.kind, label=asked.label)
        detail = canary_detail(fleet.deployment, connection, known_token(connection, made.token))
        return CanaryMade(**dict(detail), content=None if bait.name else bait.content.decode())

    return await fleet.write(make)


@router.get("/canaries/{token}")
async def show_canary(token: Token, fleet: InFleet, _viewer: Viewer) -> CanaryDetail:
    """Show one token: its file, where it is planted, its newest uses."""
    return await fleet.read(lambda one: canary_detail(fleet.deployment, one, known_token(one, token)))


@router.get("/canaries/{token}/download")
async def download_canary(token: Token, fleet: InFleet, analyst: Analyst) -> Response:
    """Download a token's file, to plant it. To open it here would trip it."""

    def content(connection: Connection) -> tuple[str, bytes]:
        found = known_token(connection, token)
        blob, body = blobs.blob_of(connection, found.token), blobs.content_of(connection, found.token)
        if blob is None or body is None:
            raise Problem(404, detail=f"the token {found.token} is a link: it has no file")
        record(connection, analyst, "canary.download", found.token)
        return blob.name, body

    name, body = await fleet.write(content)
    return attachment(body, name)


@router.post("/canaries/{token}/plant", status_code=201)
async def plant_canary(token: Token, asked: PlantAsked, fleet: InFleet, analyst: Analyst) -> PlantingShown:
    """Put a token's file on a decky: its shell shows it, and what is below /var/www/html its web server."""

    def put(connection: Connection) -> PlantingShown:
        found = known_token(connection, token)
        planting = plant(connection, fleet.deployment, found, asked.decky, asked.path)
        record(connection, analyst, "canary.plant", found.token, decky=planting.decky, path=planting.path)
        return PlantingShown.model_validate(planting)

    return await fleet.write(put)


@router.post("/canaries/{token}/disable")
async def disable_canary(token: Token, fleet: InFleet, analyst: Analyst) -> CanaryDetail:
    """Stop announcing a token's uses; they are recorded all the same."""
    return await fleet.write(lambda one: _set_disabled(fleet, one, analyst, token, disabled_at=time.time_ns()))


@router.post("/canaries/{token}/enable")
async def enable_canary(token: Token, fleet: InFleet, analyst: Analyst) -> CanaryDetail:
    """Announce a token's uses again."""
    return await fleet.write(lambda one: _set_disabled(fleet, one, analyst, token, disabled_at=None))


@router.delete("/canaries/{token}", status_code=204)
async def remove_canary(token: Token, fleet: InFleet, analyst: Analyst) -> None:
    """Forget a token and its file. Where it is still planted, its use is announced as that of an unknown token."""

    def remove(connection: Connection) -> None:
        found = known_token(connection, token)
        try:
            queries.remove_token(connection, found.token)
        except IntegrityError as error:
            raise OperatorError(f"the token {found.token} is part of what a synthetic user does; disable it") from error
        record(connection, analyst, "canary.remove", found.token, kind=found.kind, label=found.label)

    await fleet.write(remove)


def _set_disabled(
    fleet: InFleet, connection: Connection, analyst: Analyst, token: str, *, disabled_at: int | None
) -> CanaryDetail:
    found = known_token(connection, token)
    queries.set_disabled(connection, found.token, disabled_at)
    record(connection, analyst, "canary.disable" if disabled_at else "canary.enable", found.token)
    return canary_detail(fleet.deployment, connection, known_token(connection, found.token))
