# SPDX-License-Identifier: MIT
"""Writes what was computed: cores, bonds, and from them the identities with their members and changes.

An identity is numbered after its founder, the attacker seen first of those that one bond holds together. So it keeps
its number while it grows, that of the older one remains when two are merged, and a part that is split off gets that of
its own first one.
"""

import time
from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from decnet_models.grouping.values import Reason, widened, written
from decnet_models.identities import core_rows
from decnet_models.identities.core_rows import Bound, CoreRow, NewGroupChange, Placed, Size
from decnet_models.identities.evidence_rows import features_at, own_id
from decnet_workers.clusterer.attachment import ALONE, Attachment
from decnet_workers.clusterer.decided import decided
from decnet_workers.clusterer.regroup import Regrouped
from decnet_workers.clusterer.verdicts import Bonds
from decnet_workers.commodity.limits import Key

_VALUE = 256
"""Characters of a feature's value in a reason."""


class Became(NamedTuple):
    """An identity that has been formed or has grown; `joined`: attackers that were in none with others."""

    identity: UUID
    before: int
    now: Size
    joined: tuple[str, ...]
    because: tuple[Reason, ...]


class Merged(NamedTuple):
    """An identity of several attackers that has gone into another."""

    source: UUID
    target: UUID
    members: int
    weight: float
    because: tuple[Reason, ...]
    ts: int


class PlacingResult(NamedTuple):
    """What became of identities."""

    became: tuple[Became, ...] = ()
    merged: tuple[Merged, ...] = ()


def settle(connection: Connection, regrouped: Regrouped, shown: Collection[str]) -> PlacingResult:
    """Write what was computed, given the attackers whose evidence changed; return what became of identities."""
    write_features(connection, regrouped)
    verdicts, named = decided(connection)
    attached = regrouped.attackers
    known = core_rows.bound(connection, {*attached, *shown, *named})
    cores = {one: attached[one].core if one in attached else was.core for one, was in known.items()}
    bonds = Bonds(verdicts, cores.get)
    moving = {one: was for one, was in known.items() if one in attached or one in named}
    for core in {core for one in named & known.keys() for core in (cores[one], known[one].core) if core}:
        for one, was in core_rows.strays(connection, core, bonds.of("", core)).items():
            cores.setdefault(one, core)
            moving[one] = was
    bound = {one: (cores[one], bonds.of(one, cores[one])) for one in moving}
    changed = [one for one, was in moving.items() if bound[one] != (was.core, was.bond)]
    core_rows.bind(connection, [(one, *bound[one]) for one in sorted(changed)])
    affected = {was.bond for was in moving.values()} | {bond for _, bond in bound.values()}
    lone = {bond for bond in affected if bond.startswith("@") and bond not in bonds.replaced.values()}
    founders = {bond: bond[1:] for bond in lone if bound.get(bond[1:], ("", ""))[1] == bond}
    for bond in sorted(affected - lone):
        if (founder := core_rows.founder(connection, bond)) is not None:
            founders[bond] = founder
    return _Placing(connection, attached, known | moving).result(founders, shown)


def write_features(connection: Connection, regrouped: Regrouped) -> None:
    """Write the cores of features."""
    features = regrouped.features
    rows = [
        CoreRow(*key, settled.core, settled.weight, settled.proven, settled.magnitude, settled.owner)
        for key, settled in features.items()
        if settled is not None
    ]
    core_rows.write_cores(connection, rows, [key for key, settled in features.items() if settled is None])


class _Placing:
    """Puts attackers into the identities that their bonds make."""

    def __init__(self, connection: Connection, attached: dict[str, Attachment], known: dict[str, Bound]) -> None:
        self._connection = connection
        self._attached = attached
        self._known = known
        self._now = time.time_ns()
        self._values: dict[Key, str] = {}

    def result(self, founders: Mapping[str, str], shown: Collection[str]) -> PlacingResult:
        """Put attackers into the identities of their bonds' founders; the identities of those `shown` are other ones.

        All others that nobody joins or leaves keep their revision, so that nobody reads them again for nothing.
        """
        going = self._going(founders)
        home = {one: was.identity for one, was in self._known.items() if was.identity is not None} | going
        self._read_values()
        before = core_rows.sizes(self._connection, {*home.values(), *self._left(going)})
        core_rows.create(self._connection, set(home.values()) - before.keys(), now_ns=self._now)
        self._write_members(going, home)
        sizes = self._write_sizes(going, home, before)
        merged = self._record(going, sizes, before)
        others = {home[one] for one in shown if one in home} | set(going.values()) | self._left(going)
        self._write_merged(
            {one: size for one, size in sizes.items() if one in others or size != before.get(one)}, before
        )
        return PlacingResult(self._became(going, sizes, before), merged)

    def _going(self, founders: Mapping[str, str]) -> dict[str, UUID]:
        """Return the attackers that get into another identity, with it."""
        going: dict[str, UUID] = {}
        for bond, founder in sorted(founders.items()):
            identity = own_id(founder)
            if bond == f"@{founder}" and founder in self._known:
                movers = [founder] if self._known[founder].identity != identity else []
            else:
                found = core_rows.bound_by(self._connection, bond, outside=identity)
                self._known |= found
                movers = list(found)
            going |= dict.fromkeys(movers, identity)
        return going

    def _left(self, going: dict[str, UUID]) -> set[UUID]:
        return {identity for one in going if (identity := self._known[one].identity) is not None}

    def _write_members(self, going: dict[str, UUID], home: dict[str, UUID]) -> None:
        rows = []
        for one in sorted(self._attached.keys() | {one for one in going if self._known[one].identity is None}):
            was, why = self._known[one], self._attached.get(one, ALONE)
            because = written(self._reasons(why))
            rows.append(Placed(one, home[one], why.weight, because, was.first_seen, was.last_seen, self._now))
        core_rows.place(self._connection, rows)
        placed = {row.attacker for row in rows}
        by_identity: dict[UUID, list[str]] = {}
        for one, identity in going.items():
            if one not in placed:
                by_identity.setdefault(identity, []).append(one)
        for identity, attackers in sorted(by_identity.items()):
            core_rows.move(self._connection, attackers, identity)
        core_rows.see(self._connection, [was for one, was in self._known.items() if one not in placed])

    def _write_sizes(self, going: dict[str, UUID], home: dict[str, UUID], before: dict[UUID, Size]) -> dict[UUID, Size]:
        """Return the new sizes of all identities that are concerned; only those that somebody left are recounted."""
        left = self._left(going)
        sizes = {identity: core_rows.recounted(self._connection, identity) for identity in sorted(left)}
        for one, identity in home.items():
            if identity in left:
                continue
            was = self._known[one]
            size = sizes.get(identity) or before.get(identity) or Size(0, was.first_seen, was.last_seen)
            members = size.members + (one in going)
            if size.members:
                first, last = widened((size.first_seen, size.last_seen), (was.first_seen, was.last_seen))
            else:  # its times are those of who was there before
                first, last = was.first_seen, was.last_seen
            sizes[identity] = Size(members, first, last)
        return sizes

    def _record(self, going: dict[str, UUID], sizes: dict[UUID, Size], before: dict[UUID, Size]) -> tuple[Merged, ...]:
        """Record who went from one identity to another."""
        moved: dict[tuple[UUID, UUID], list[str]] = {}
        for one, target in going.items():
            source = self._known[one].identity
            if source is not None:
                moved.setdefault((source, target), []).append(one)
        merged = []
        for (source, target), attackers in sorted(moved.items()):
            because, weight = self._why(attackers)
            kind = "split" if sizes[source].members else "merge"
            change = NewGroupChange(kind, source, target, weight, written(because), self._now)  # type: ignore[arg-type]
            core_rows.record(self._connection, change, attackers)
            if kind == "merge" and before[source].members > 1:
                size = sizes[target]
                merged.append(Merged(source, target, size.members, weight, because, size.last_seen))
        return tuple(merged)

    def _write_merged(self, sizes: dict[UUID, Size], before: dict[UUID, Size]) -> None:
        """Write the sizes, and where the founder of an identity without members is now."""
        empty = [identity for identity, size in sizes.items() if not size.members]
        founders = core_rows.homes_of_founders(self._connection, empty)
        rows = [
            (identity, size if size.members else before[identity]._replace(members=0), founders.get(identity))
            for identity, size in sorted(sizes.items())
        ]
        core_rows.resize(self._connection, rows)

    def _became(self, going: dict[str, UUID], sizes: dict[UUID, Size], before: dict[UUID, Size]) -> tuple[Became, ...]:
        joined: dict[UUID, list[str]] = {}
        for one, target in going.items():
            source = self._known[one].identity
            if source is None or before[source].members < 2:
                joined.setdefault(target, []).append(one)
        became = []
        for identity, size in sorted(sizes.items()):
            old = before[identity].members if identity in before else 0
            if size.members > 1 and size.members > old:
                who = sorted(joined.get(identity, ()))
                because, _ = self._why(who or [one for one in going if going[one] == identity])
                became.append(Became(identity, old, size, tuple(who), because))
        return tuple(became)

    def _why(self, attackers: Collection[str]) -> tuple[tuple[Reason, ...], float]:
        """Return the heaviest reasons for which the attackers are where they are, and the greatest weight."""
        why = [self._attached[one] for one in attackers if one in self._attached]
        best = max(why, key=lambda each: (each.weight, each.because), default=ALONE)
        return self._reasons(best), best.weight

    def _reasons(self, why: Attachment) -> tuple[Reason, ...]:
        return tuple((key[0], self._values.get(key, "")[:_VALUE], bits) for key, bits in why.because)

    def _read_values(self) -> None:
        keys = {key for one in self._attached.values() for key, _ in one.because}
        for row in features_at(self._connection, keys):
            self._values[row.kind, row.digest] = row.value
