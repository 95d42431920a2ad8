# SPDX-License-Identifier: MIT
"""Tables of the ttp domain. There is no foreign key to the event log: a finding outlives its event's retention."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, Uuid

from decnet_models.columns import ADDRESS, BIG, EVENT_ID, NAME, NANOSECONDS

metadata = MetaData()

ttp_tag = Table(
    "ttp_tag",
    metadata,
    # UUIDv5 of rule, event and technique: the same finding is one row, however often the event is looked at.
    Column("id", Uuid(), primary_key=True),
    Column("rule_id", Uuid(), nullable=False),
    Column("technique", String(16), nullable=False),
    # As the rule said when it matched; rules change and go.
    Column("title", String(256), nullable=False),
    Column("level", String(16), nullable=False),
    Column("attacker", ADDRESS, nullable=False),
    Column("event_id", EVENT_ID, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("session", NAME),
    Column("decky", NAME),
    Index("ix_ttp_tag_attacker_seq", "attacker", "seq"),
    Index("ix_ttp_tag_technique_seq", "technique", "seq"),
    Index("ix_ttp_tag_rule_id_attacker_ts", "rule_id", "attacker", "ts"),
    Index("ix_ttp_tag_seq", "seq"),
    info={"owner": "ttp"},
)

ttp_window = Table(
    "ttp_window",
    metadata,
    # What a correlation rule has counted of one group (a digest of its group-by values), newest last, as JSON.
    Column("rule_id", Uuid(), primary_key=True),
    Column("group_digest", String(32), primary_key=True),
    Column("entries", Text(), nullable=False),
    # When the newest entry leaves the rule's time span; the row may go then.
    Column("expires_at", NANOSECONDS, nullable=False),
    Index("ix_ttp_window_expires_at", "expires_at"),
    info={"owner": "ttp"},
)

ttp_rule_state = Table(
    "ttp_rule_state",
    metadata,
    Column("rule_id", Uuid(), primary_key=True),
    # disabled: tags nothing. capped: at most `cap` events per attacker and UTC day. No row: enabled.
    Column("state", String(16), nullable=False),
    Column("cap", Integer()),
    # Events from then on find the rule enabled again; null: until it is changed.
    Column("expires_at", NANOSECONDS),
    Column("reason", Text(), nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator"},
)
