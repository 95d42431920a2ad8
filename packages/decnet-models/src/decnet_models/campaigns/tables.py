# SPDX-License-Identifier: MIT
"""Tables of the campaigns, made by `decnet_models.grouping.shape`.

The references to `identity` are foreign keys in the database: an identity's row is never deleted, even when it was
merged.
"""

from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, Uuid

from decnet_models.database.columns import NANOSECONDS, refers_to
from decnet_models.grouping.shape import Grouping, Makers, Subject, grouping

metadata = MetaData()

_INFO = {"owner": "campaign-clusterer", "readers": ("operator",)}

CAMPAIGNS: Grouping[UUID] = grouping(
    Makers(
        metadata,
        "campaign",
        Subject("identity", Uuid(), refers_to("identity.id")),
        _INFO,
        {"owner": "operator", "readers": ("campaign-clusterer",)},
    )
)

campaign_rhythm = Table(
    "campaign_rhythm",
    metadata,
    Column("campaign", Uuid(), ForeignKey("campaign.id"), primary_key=True),
    Column("longest_silence", NANOSECONDS, nullable=False),
    Column("ends_at", NANOSECONDS, nullable=False),
    Column("ended_at", NANOSECONDS),
    Index("ix_campaign_rhythm_ended_at", "ended_at", "ends_at"),
    info=_INFO,
)
