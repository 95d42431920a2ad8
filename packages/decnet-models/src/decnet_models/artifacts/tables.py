# SPDX-License-Identifier: MIT
"""Tables of the artifacts. Keys are the content's and the event's, because ingest may repeat any write."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, String, Table, Text

from decnet_models.database.columns import ADDRESS, BIG, EVENT_ID, NAME, NANOSECONDS, SHA256, mentions

metadata = MetaData()

artifact = Table(
    "artifact",
    metadata,
    Column("sha256", SHA256, primary_key=True),
    Column("kind", String(16), CheckConstraint("kind IN ('file', 'recording')"), nullable=False),
    Column("size", BIG),
    Column("first_seen", NANOSECONDS, nullable=False),
    Column("last_seen", NANOSECONDS, nullable=False),
    Column("stored_at", NANOSECONDS),
    Column("removed_at", NANOSECONDS),
    Index("ix_artifact_last_seen", "last_seen"),
    Index("ix_artifact_kind_last_seen", "kind", "last_seen"),
    Index("ix_artifact_kept", "removed_at", "kind", "last_seen"),
    info={"owner": "ingest", "readers": ("enrich", "reporter", "operator")},
    sqlite_with_rowid=False,
)

artifact_sighting = Table(
    "artifact_sighting",
    metadata,
    Column("event_id", EVENT_ID, primary_key=True, info=mentions("event.id")),
    Column("sha256", SHA256, ForeignKey("artifact.sha256", ondelete="CASCADE"), nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("attacker", ADDRESS, info=mentions("attacker.ip")),
    Column("session", NAME, info=mentions("attacker_session.session")),
    Column("decky", NAME, info=mentions("decky.name")),
    Column("service", NAME, nullable=False),
    Column("name", Text),
    Column("url", Text),
    Index("ix_artifact_sighting_sha256", "sha256", "ts"),
    Index("ix_artifact_sighting_attacker", "attacker", "ts"),
    Index("ix_artifact_sighting_session", "session"),
    info={"owner": "ingest", "readers": ("clusterer", "enrich", "reporter", "operator")},
)
