# SPDX-License-Identifier: MIT
"""Tables of the webhooks."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from decnet_models.database.columns import BIG, JSON_TEXT, NANOSECONDS, SEQUENCE

metadata = MetaData()

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("url", String(2048), nullable=False),
    Column("kinds", JSON_TEXT, nullable=False),
    Column("allow_private", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("since_seq", BIG, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("enabled_at", NANOSECONDS, nullable=False),
    Column("removed_at", NANOSECONDS),
    Column("filter", JSON_TEXT, nullable=False, server_default="{}"),
    Column("format", String(32), nullable=False, server_default="json"),
    Column("options", JSON_TEXT, nullable=False, server_default="{}"),
    Column("sealed", Text),
    info={"owner": "operator", "readers": ("webhook", "operator")},
)

webhook_replay = Table(
    "webhook_replay",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("webhook_id", String(32), ForeignKey("webhook.id"), nullable=False),
    Column("delivery_id", BIG),
    Column("created_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("webhook",)},
    sqlite_autoincrement=True,
)

webhook_state = Table(
    "webhook_state",
    metadata,
    Column("webhook_id", String(32), ForeignKey("webhook.id"), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", NANOSECONDS),
    Column("open_until", NANOSECONDS),
    Column("gone_at", NANOSECONDS),
    info={"owner": "webhook", "readers": ("operator",)},
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("webhook_id", String(32), ForeignKey("webhook.id"), nullable=False),
    Column("notice_seq", BIG, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", NANOSECONDS, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("first_attempt_at", NANOSECONDS),
    Column("ended_at", NANOSECONDS),
    Column("status", Integer),
    Column("error", Text),
    Column("answer", Text),
    Index("ix_webhook_delivery_notice", "webhook_id", "notice_seq", unique=True),
    Index("ix_webhook_delivery_due", "state", "webhook_id", "due_at"),
    Index("ix_webhook_delivery_ended", "state", "ended_at"),
    info={"owner": "webhook", "readers": ("operator",)},
    sqlite_autoincrement=True,
)
