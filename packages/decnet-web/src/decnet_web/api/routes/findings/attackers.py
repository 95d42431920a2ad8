# SPDX-License-Identifier: MIT
"""Attackers: a list by score or time, narrowed by what they did; everything about one; its activity over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import WrongUsageError
from decnet.findings import attackers as listing
from decnet.findings.attackers import Narrowing
from decnet.findings.origins import details, origin_in
from decnet.findings.profiles import Profile, profile_of
from decnet.findings.timeline import Timeline, timeline_of
from decnet_core.net.addresses import parse_network
from decnet_models.attackers.profile import Attacker
from decnet_models.intel.queries import Verdict
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page, places_of
from decnet_web.api.routes.findings.answers import (
    ArtifactSighting,
    AttackerCommand,
    CanaryHitItem,
    CredentialUseItem,
    FingerprintItem,
    IntelFinding,
    PasswordList,
    RhythmItem,
    ScoreTerm,
    SeenPlace,
    SessionItem,
    SessionStory,
    TechniqueOfAttacker,
    ToolItem,
    Trait,
)
from decnet_web.api.routes.findings.attacker_items import AttackerItem, attacker_item

router = APIRouter(route_class=RecentRoute, tags=["attackers"])


class KnownAs(Answer):
    """The known source that covers an address."""

    id: int
    network: str
    label: str
    until: Moment | None


class AttackerWhole(Answer):
    """Everything about an attacker; each list is bounded by `limit`."""

    attacker: AttackerItem
    terms: list[ScoreTerm]
    """What the score consists of."""
    traits: list[Trait]
    rhythm: RhythmItem | None
    phases: list[SeenPlace]
    """Its way through the kill chain."""
    deckies: list[SeenPlace]
    services: list[SeenPlace]
    tools: list[ToolItem]
    fingerprints: list[FingerprintItem]
    sessions: list[SessionItem]
    stories: list[SessionStory]
    """The ten newest sessions in a sentence each; /sessions/{session} has that of any."""
    credentials: list[CredentialUseItem]
    password_lists: list[PasswordList]
    commands: list[AttackerCommand]
    canary_hits: list[CanaryHitItem]
    techniques: list[TechniqueOfAttacker]
    intel: list[IntelFinding]
    files: list[ArtifactSighting]
    identity: UUID | None
    """The actor that uses this address."""
    campaign: UUID | None
    known: KnownAs | None
    """Set: it is the operator's own, and no attacker."""


class TimelineBucket(Answer):
    """Events of a step of time; `by_kind` of those that are newer than the timeline's `kinds_since`."""

    at: Moment
    """When the step begins."""
    events: int
    by_kind: dict[str, int]


class AttackerTimeline(Answer):
    """What an attacker did over time; steps without events are left out."""

    step_seconds: int
    buckets: list[TimelineBucket]
    kinds_since: Moment | None
    """Kinds are counted of events from then on; null: of all."""


Name = Annotated[str | None, Query(max_length=255)]


@router.get("/attackers", response_model=Page[AttackerItem])
async def list_attackers(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    sort: listing.Order = "score",
    direction: OrderDirection = "desc",
    min_score: Annotated[int, Query(ge=0, le=100)] = 0,
    verdict: Verdict | None = None,
    q: Annotated[str | None, Query(max_length=64, description="Beginning of an address, or a network.")] = None,
    decky: Name = None,
    service: Name = None,
    tool: Name = None,
    fingerprint: Annotated[str | None, Query(max_length=512)] = None,
    fingerprint_type: Annotated[str | None, Query(max_length=32, description="Only with `fingerprint`.")] = None,
    credential: Annotated[str | None, Query(max_length=32, description="Digest of a credential.")] = None,
    file: Annotated[str | None, Query(max_length=64, description="SHA-256.")] = None,
    technique: Annotated[str | None, Query(max_length=16)] = None,
    identity: UUID | None = None,
    campaign: UUID | None = None,
) -> Response:
    """List attackers in the order of `sort`; with a span of time those who were active in it."""
    if fingerprint_type is not None and fingerprint is None:
        raise WrongUsageError("fingerprint_type says of which type `fingerprint` is: give both, or neither")
    wanted = Narrowing(
        least_score=min_score,
        verdict=verdict,
        network=_network(q),
        decky=decky,
        service=service,
        tool=tool,
        fingerprint=fingerprint,
        fingerprint_type=fingerprint_type,
        credential=credential,
        file=file,
        technique=technique,
        identity=identity,
        campaign=campaign,
    )

    def fetch(connection: Connection, after: tuple[int, str] | None, limit: int) -> Sequence[Any]:
        return listing.attacker_rows(
            connection, limit, order=sort, direction=direction, wanted=wanted, window=window, after=after
        )

    def shown(connection: Connection, rows: Sequence[Any]) -> list[Any]:
        ip = Attacker.__struct_fields__.index("ip")
        found = details(connection, [row[ip] for row in rows])
        return paging.rows([(*row, found.get(row[ip])) for row in rows], _of_row)

    def first(connection: Connection, _: None, limit: int) -> Sequence[Any]:
        return listing.first_with_details(connection, limit, sort, direction)

    position = places_of(Attacker, sort, "ip")
    whole = wanted == listing.ANY and not window.bounded
    if paging.keeps and paging.position is None and whole and sort in listing.INDEXED:
        return await paging.answer(fleet, first, position, lambda _, rows: paging.rows(rows, _of_row))
    return await paging.answer(fleet, fetch, position, shown)


def _of_row(row: Sequence[Any]) -> AttackerItem:
    """Return a row of `listing.first_with_details` as lists show it."""
    return attacker_item(Attacker(*row[:-1]), origin_in(row[-1]))


def _network(text: str | None) -> str | None:
    if not text:
        return None
    if "/" in text:
        try:
            return str(parse_network(text))
        except ValueError as error:
            raise WrongUsageError(f"q: {text!r} is neither the beginning of an address nor a network") from error
    return text.strip()


@router.get("/attackers/{ip}")
async def show_attacker(
    fleet: InFleet, _viewer: Viewer, ip: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> AttackerWhole:
    """Show everything about an address: score terms, sessions, commands, techniques, what others say, ..."""
    address = canonical_address(ip)
    return await fleet.read(lambda connection: _whole(profile_of(connection, address, limit)), (_whole, address))


def _whole(found: Profile) -> AttackerWhole:
    profile = found.profile
    names = ("terms", "traits", "rhythm", "phases", "deckies", "services", "tools", "fingerprints", "sessions")
    return AttackerWhole.model_validate(
        {
            **{name: getattr(profile, name) for name in (*names, "credentials", "commands", "canary_hits")},
            "attacker": attacker_item(profile.attacker, found.origin),
            "stories": found.analysis.stories,
            "password_lists": found.analysis.password_lists,
            **{
                name: getattr(found, name) for name in ("techniques", "intel", "files", "identity", "campaign", "known")
            },
        }
    )


@router.get("/attackers/{ip}/timeline")
async def show_attacker_timeline(
    *,
    fleet: InFleet,
    window: InWindow,
    _viewer: Viewer,
    ip: str,
    step: Annotated[
        int,
        Query(
            ge=1,
            le=7 * 86_400,
            description="Seconds; from 60 on whole minutes. Less than a minute only where `kinds` go back that far.",
        ),
    ] = 3600,
) -> AttackerTimeline:
    """Show when an address did how much, in steps of time, and of which kinds the newest events are."""
    address = canonical_address(ip)

    def fetch(connection: Connection) -> AttackerTimeline:
        found: Timeline = timeline_of(connection, address, window, step if step < 60 else step // 60 * 60)
        return AttackerTimeline.model_validate(found)

    return await fleet.read(fetch)
