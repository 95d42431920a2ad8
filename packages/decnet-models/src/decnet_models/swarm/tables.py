# SPDX-License-Identifier: MIT
"""Tables of the sensor hosts."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, String, Table, Text

from decnet_models.database.columns import ADDRESS, NAME, NANOSECONDS, SHA256

metadata = MetaData()

_INFO = {"owner": "operator", "readers": ("reconciler", "webhook", "operator")}

sensor = Table(
    "sensor",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("description", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("address", ADDRESS),
    Column("enrolled_at", NANOSECONDS),
    Column("renewed_at", NANOSECONDS),
    Column("revoked_at", NANOSECONDS),
    Column("updated_at", NANOSECONDS, nullable=False),
    info=_INFO,
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("fingerprint", SHA256, primary_key=True),
    Column("sensor", String(63), ForeignKey("sensor.name", ondelete="CASCADE"), nullable=False),
    Column("not_after", NANOSECONDS, nullable=False),
    Column("recorded_at", NANOSECONDS, nullable=False),
    Column("ended_at", NANOSECONDS, CheckConstraint("ended_at >= recorded_at")),
    Column("author", NAME),
    Index("ix_enrolment_sensor", "sensor", "recorded_at"),
    Index("ix_enrolment_ended_at_not_after", "ended_at", "not_after"),
    info=_INFO,
)
