# SPDX-License-Identifier: MIT
"""Tables of the campaigns, made by `decnet_models.grouping.shape`.

The references to `identity` are foreign keys in the database: an identity's row is never deleted, even when it was
merged.
"""

from uuid import UUID

from sqlalchemy import MetaData, Uuid

from decnet_models.database.columns import refers_to
from decnet_models.grouping.shape import Grouping, Makers, Subject, grouping

metadata = MetaData()

CAMPAIGNS: Grouping[UUID] = grouping(
    Makers(
        metadata,
        "campaign",
        Subject("identity", Uuid(), refers_to("identity.id")),
        {"owner": "campaign-clusterer", "readers": ("operator",)},
        {"owner": "operator", "readers": ("campaign-clusterer",)},
    )
)
