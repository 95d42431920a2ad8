# SPDX-License-Identifier: MIT
"""The campaigns as SQLModel classes."""

from typing import Optional
from uuid import UUID

from decnet_models.campaigns import tables
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping import models as grouping
from decnet_models.table_model import TableModel, related


class Campaign(grouping.GroupFields, table=True):
    """Identities that act together."""

    __table__ = CAMPAIGNS.group

    merged_into_row: Optional["Campaign"] = related(remote_side="Campaign.id")
    member_rows: list["CampaignMember"] = related(order_by="CampaignMember.first_seen")


class CampaignMember(grouping.MemberFields, table=True):
    """An identity in the campaign that it belongs to."""

    __table__ = CAMPAIGNS.member

    identity: UUID
    """The identity."""
    campaign: UUID
    """The campaign."""

    campaign_row: Campaign = related()


class CampaignEvidence(grouping.EvidenceFields, table=True):
    """An identity that shows a feature."""

    __table__ = CAMPAIGNS.evidence

    identity: UUID
    """The identity."""


class CampaignFeature(grouping.FeatureFields, table=True):
    """A feature that identities may share."""

    __table__ = CAMPAIGNS.feature

    evidence_rows: list[CampaignEvidence] = related(
        primaryjoin="and_(foreign(CampaignEvidence.kind) == CampaignFeature.kind, "
        "foreign(CampaignEvidence.digest) == CampaignFeature.digest)"
    )


class CampaignChange(grouping.ChangeFields, table=True):
    """Identities that went from one campaign to another."""

    __table__ = CAMPAIGNS.change

    source_row: Campaign = related(foreign_keys="CampaignChange.source")
    target_row: Campaign = related(foreign_keys="CampaignChange.target")
    moved_rows: list["CampaignMoved"] = related()


class CampaignMoved(TableModel, table=True):
    """An identity that a change moved."""

    __table__ = CAMPAIGNS.moved

    change: int
    """The number of the change."""
    identity: UUID
    """The identity."""

    change_row: CampaignChange = related()


class CampaignDecision(grouping.DecisionFields, table=True):
    """A decision of the operator about identities and campaigns."""

    __table__ = CAMPAIGNS.decision

    identity: UUID | None = None
    """The identity that the decision is about."""
    other: UUID | None = None
    """The second identity, of together and apart."""
    campaign: UUID | None = None
    """The campaign that the identity is pinned to."""

    campaign_row: Campaign | None = related()
    change_row: CampaignChange | None = related()


class CampaignRhythm(TableModel, table=True):
    """How long a campaign may be silent before it has ended."""

    __table__ = tables.campaign_rhythm

    campaign: UUID
    """The campaign."""
    longest_silence: int
    """The longest time, in ns, between two of its signs of activity."""
    ends_at: int
    """When it will have ended unless it acts before, in the time of events."""
    ended_at: int | None = None
    """The same, once events have passed that time; null: it goes on."""

    campaign_row: Campaign = related()
