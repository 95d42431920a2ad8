# SPDX-License-Identifier: MIT
"""Tables of the campaigns: identities in groups; the shape is `decnet_models.grouping.shape`.

The references to `identity` are keys in the database: an identity's row stays for ever, even when it was merged.
"""

from __future__ import annotations

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
