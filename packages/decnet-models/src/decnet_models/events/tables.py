# SPDX-License-Identifier: MIT
"""Tables of the event log."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table

from decnet_models.database.columns import ADDRESS, BIG, EVENT_ID, JSON_TEXT, NAME, NANOSECONDS, SEQUENCE

metadata = MetaData()

event = Table(
    "event",
    metadata,
    # AUTOINCREMENT, so that no number is ever reused: cursors rely on it.
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("id", EVENT_ID, nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("sensor", NAME, nullable=False),
    Column("decky", NAME),
    Column("kind", String(64), nullable=False),
    Column("src_ip", ADDRESS),
    Column("src_port", Integer),
    Column("dst_ip", ADDRESS),
    Column("dst_port", Integer),
    Column("session", NAME),
    Column("synthetic", Boolean, nullable=False),
    Column("payload", JSON_TEXT, nullable=False),
    Index("ix_event_id", "id", unique=True),
    Index("ix_event_kind_seq", "kind", "seq"),
    Index("ix_event_src_ip_seq", "src_ip", "seq"),
    Index("ix_event_session_seq", "session", "seq"),
    Index("ix_event_ts", "ts"),
    info={
        "owner": "ingest",
        "readers": (
            "profiler",
            "ttp",
            "enrich",
            "clusterer",
            "campaign-clusterer",
            "mutate",
            "history",
            "reporter",
            "operator",
        ),
    },
    sqlite_autoincrement=True,
)

ingest_position = Table(
    "ingest_position",
    metadata,
    Column("spool", NAME, primary_key=True),
    Column("segment", BIG, nullable=False),
    Column("offset", BIG, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "ingest", "readers": ("operator",)},
)

event_volume = Table(
    "event_volume",
    metadata,
    Column("hour", BIG, primary_key=True, autoincrement=False),
    Column("kind", String(64), primary_key=True),
    Column("events", BIG, nullable=False),
    Column("bytes", BIG, nullable=False),
    Column("last_seq", BIG, nullable=False),
    info={"owner": "ingest", "readers": ("webhook", "operator")},
)

event_forgotten = Table(
    "event_forgotten",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("events", BIG, nullable=False),
    info={"owner": "ingest", "readers": ("operator",)},
)
