# SPDX-License-Identifier: MIT
"""Attackers as lists show them; apart from their routes, of which the first page needs none."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from decnet.findings.origins import NOWHERE, Origin, origins
from decnet_models.attackers.profile import Attacker
from decnet_models.intel.queries import Verdict
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment


class AttackerItem(Answer):
    """An address that touched a decky, with counts of what it did."""

    ip: str
    score: int
    """How dangerous it is, 0 to 100."""
    verdict: Verdict
    """The worst one of others."""
    events: int
    connections: int
    sessions: int
    logins: int
    logins_accepted: int
    commands: int
    requests: int
    files: int
    scans: int
    canary_hits: int
    first_seen: Moment
    last_seen: Moment
    country: str | None
    """ISO 3166, if a table of `enrich` says so."""
    asn: int | None
    organisation: str | None
    """The name of its autonomous system."""


def attacker_item(one: Attacker, origin: Origin = NOWHERE) -> AttackerItem:
    """Return an attacker as lists show it."""
    return AttackerItem.made(
        **msgspec.structs.asdict(one),
        country=origin.country,
        asn=origin.asn,
        organisation=origin.organisation,
    )


def with_origins(connection: Connection, found: Sequence[Attacker]) -> list[AttackerItem]:
    """Return attackers as lists show them."""
    places = origins(connection, [one.ip for one in found])
    return [attacker_item(one, places.get(one.ip, NOWHERE)) for one in found]
