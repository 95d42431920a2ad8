# SPDX-License-Identifier: MIT
"""Table of the canary tokens."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, String, Table

from decnet_models.columns import NAME, NANOSECONDS

metadata = MetaData()

canary_token = Table(
    "canary_token",
    metadata,
    Column("token", String(24), primary_key=True),
    Column("kind", String(16), nullable=False),
    # Where its owner planted it, in the owner's words.
    Column("label", NAME, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    info={"owner": "operator"},
)
