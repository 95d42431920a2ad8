# SPDX-License-Identifier: MIT
"""Tables of the sensor hosts."""

from sqlalchemy import Column, MetaData, String, Table, Text

from decnet_models.database.columns import NANOSECONDS

metadata = MetaData()

sensor = Table(
    "sensor",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("description", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("reconciler", "webhook", "operator")},
)
