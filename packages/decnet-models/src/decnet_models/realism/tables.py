# SPDX-License-Identifier: MIT
"""Tables of the made-up life."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, Uuid

from decnet_models.database.columns import JSON_TEXT, NANOSECONDS, mentions, refers_to

metadata = MetaData()

persona = Table(
    "persona",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("os", String(64), nullable=False),
    Column("body", JSON_TEXT, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("work_from", Integer, CheckConstraint("work_from BETWEEN 0 AND 1440"), nullable=False),
    Column("work_until", Integer, CheckConstraint("work_until BETWEEN 0 AND 1440"), nullable=False),
    Column("work_days", Integer, CheckConstraint("work_days BETWEEN 0 AND 127"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("mutate", "orchestrator", "reconciler", "operator")},
)

synthetic_action = Table(
    "synthetic_action",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("kind", String(16), CheckConstraint("kind IN ('session', 'file', 'mail')"), nullable=False),
    Column("decky", String(63), nullable=False, info=refers_to("decky.name", "CASCADE")),
    Column("peer", String(63), info=mentions("decky.name")),
    Column("persona", String(63), ForeignKey("persona.name"), nullable=False),
    Column("protocol", String(32)),
    Column("token", String(24), info=refers_to("canary_token.token")),
    Column("body", JSON_TEXT, nullable=False),
    Column("state", String(16), CheckConstraint("state IN ('planned', 'running', 'done', 'failed')"), nullable=False),
    Column("due_at", NANOSECONDS, nullable=False),
    Column("started_at", NANOSECONDS),
    Column("ended_at", NANOSECONDS),
    Column("error", Text),
    Column("prose", Text),
    Index("ix_synthetic_action_state", "state", "due_at"),
    Index("ix_synthetic_action_decky", "decky", "due_at"),
    Index("ix_synthetic_action_persona", "persona"),
    Index("ix_synthetic_action_token", "token"),
    info={"owner": "orchestrator", "readers": ("operator",)},
)
