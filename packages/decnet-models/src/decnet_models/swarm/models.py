# SPDX-License-Identifier: MIT
"""The sensor hosts as SQLModel classes."""

from decnet_models.swarm import tables
from decnet_models.table_model import TableModel, related


class Sensor(TableModel, table=True):
    """A host that sends events."""

    __table__ = tables.sensor

    name: str
    """The name of the sensor."""
    description: str
    """Where it is and whose it is, in the operator's words."""
    role: str
    """What its certificate allows it to do."""
    address: str | None = None
    """The address that it enrolled from."""
    enrolled_at: int | None = None
    """When it enrolled."""
    renewed_at: int | None = None
    """When its certificate was last renewed."""
    revoked_at: int | None = None
    """When it was revoked; null: it may send."""
    updated_at: int
    """When the row was last changed."""

    enrolment_rows: list["Enrolment"] = related(order_by="Enrolment.recorded_at")


class Enrolment(TableModel, table=True):
    """A certificate that a sensor has or had."""

    __table__ = tables.enrolment

    fingerprint: str
    """The SHA-256 of the certificate."""
    sensor: str
    """The name of the sensor."""
    not_after: int
    """When the certificate expires."""
    recorded_at: int
    """When it was first seen in the registry."""
    ended_at: int | None = None
    """When it was first missing in the registry: renewed, revoked or replaced."""
    author: str | None = None
    """The user who issued the token."""

    sensor_row: Sensor = related()
