# SPDX-License-Identifier: MIT
"""Everything that is known about one address, from all domains."""

from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet.findings.origins import NOWHERE, Origin, origins
from decnet_models.artifacts.queries import Sighting, sightings
from decnet_models.attackers.analysis import Analysis, analysis
from decnet_models.attackers.profile import AttackerProfile
from decnet_models.attackers.queries import attacker
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping.membership import groups_of
from decnet_models.identities.tables import IDENTITIES
from decnet_models.intel.queries import Finding, findings
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import KnownSource, known_sources
from decnet_models.ttp.queries import techniques_of
from decnet_workers.ttp.attack import technique

STORIES = 10
"""Sessions, the newest, that are told in a sentence: each is a look at up to 200 command lines."""


class NamedTechnique(msgspec.Struct, frozen=True):
    """An attacker's use of a technique, with ATT&CK's name for it (None: it has none any more)."""

    technique: str
    name: str | None
    tactics: tuple[str, ...]
    tags: int
    first_seen: int
    last_seen: int
    titles: tuple[str, ...]


class Profile(msgspec.Struct, frozen=True):
    """An attacker's page."""

    profile: AttackerProfile
    analysis: Analysis
    origin: Origin
    techniques: tuple[NamedTechnique, ...]
    intel: tuple[Finding, ...]
    files: tuple[Sighting, ...]
    identity: UUID | None
    campaign: UUID | None
    known: KnownSource | None


def profile_of(connection: Connection, address: str, limit: int = 100) -> Profile:
    """Return all about an address (canonical text), of each list at most `limit`; raises NotFoundError."""
    profile = attacker(connection, address, limit=limit)
    if profile is None:
        raise NotFoundError(f"{address} was never seen; decnet attackers lists those that were")
    identity = groups_of(connection, IDENTITIES, [address]).get(address)
    campaign = None if identity is None else groups_of(connection, CAMPAIGNS, [identity]).get(identity)
    return Profile(
        profile,
        analysis(connection, address, min(limit, STORIES)),
        origins(connection, [address]).get(address, NOWHERE),
        techniques_named(connection, address),
        tuple(findings(connection, address)),
        tuple(sightings(connection, limit, attacker=address, kind="file")),
        identity,
        campaign,
        KnownSources(known_sources(connection)).address(address),
    )


def techniques_named(connection: Connection, address: str) -> tuple[NamedTechnique, ...]:
    """Return the attacker's techniques in the order in which they were first seen."""
    found = []
    for one in techniques_of(connection, address):
        known = technique(one.technique)
        name, tactics = (known.name, known.tactics) if known else (None, ())
        found.append(NamedTechnique(one.technique, name, tactics, one.tags, one.first_seen, one.last_seen, one.titles))
    return tuple(found)
