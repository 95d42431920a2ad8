# SPDX-License-Identifier: MIT
"""Table of the fleet's troubles."""

from sqlalchemy import Column, MetaData, String, Table

from decnet_models.database.columns import NANOSECONDS

metadata = MetaData()

trouble = Table(
    "trouble",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("since", NANOSECONDS, nullable=False),
    info={"owner": "webhook", "readers": ("operator", "webhook")},
)
