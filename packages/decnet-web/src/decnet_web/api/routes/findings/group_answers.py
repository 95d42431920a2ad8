# SPDX-License-Identifier: MIT
"""Models of identities and campaigns, and of what operators decide about them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, field_validator

from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment
from decnet_web.api.routes.findings.answers import (
    Because,
    ChangeItem,
    CommonFeature,
    DecisionItem,
    MemberItem,
    as_objects,
)

Reason = Annotated[str, Field(max_length=4096)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Names = Annotated[list[Name], Field(min_length=1, max_length=1000)]


class GroupItem(Answer):
    """An identity or a campaign."""

    id: UUID
    merged_into: UUID | None
    members: int
    first_seen: Moment
    last_seen: Moment
    created_at: Moment
    revision: int
    """Grows with each change of the group or its members."""
    ended: bool = False
    """Of a campaign: whether it has been silent for twice as long as ever before."""


class GroupWhole(Answer):
    """A group with its members, what they share, its history and the decisions about it; each list is bounded."""

    group: GroupItem
    members: list[MemberItem]
    common: list[CommonFeature]
    changes: list[ChangeItem]
    decisions: list[DecisionItem]
    campaign: UUID | None = None
    """The campaign of an identity."""


class GraphNode(Answer):
    """A group, a member or a feature; `label` may be the attacker's text."""

    id: str
    kind: str
    """identity, campaign, attacker, or the kind of the feature."""
    label: str
    members: int | None


class GraphEdge(Answer):
    """A member belongs to a group, or shows a feature that joined several."""

    source: str
    target: str
    bits: float
    because: list[Because] | None
    """Why the member is in the group; null on edges to features."""

    @field_validator("because", mode="before")
    @classmethod
    def _reasons(cls, value: Any) -> Any:
        return None if value is None else as_objects(value)


class GroupGraph(Answer):
    """A graph with evidence on its edges."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]


class AskedSplit(Asked):
    """Take members out of their group: together they are another's."""

    subjects: Names
    """Addresses of an identity's attackers, ids of a campaign's identities."""
    reason: Reason = ""
    dry_run: bool = False


class AskedJoin(Asked):
    """Make groups one with this one."""

    subjects: Names
    """Addresses of attackers, or ids of groups or members."""
    reason: Reason = ""
    dry_run: bool = False


class AskedPin(Asked):
    """Decide that a subject belongs to this group, whatever evidence says."""

    subject: Name
    reason: Reason = ""
    dry_run: bool = False


class AskedUndo(Asked):
    """Undo a merge or a split for good."""

    change: RowNumber
    reason: Reason = ""
    dry_run: bool = False


class AskedSeparation(Asked):
    """Decide that two subjects are not together."""

    subjects: Annotated[list[Name], Field(min_length=2, max_length=2)]
    reason: Reason = ""
    dry_run: bool = False


class AskedReversal(Asked):
    """Undo the change that the address names."""

    reason: Reason = ""
    dry_run: bool = False


class AskedWithdrawal(Asked):
    """Withdraw a decision: evidence decides again."""

    decision: RowNumber


class GroupRuling(Answer):
    """What was decided, or with `dry_run` would be."""

    written: bool
    decisions: list[DecisionItem]
    subjects: list[str]
    """Whom they are about: who moves, and with whom."""
