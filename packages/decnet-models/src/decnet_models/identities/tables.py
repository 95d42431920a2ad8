# SPDX-License-Identifier: MIT
"""Tables of the identities: those that `decnet_models.grouping.shape` makes, and the clusterer's own.

What is in `identity_attacker`, `_sketch`, `_evidence` and `_feature` follows from the set of events, in whatever order
they came, but for the times of features of which no weight depends on these: they may be wider. `identity_core` and the
rest follow from these and the operator's decisions. `identity_pending` names what has changed since that was computed.
"""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Uuid

from decnet_models.database.columns import ADDRESS, NANOSECONDS, mentions
from decnet_models.grouping.shape import Grouping, Makers, Subject, grouping

metadata = MetaData()

_INFO = {"owner": "clusterer", "readers": ("campaign-clusterer", "webhook", "operator")}

IDENTITIES: Grouping[str] = grouping(
    Makers(
        metadata,
        "identity",
        Subject("attacker", ADDRESS, mentions("attacker.ip")),
        _INFO,
        {"owner": "operator", "readers": ("clusterer",)},
    )
)


def _attacker() -> Column[str]:
    return Column("attacker", ADDRESS, primary_key=True, info=mentions("attacker.ip"))


identity_attacker = Table(
    "identity_attacker",
    metadata,
    _attacker(),
    Column("own", Uuid(), nullable=False),
    Column("first_seen", NANOSECONDS, nullable=False),
    Column("last_seen", NANOSECONDS, nullable=False),
    Column("core", String(32)),
    Column("bond", String(64), nullable=False),
    Index("ix_identity_attacker_bond", "bond", "first_seen", "attacker"),
    Index("ix_identity_attacker_core", "core"),
    Index("ix_identity_attacker_own", "own"),
    info=_INFO,
    sqlite_with_rowid=False,
)

identity_sketch = Table(
    "identity_sketch",
    metadata,
    _attacker(),
    Column("kind", String(32), primary_key=True),
    Column("minima", LargeBinary, nullable=False),
    Column("first_seen", NANOSECONDS, nullable=False),
    Column("last_seen", NANOSECONDS, nullable=False),
    info=_INFO,
    sqlite_with_rowid=False,
)

identity_core = Table(
    "identity_core",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("digest", String(32), primary_key=True),
    Column("core", String(32), nullable=False),
    Column("weight", Float, nullable=False),
    Column("proven", Boolean, nullable=False, server_default="0"),
    Column("magnitude", Integer, nullable=False, server_default="0"),
    Column("owner", String(32), nullable=False, server_default=""),
    Index("ix_identity_core_core", "core"),
    info=_INFO,
    sqlite_with_rowid=False,
)

identity_pending = Table(
    "identity_pending",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("name", String(45), primary_key=True),
    info=_INFO,
    sqlite_with_rowid=False,
)
