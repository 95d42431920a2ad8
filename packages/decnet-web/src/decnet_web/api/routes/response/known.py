# SPDX-License-Identifier: MIT
"""Known sources: the operator's own scanners and monitoring. Recorded, never scored or alerted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from decnet.cli.addresses import known_network
from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.event_kinds import known_kinds
from decnet.cli.labels import label
from decnet.cli.time_window import time_ahead
from decnet.fleet.bus_access import wake_followers
from decnet.incidents.known import close_incidents
from decnet_models.attackers.tables import attacker
from decnet_models.database.addresses_in import addresses_in
from decnet_models.known import queries
from decnet_models.known.queries import KnownSource
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet, Viewer
from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment

router = APIRouter(prefix="/known", tags=["known sources"])

_SCORED = 100


class KnownSourceItem(Answer):
    """A source of the operator's own."""

    id: int
    network: str
    port: int | None
    """Only what contacts this port."""
    kind: str | None
    """Only events of this kind."""
    until: Moment | None
    """Only before this time."""
    label: str
    forget: bool
    """Whether what was found out about its addresses before was removed."""
    added_at: Moment


class KnownSources(Answer):
    """The known sources; those whose time is over too, for what they did before is still theirs."""

    items: list[KnownSourceItem]


class KnownSourceAdded(Answer):
    """A source that is known from now on."""

    source: KnownSourceItem
    scored: list[str]
    """Addresses of it that have a score from before; at most 100."""


class AskedKnownSource(Asked):
    """A source that is the operator's own."""

    network: Annotated[str, Field(min_length=1, max_length=64)]
    """An address or a network in CIDR notation."""
    port: Annotated[int | None, Field(ge=0, le=65_535)] = None
    kind: Annotated[str | None, Field(max_length=64)] = None
    until: Annotated[str | None, Field(max_length=64)] = None
    """How long (8h), or until when (RFC 3339)."""
    label: Annotated[str, Field(max_length=255)] = ""
    forget: bool = False
    """Also remove its score, sessions and techniques, and close its incidents; not with `port` or `kind`."""


@router.get("")
async def list_known_sources(fleet: InFleet, _viewer: Viewer) -> KnownSources:
    """List known sources, oldest first."""
    found = await fleet.read(queries.known_sources)
    return KnownSources(items=[KnownSourceItem.model_validate(one) for one in found])


@router.post("", status_code=201)
async def add_known_source(fleet: InFleet, analyst: Analyst, asked: AskedKnownSource) -> KnownSourceAdded:
    """Ignore a source from now on: it stays in the event log, but is no attacker and raises no alert."""
    if asked.forget and (asked.port is not None or asked.kind is not None):
        raise WrongUsageError("forget removes all about an address; it cannot be combined with port or kind")
    network = known_network(asked.network, narrowed=asked.port is not None or bool(asked.kind))
    until = None if asked.until is None else time_ahead("until", asked.until)
    kind = known_kinds([asked.kind])[0] if asked.kind else None
    called = label(asked.label, "label of a known source")

    def write(connection: Connection) -> tuple[KnownSource, list[str]]:
        options = {"port": asked.port, "kind": kind, "until": until, "forget": asked.forget}
        added = queries.add(connection, network, called, **options)  # type: ignore[arg-type]  # its options
        close_incidents(connection, added, analyst.account.name)
        record(connection, analyst, "known.add", str(added.id), network=network, label=called)
        return added, addresses_in(connection, attacker.c.ip, network, _SCORED)

    added, scored = await fleet.write(write)
    await fleet.thread(lambda: wake_followers(fleet.deployment))
    return KnownSourceAdded(source=KnownSourceItem.model_validate(added), scored=scored)


@router.delete("/{number}", status_code=204)
async def remove_known_source(fleet: InFleet, analyst: Analyst, number: RowNumber) -> None:
    """Have a source counted as an attacker again, from its next event on."""

    def write(connection: Connection) -> None:
        if not queries.remove(connection, number):
            raise NotFoundError(f"there is no known source {number}; decnet known list shows them")
        record(connection, analyst, "known.remove", str(number))

    await fleet.write(write)


@router.post("/{number}/forget")
async def forget_known_source(fleet: InFleet, analyst: Analyst, number: RowNumber) -> KnownSourceItem:
    """Remove what was found out about a source's addresses before it was known; it has a new number then."""

    def write(connection: Connection) -> KnownSource:
        forgotten = queries.forget(connection, number)
        if forgotten is None:
            raise NotFoundError(f"there is no known source {number} without port and kind; see decnet known list")
        close_incidents(connection, forgotten, analyst.account.name)
        record(connection, analyst, "known.forget", str(number), network=forgotten.network)
        return forgotten

    forgotten = await fleet.write(write)
    await fleet.thread(lambda: wake_followers(fleet.deployment))
    return KnownSourceItem.model_validate(forgotten)
