# SPDX-License-Identifier: MIT
"""The incidents, and what each webhook wants to hear of them."""

import sqlalchemy as sa
from alembic import op

revision = "0016_incidents"
down_revision = "0015_decky_lease"

_BIG = sa.BigInteger
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables and the filter of a webhook; webhooks that exist receive every notice as before."""
    op.add_column("webhook", sa.Column("filter", sa.Text(), nullable=False, server_default="{}"))
    _incident()
    op.create_table(
        "incident_value",
        sa.Column("incident", _BIG(), sa.ForeignKey("incident.id"), primary_key=True),
        sa.Column("field", sa.String(16), primary_key=True),
        sa.Column("value", sa.String(255), primary_key=True),
        sa.Column("notices", _BIG(), nullable=False),
        sa.Column("first_seen", _BIG(), nullable=False),
        sa.Column("last_seen", _BIG(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_value_value", "incident_value", ["field", "value", "incident"])
    op.create_table(
        "incident_current",
        sa.Column("subject", sa.String(45), primary_key=True),
        sa.Column("incident", _BIG(), sa.ForeignKey("incident.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_current_incident", "incident_current", ["incident"])
    op.create_table(
        "incident_notice",
        sa.Column("notice", _BIG(), primary_key=True, autoincrement=False),
        sa.Column("incident", _BIG(), sa.ForeignKey("incident.id"), nullable=False),
    )
    op.create_index("ix_incident_notice_incident", "incident_notice", ["incident", "notice"])
    op.create_table(
        "incident_action",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("incident", _BIG(), sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", _BIG(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_action_incident", "incident_action", ["incident", "verb"])
    op.create_table(
        "incident_silence",
        sa.Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("until", _BIG(), nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _BIG(), nullable=False),
        sa.Column("ended_at", _BIG()),
        sqlite_autoincrement=True,
    )


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", _BIG(), primary_key=True, autoincrement=False),
        sa.Column("attacker", sa.String(45), nullable=False),
        sa.Column("identity", sa.Uuid()),
        sa.Column("merged_into", _BIG(), sa.ForeignKey("incident.id")),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("first_seen", _BIG(), nullable=False),
        sa.Column("last_seen", _BIG(), nullable=False),
        sa.Column("opened_at", _BIG(), nullable=False),
        sa.Column("touched_at", _BIG(), nullable=False),
        sa.Column("notices", _BIG(), nullable=False),
        sa.Column("attackers", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("line_kind", sa.String(64), nullable=False),
        sa.Column("line_rank", sa.Integer(), nullable=False),
        sa.Column("notified_at", _BIG()),
        sa.Column("notified_severity", sa.Integer(), nullable=False),
        sa.Column("notified_notices", _BIG(), nullable=False),
        sa.Column("notifications", sa.Integer(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("due_at", _BIG()),
        sa.Column("held", sa.Integer(), nullable=False),
    )
    for column in ("last_seen", "merged_into", "notified_at"):
        op.create_index(f"ix_incident_{column}", "incident", [column])
    op.create_index("ix_incident_due", "incident", ["held", "due_at"])
