# SPDX-License-Identifier: MIT
"""The identities as SQLModel classes."""

from typing import Optional
from uuid import UUID

from decnet_models.grouping import models as grouping
from decnet_models.identities import tables
from decnet_models.identities.tables import IDENTITIES
from decnet_models.table_model import TableModel, related


class Identity(grouping.GroupFields, table=True):
    """Attackers that are taken for one."""

    __table__ = IDENTITIES.group

    merged_into_row: Optional["Identity"] = related(remote_side="Identity.id")
    member_rows: list["IdentityMember"] = related(order_by="IdentityMember.first_seen")


class IdentityMember(grouping.MemberFields, table=True):
    """An attacker in the identity that it belongs to."""

    __table__ = IDENTITIES.member

    attacker: str
    """The attacker's address."""
    identity: UUID
    """The identity."""

    identity_row: Identity = related()


class IdentityEvidence(grouping.EvidenceFields, table=True):
    """An attacker that shows a feature."""

    __table__ = IDENTITIES.evidence

    attacker: str
    """The attacker's address."""


class IdentityFeature(grouping.FeatureFields, table=True):
    """A feature that attackers may share."""

    __table__ = IDENTITIES.feature

    evidence_rows: list[IdentityEvidence] = related(
        primaryjoin="and_(foreign(IdentityEvidence.kind) == IdentityFeature.kind, "
        "foreign(IdentityEvidence.digest) == IdentityFeature.digest)"
    )


class IdentityChange(grouping.ChangeFields, table=True):
    """Attackers that went from one identity to another."""

    __table__ = IDENTITIES.change

    source_row: Identity = related(foreign_keys="IdentityChange.source")
    target_row: Identity = related(foreign_keys="IdentityChange.target")
    moved_rows: list["IdentityMoved"] = related()


class IdentityMoved(TableModel, table=True):
    """An attacker that a change moved."""

    __table__ = IDENTITIES.moved

    change: int
    """The number of the change."""
    attacker: str
    """The attacker's address."""

    change_row: IdentityChange = related()


class IdentityDecision(grouping.DecisionFields, table=True):
    """A decision of the operator about attackers and identities."""

    __table__ = IDENTITIES.decision

    attacker: str | None = None
    """The attacker that the decision is about."""
    other: str | None = None
    """The second attacker, of together and apart."""
    identity: UUID | None = None
    """The identity that the attacker is pinned to."""

    identity_row: Identity | None = related()
    change_row: IdentityChange | None = related()


class IdentityAttacker(TableModel, table=True):
    """An attacker, and where its evidence puts it."""

    __table__ = tables.identity_attacker

    attacker: str
    """The attacker's address."""
    own: UUID
    """The id of the identity of which it would be the first member."""
    first_seen: int
    """The time of its first event that is evidence."""
    last_seen: int
    """The time of its last one."""
    core: str | None = None
    """The set of features that it belongs to, by the digest of the first; null: to none."""
    bond: str
    """What its identity is held together by: `core`, or what an operator decided; alone: its address."""


class IdentitySketch(TableModel, table=True):
    """A MinHash sketch of a set that an attacker showed, from which near-equal sets are found."""

    __table__ = tables.identity_sketch

    attacker: str
    """The attacker's address."""
    kind: str
    """The kind of set."""
    minima: bytes
    """The minimum of each hash function over the set, 8 bytes each."""
    first_seen: int
    """The time of the first event that showed a member of the set."""
    last_seen: int
    """The time of the last one."""


class IdentityCore(TableModel, table=True):
    """A feature that can join attackers, and the core that it belongs to."""

    __table__ = tables.identity_core

    kind: str
    """The kind of feature."""
    digest: str
    """The digest of the feature's value."""
    core: str
    """The digest of the first of the features that belong together."""
    weight: float
    """What sharing it says, in bits."""
    proven: bool = False
    """Whether it says less by itself than joins, but those who show it are known by other evidence to be the core's."""
    magnitude: int = 0
    """How many attackers showed it when it was weighed, as a power of two, if it can be a member of a set; else 0."""
    owner: str = ""
    """Whose it is of several actors that have the core together, by the least digest of that one's own marks."""


class IdentityPending(TableModel, table=True):
    """Something whose evidence has changed, and whose identity is to be computed again."""

    __table__ = tables.identity_pending

    kind: str
    """The kind of feature; empty: an attacker."""
    name: str
    """The digest of the feature's value, or the attacker's address."""
