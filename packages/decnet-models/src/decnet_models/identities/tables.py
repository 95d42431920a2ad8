# SPDX-License-Identifier: MIT
"""Tables of the identities, made by `decnet_models.grouping.shape`."""

from sqlalchemy import MetaData

from decnet_models.database.columns import ADDRESS, mentions
from decnet_models.grouping.shape import Grouping, Makers, Subject, grouping

metadata = MetaData()

IDENTITIES: Grouping[str] = grouping(
    Makers(
        metadata,
        "identity",
        Subject("attacker", ADDRESS, mentions("attacker.ip")),
        {"owner": "clusterer", "readers": ("campaign-clusterer", "operator")},
        {"owner": "operator", "readers": ("clusterer",)},
    )
)
