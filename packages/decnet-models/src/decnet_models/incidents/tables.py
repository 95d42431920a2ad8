# SPDX-License-Identifier: MIT
"""Tables of the incidents.

Notices are never folded: `incident_notice` names the incident of each, `incident_value` counts what they were about.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, Uuid

from decnet_models.database.columns import (
    ADDRESS,
    BIG,
    JSON_TEXT,
    NAME,
    NANOSECONDS,
    SEQUENCE,
    mentions,
)

metadata = MetaData()

_OF_WEBHOOK = {"owner": "webhook", "readers": ("operator",)}
_OF_OPERATOR = {"owner": "operator", "readers": ("webhook",)}

incident = Table(
    "incident",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),  # the one writer numbers them
    Column("attacker", ADDRESS, nullable=False, info=mentions("attacker.ip")),
    Column("identity", Uuid(), info=mentions("identity.id")),
    Column("merged_into", BIG, ForeignKey("incident.id")),
    Column("severity", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("first_seen", NANOSECONDS, nullable=False),
    Column("last_seen", NANOSECONDS, nullable=False),
    Column("opened_at", NANOSECONDS, nullable=False),
    Column("touched_at", NANOSECONDS, nullable=False),
    Column("notices", BIG, nullable=False),
    Column("attackers", Integer, nullable=False),
    Column("counts", JSON_TEXT, nullable=False),
    Column("line", Text, nullable=False),
    Column("line_kind", String(64), nullable=False),
    Column("line_rank", Integer, nullable=False),
    Column("notified_at", NANOSECONDS),
    Column("notified_severity", Integer, nullable=False),
    Column("notified_notices", BIG, nullable=False),
    Column("notifications", Integer, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("due_at", NANOSECONDS),
    Column("held", Integer, nullable=False),
    Index("ix_incident_due", "held", "due_at"),
    Index("ix_incident_last_seen", "last_seen"),
    Index("ix_incident_merged_into", "merged_into"),
    Index("ix_incident_notified_at", "notified_at"),
    info=_OF_WEBHOOK,
)

incident_value = Table(
    "incident_value",
    metadata,
    Column("incident", BIG, ForeignKey("incident.id"), primary_key=True),
    Column("field", String(16), primary_key=True),
    Column("value", NAME, primary_key=True),
    Column("notices", BIG, nullable=False),
    Column("first_seen", NANOSECONDS, nullable=False),
    Column("last_seen", NANOSECONDS, nullable=False),
    Index("ix_incident_value_value", "field", "value", "incident"),
    info=_OF_WEBHOOK,
    sqlite_with_rowid=False,
)

incident_current = Table(
    "incident_current",
    metadata,
    Column("subject", String(45), primary_key=True),
    Column("incident", BIG, ForeignKey("incident.id"), nullable=False),
    Index("ix_incident_current_incident", "incident"),
    info=_OF_WEBHOOK,
    sqlite_with_rowid=False,
)
"""The last incident of an attacker (its address) or an actor (its identity's UUID): the next notice belongs there."""

incident_notice = Table(
    "incident_notice",
    metadata,
    Column("notice", BIG, primary_key=True, autoincrement=False, info=mentions("notice.seq")),
    Column("incident", BIG, ForeignKey("incident.id"), nullable=False),
    Index("ix_incident_notice_incident", "incident", "notice"),
    info=_OF_WEBHOOK,
)

incident_action = Table(
    "incident_action",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("incident", BIG, ForeignKey("incident.id"), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("who", NAME, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Index("ix_incident_action_incident", "incident", "verb"),
    info=_OF_OPERATOR,
    sqlite_autoincrement=True,
)

incident_silence = Table(
    "incident_silence",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("filter", JSON_TEXT, nullable=False),
    Column("until", NANOSECONDS, nullable=False),
    Column("who", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("ended_at", NANOSECONDS),
    info=_OF_OPERATOR,
    sqlite_autoincrement=True,
)
