# SPDX-License-Identifier: MIT
"""Tables of the ttp domain. There is no foreign key to the event log: a finding outlives its event's retention."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, Uuid

from decnet_models.database.columns import ADDRESS, BIG, EVENT_ID, NAME, NANOSECONDS

metadata = MetaData()

ttp_tag = Table(
    "ttp_tag",
    metadata,
    # Event, rule and technique: the same finding is one row, however often the event is looked at. They are the
    # key, and not `id`, because rows are then appended; a random key would touch a page of the whole table for each.
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("rule_id", Uuid(), primary_key=True),
    Column("technique", String(16), primary_key=True),
    Column("id", Uuid(), nullable=False),
    Column("title", String(256), nullable=False),
    Column("level", String(16), nullable=False),
    Column("attacker", ADDRESS, nullable=False),
    Column("event_id", EVENT_ID, nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("session", NAME),
    Column("decky", NAME),
    Index("ix_ttp_tag_attacker_seq", "attacker", "seq"),
    Index("ix_ttp_tag_technique_ts", "technique", "ts", "attacker"),
    info={"owner": "ttp", "readers": ("campaign-clusterer", "reporter", "operator")},
    sqlite_with_rowid=False,
)

ttp_technique_attacker = Table(
    "ttp_technique_attacker",
    metadata,
    # By this the attackers of a technique are counted. An index of `ttp_tag` would do it, too, but it would get an
    # entry for every tag, each on another page, and a batch would then change more pages than the cache holds.
    Column("technique", String(16), primary_key=True),
    Column("attacker", ADDRESS, primary_key=True),
    Index("ix_ttp_technique_attacker_attacker", "attacker"),
    info={"owner": "ttp", "readers": ("reporter", "operator")},
    sqlite_with_rowid=False,
)

ttp_window = Table(
    "ttp_window",
    metadata,
    Column("group_digest", String(32), primary_key=True),
    Column("rule_id", Uuid(), primary_key=True),
    Column("entries", Text(), nullable=False),
    Column("expires_at", NANOSECONDS, nullable=False),
    info={"owner": "ttp", "replay": "state", "readers": ("ttp",)},
    sqlite_with_rowid=False,  # else each changed window is a page of the table and one of its key
)

ttp_rule_state = Table(
    "ttp_rule_state",
    metadata,
    Column("rule_id", Uuid(), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("cap", Integer()),
    Column("expires_at", NANOSECONDS),
    Column("reason", Text(), nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("ttp", "operator")},
)
