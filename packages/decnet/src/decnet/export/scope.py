# SPDX-License-Identifier: MIT
"""What is exported: the attackers of a scope with what rules recognised in their actions, and their files."""

from collections.abc import Iterator
from itertools import groupby, islice
from typing import Literal, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet_models.artifacts.queries import Sighting, files_of, sightings
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.window import Window
from decnet_models.grouping.membership import members, resolved
from decnet_models.grouping.shape import Grouping
from decnet_models.identities.tables import IDENTITIES
from decnet_models.ttp.queries import Tag, TechniqueUse, tags_between, technique_uses

Kind: TypeAlias = Literal["attacker", "identity", "campaign", "time range"]

S = TypeVar("S", str, UUID)

_PAGE = 500
_MOST_FILES = 1000
"""Sightings of one attacker's files that are exported."""


class Scope(msgspec.Struct, frozen=True):
    """Whose actions are exported: those of `addresses` (None: everybody's) in a span of time."""

    kind: Kind
    name: str
    window: Window = Window()
    addresses: tuple[str, ...] | None = None


class AttackerFindings(msgspec.Struct, frozen=True):
    """An address with the techniques that it used, and the files that it left."""

    address: str
    uses: tuple[TechniqueUse, ...]
    files: tuple[Sighting, ...]

    @property
    def first_seen(self) -> int:
        return min(use.first_seen for use in self.uses)

    @property
    def last_seen(self) -> int:
        return max(use.last_seen for use in self.uses)


def addresses_of_identity(connection: Connection, identity: UUID) -> tuple[str, ...] | None:
    """Return the addresses of an identity, or of what it was merged into; None for an unknown one."""
    found = resolved(connection, IDENTITIES, identity)
    return None if found is None else tuple(_members(connection, IDENTITIES, found))


def addresses_of_campaign(connection: Connection, campaign: UUID) -> tuple[str, ...] | None:
    """Return the addresses of a campaign's identities; None for an unknown one."""
    found = resolved(connection, CAMPAIGNS, campaign)
    if found is None:
        return None
    addresses: set[str] = set()
    for identity in _members(connection, CAMPAIGNS, found):
        addresses.update(addresses_of_identity(connection, identity) or ())
    return tuple(sorted(addresses))


def findings(connection: Connection, scope: Scope) -> Iterator[AttackerFindings]:
    """Yield the attackers of whom a technique was recognised, in the order of their addresses."""
    uses = technique_uses(connection, scope.window, scope.addresses)
    grouped = ((address, tuple(group)) for address, group in groupby(uses, key=lambda use: use.attacker))
    while page := list(islice(grouped, _PAGE)):
        with_files = {address for address, _ in files_of(connection, [address for address, _ in page])}
        for address, used in page:
            files = _files(connection, address, scope.window) if address in with_files else ()
            yield AttackerFindings(address, used, files)


def tags(connection: Connection, scope: Scope) -> Iterator[Tag]:
    """Yield the tags of a scope: of all attackers in the order of the log, else attacker by attacker."""
    for address in (None,) if scope.addresses is None else scope.addresses:
        last: Tag | None = None
        while page := tags_between(connection, scope.window, attacker=address, after=last):
            yield from page
            last = page[-1]


def _files(connection: Connection, address: str, window: Window) -> tuple[Sighting, ...]:
    seen = sightings(connection, _MOST_FILES, attacker=address, kind="file")
    first: dict[tuple[str, str | None], Sighting] = {}
    for one in seen[::-1]:
        if window.since <= one.ts < window.until:
            first.setdefault((one.sha256, one.url), one)
    return tuple(first.values())


def _members(connection: Connection, grouping: Grouping[S], group: UUID) -> Iterator[S]:
    last: S | None = None
    while page := members(connection, grouping, group, after=last):
        yield from (member.subject for member in page)
        last = page[-1].subject
