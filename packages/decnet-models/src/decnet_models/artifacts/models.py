# SPDX-License-Identifier: MIT
"""The artifacts as SQLModel classes."""

from uuid import UUID

from decnet_models.artifacts import tables
from decnet_models.table_model import TableModel, related


class Artifact(TableModel, table=True):
    """A file or a recording that an attacker left, known by its content."""

    __table__ = tables.artifact

    sha256: str
    """The SHA-256 of the content, its name in the artifact store."""
    kind: str
    """file or recording (of a terminal session)."""
    size: int | None = None
    """The size in bytes; null: unknown."""
    first_seen: int
    """When it was first seen."""
    last_seen: int
    """When it was last seen."""
    stored_at: int | None = None
    """When ingest found it in the artifact store; null: it is on another host, or was refused."""
    removed_at: int | None = None
    """When retention deleted it from the artifact store."""

    sighting_rows: list["ArtifactSighting"] = related(order_by="ArtifactSighting.ts")


class ArtifactSighting(TableModel, table=True):
    """An event that mentions an artifact."""

    __table__ = tables.artifact_sighting

    event_id: UUID
    """The id of the event."""
    sha256: str
    """The artifact that it mentions."""
    ts: int
    """The time of the event."""
    attacker: str | None = None
    """The address that left the artifact."""
    session: str | None = None
    """The session in which it was left."""
    decky: str | None = None
    """The decky on which it was left."""
    service: str
    """The decoy service that received it."""
    name: str | None = None
    """The file name that the attacker gave it."""
    url: str | None = None
    """The URL from which the decoy was told to fetch it."""

    artifact_row: Artifact = related()
