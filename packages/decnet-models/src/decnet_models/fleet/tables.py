# SPDX-License-Identifier: MIT
"""Tables of the deckies."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from decnet_models.database.columns import ADDRESS, JSON_TEXT, NAME, NANOSECONDS, SEQUENCE, mentions, refers_to

metadata = MetaData()

_DESIRED = {"owner": "operator, mutate", "readers": ("reconciler", "orchestrator", "mutate", "operator")}


def _decky() -> Column[str]:
    key = ForeignKey("decky.name", ondelete="CASCADE")
    return Column("decky", String(63), key, primary_key=True)


decky = Table(
    "decky",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("address", ADDRESS, nullable=False),
    Column("mac", String(17)),
    Column("host_name", String(253), nullable=False),
    Column("runtime", String(16), CheckConstraint("runtime IN ('loopback', 'netns', 'container')"), nullable=False),
    Column("persona", String(63), nullable=False, info=refers_to("persona.name")),
    # The host that plays it; null: this one.
    Column("sensor", String(63), info=refers_to("sensor.name")),
    # False: it is to go, and its row goes when it has.
    Column("wanted", Boolean, nullable=False),
    # Grows with each change; who writes says which one was read.
    Column("version", Integer, nullable=False),
    # When mutate changes it next; null: never.
    Column("mutate_at", NANOSECONDS),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    Index("ix_decky_address", "address", unique=True),
    Index("ix_decky_mac", "mac", unique=True),
    Index("ix_decky_persona", "persona"),
    Index("ix_decky_sensor", "sensor"),
    Index("ix_decky_mutate_at", "mutate_at"),
    info=_DESIRED,
)

decky_service = Table(
    "decky_service",
    metadata,
    _decky(),
    Column("service", String(32), primary_key=True),
    Column("transport", String(4), CheckConstraint("transport IN ('tcp', 'udp')"), nullable=False),
    Column("port", Integer, CheckConstraint("port BETWEEN 1 AND 65535"), nullable=False),
    # JSON: what the service's own settings say otherwise than its defaults.
    Column("settings", JSON_TEXT, nullable=False),
    Index("ix_decky_service_port", "decky", "transport", "port", unique=True),
    info=_DESIRED,
)

decky_policy = Table(
    "decky_policy",
    metadata,
    _decky(),
    Column("every_seconds", Integer, CheckConstraint("every_seconds >= 60"), nullable=False),
    # Minutes of the UTC day between which it may change; a window may go over midnight.
    Column("window_from", Integer, CheckConstraint("window_from BETWEEN 0 AND 1440"), nullable=False),
    Column("window_until", Integer, CheckConstraint("window_until BETWEEN 0 AND 1440"), nullable=False),
    # JSON lists of what mutate may choose from; empty: it leaves that as it is.
    Column("services", JSON_TEXT, nullable=False),
    Column("personas", JSON_TEXT, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("mutate", "operator")},
)

decky_state = Table(
    "decky_state",
    metadata,
    _decky(),
    # The version of `decky` that was last carried out whole.
    Column("version", Integer, nullable=False),
    Column(
        "phase",
        String(16),
        CheckConstraint("phase IN ('absent', 'starting', 'running', 'stopping', 'failed')"),
        nullable=False,
    ),
    # JSON list of sentences: in what it differs from what it should be.
    Column("drift", JSON_TEXT, nullable=False),
    Column("error", Text),
    # Failed repairs in a row, and when the next is tried.
    Column("attempts", Integer, nullable=False),
    Column("retry_at", NANOSECONDS),
    Column("since", NANOSECONDS, nullable=False),
    Column("checked_at", NANOSECONDS, nullable=False),
    info={"owner": "reconciler", "readers": ("orchestrator", "mutate", "operator")},
)

decky_change = Table(
    "decky_change",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    # What changed outlives the decky.
    Column("decky", String(63), nullable=False, info=mentions("decky.name")),
    Column("version", Integer, nullable=False),
    # added, changed, mutated, removed, gone; and of the state: started, stopped, repaired, failed.
    Column("kind", String(16), nullable=False),
    # JSON: as it was and as it is; null where it was not.
    Column("before", JSON_TEXT),
    Column("after", JSON_TEXT),
    # The user's name, or the worker's.
    Column("actor", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Index("ix_decky_change_decky", "decky", "id"),
    info={"owner": "operator, mutate, reconciler", "readers": ("orchestrator", "operator")},
    sqlite_autoincrement=True,
)
