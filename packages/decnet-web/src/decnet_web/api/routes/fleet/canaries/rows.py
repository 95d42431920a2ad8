# SPDX-License-Identifier: MIT
"""Rows of the list of canary tokens, and the kinds with what each needs here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from decnet.canary.instrument.formats import FORMATS
from decnet.canary.kinds.registry import MODULES, kind_named
from decnet.canary.tokens import placed
from decnet.fleet.deployment import Deployment
from decnet_models.attackers.profile import TokenHits
from decnet_models.attackers.queries import canary_hits, hits_by_token
from decnet_models.canary import blobs, queries
from decnet_models.canary.queries import CanaryToken
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.canaries.shapes import (
    CanaryAsked,
    CanaryDetail,
    CanaryFile,
    CanaryHitShown,
    CanaryKindList,
    CanaryKindShown,
    CanaryShown,
    PlantingShown,
)
from decnet_workers.canary.settings import CanarySettings

_NEWEST = 20
_GIVEN = ("to", "site")
"""What a kind may need of whoever makes one; the rest is a setting."""


def canary_rows(deployment: Deployment, connection: Connection, tokens: Sequence[CanaryToken]) -> list[CanaryShown]:
    """Return the rows of these tokens, in their order."""
    hits = hits_by_token(connection, [one.token for one in tokens])
    return [_row(deployment, one, hits.get(one.token)) for one in tokens]


def canary_detail(deployment: Deployment, connection: Connection, token: CanaryToken) -> CanaryDetail:
    """Return all about one token."""
    (row,) = canary_rows(deployment, connection, [token])
    blob = blobs.blob_of(connection, token.token)
    newest = canary_hits(connection, _NEWEST, token=token.token)
    return CanaryDetail(
        **dict(row),
        file=CanaryFile.model_validate(blob) if blob else None,
        plantings=[PlantingShown.model_validate(one) for one in queries.plantings(connection, token.token)],
        newest_hits=[CanaryHitShown.model_validate(one) for one in newest],
    )


def kinds(deployment: Deployment) -> CanaryKindList:
    """Return the kinds that can be made here; loads the modules of all."""
    settings = deployment.settings.section("canary", CanarySettings)
    return CanaryKindList(items=[_kind(name, settings) for name in MODULES], formats=list(FORMATS))


def refuse_missing(deployment: Deployment, asked: CanaryAsked) -> None:
    """Raise Problem 422 for a token whose kind is unknown, or needs what was not given."""
    if asked.kind not in MODULES:
        raise Problem(422, "Bad input", f"there is no kind {asked.kind!r}; GET /canaries/kinds lists them")
    shown = _kind(asked.kind, deployment.settings.section("canary", CanarySettings))
    if not shown.available:
        raise Problem(409, detail=f"a token of kind {asked.kind} cannot be made: {shown.why_not}")
    for name in shown.needs:
        if not getattr(asked, name):
            raise Problem(422, "Bad input", f"a token of kind {asked.kind} needs `{name}`")


def _kind(name: str, settings: CanarySettings) -> CanaryKindShown:
    what = kind_named(name)
    lacking = "set [canary] wireguard_listen" if "wireguard" in what.needs and not settings.wireguard_listen else None
    return CanaryKindShown(
        kind=name,
        trips=what.trips,
        reveals=what.reveals,
        needs=[one for one in what.needs if one in _GIVEN],
        available=lacking is None,
        why_not=lacking,
        path=what.path,
    )


def _row(deployment: Deployment, token: CanaryToken, hits: TokenHits | None) -> CanaryShown:
    where = placed(deployment, token)
    return CanaryShown(
        token=token.token,
        kind=token.kind,
        label=token.label,
        place=where.place,
        created_at=token.created_at,
        disabled=token.disabled_at is not None,
        hits=hits.hits if hits else 0,
        scanners=hits.scanners if hits else 0,
        attackers=hits.attackers if hits else 0,
        first_seen=hits.first_seen if hits else None,
        last_seen=hits.last_seen if hits else None,
    )
