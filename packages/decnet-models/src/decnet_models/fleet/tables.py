# SPDX-License-Identifier: MIT
"""Tables of the deckies."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from decnet_models.database.columns import ADDRESS, BIG, JSON_TEXT, NAME, NANOSECONDS, SEQUENCE, mentions, refers_to

metadata = MetaData()

_DESIRED = {"owner": "operator, mutate", "readers": ("reconciler", "orchestrator", "mutate", "enrich", "operator")}


def _decky() -> Column[str]:
    key = ForeignKey("decky.name", ondelete="CASCADE")
    return Column("decky", String(63), key, primary_key=True)


decky = Table(
    "decky",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("mac", String(17)),
    Column("host_name", String(253), nullable=False),
    Column(
        "runtime", String(16), CheckConstraint("runtime IN ('loopback', 'host', 'netns', 'container')"), nullable=False
    ),
    Column("interface", String(15)),
    Column("persona", String(63), nullable=False, info=refers_to("persona.name")),
    Column("image", String(255)),
    Column("sensor", String(63), info=refers_to("sensor.name")),
    Column("wanted", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("seed", BIG, nullable=False, server_default="0"),
    Column("mutate_at", NANOSECONDS),
    Column("dhcp", Boolean, nullable=False, server_default="0"),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    Index("ix_decky_mac", "mac", unique=True),
    Index("ix_decky_persona", "persona"),
    Index("ix_decky_sensor", "sensor"),
    Index("ix_decky_mutate_at", "mutate_at"),
    info={**_DESIRED, "owner": "operator, mutate, reconciler"},
)

decky_address = Table(
    "decky_address",
    metadata,
    Column("address", ADDRESS, primary_key=True),
    Column("decky", String(63), ForeignKey("decky.name", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("prefix_length", Integer, CheckConstraint("prefix_length BETWEEN 0 AND 128")),
    Column("gateway", ADDRESS),
    Index("ix_decky_address_decky", "decky", "position", unique=True),
    info={**_DESIRED, "owner": "operator, mutate, reconciler"},
)

decky_service = Table(
    "decky_service",
    metadata,
    _decky(),
    Column("service", String(32), primary_key=True),
    Column("transport", String(4), CheckConstraint("transport IN ('tcp', 'udp')"), nullable=False),
    Column("port", Integer, CheckConstraint("port BETWEEN 1 AND 65535"), nullable=False),
    Column("settings", JSON_TEXT, nullable=False),
    Index("ix_decky_service_port", "decky", "transport", "port", unique=True),
    info=_DESIRED,
)

decky_policy = Table(
    "decky_policy",
    metadata,
    _decky(),
    Column("every_seconds", Integer, CheckConstraint("every_seconds >= 60"), nullable=False),
    Column("window_from", Integer, CheckConstraint("window_from BETWEEN 0 AND 1440"), nullable=False),
    Column("window_until", Integer, CheckConstraint("window_until BETWEEN 0 AND 1440"), nullable=False),
    Column("services", JSON_TEXT, nullable=False),
    Column("personas", JSON_TEXT, nullable=False),
    Column("consistent", Boolean, nullable=False, server_default="1"),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("mutate", "operator")},
)

decky_state = Table(
    "decky_state",
    metadata,
    _decky(),
    Column("version", Integer, nullable=False),
    Column(
        "phase",
        String(16),
        CheckConstraint("phase IN ('absent', 'starting', 'running', 'stopping', 'failed')"),
        nullable=False,
    ),
    Column("drift", JSON_TEXT, nullable=False),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", NANOSECONDS),
    Column("since", NANOSECONDS, nullable=False),
    Column("checked_at", NANOSECONDS, nullable=False),
    info={"owner": "reconciler", "readers": ("orchestrator", "mutate", "operator")},
)

decky_lease = Table(
    "decky_lease",
    metadata,
    _decky(),
    Column("mac", String(17), nullable=False),
    Column("address", ADDRESS, nullable=False),
    Column("prefix_length", Integer, CheckConstraint("prefix_length BETWEEN 0 AND 128"), nullable=False),
    Column("gateway", ADDRESS),
    Column("server", ADDRESS, nullable=False),
    Column("obtained_at", NANOSECONDS, nullable=False),
    Column("renew_at", NANOSECONDS, nullable=False),
    Column("expires_at", NANOSECONDS, nullable=False),
    info={"owner": "reconciler", "readers": ("operator",)},
)

decky_change = Table(
    "decky_change",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("decky", String(63), nullable=False, info=mentions("decky.name")),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("before", JSON_TEXT),
    Column("after", JSON_TEXT),
    Column("actor", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Index("ix_decky_change_decky", "decky", "id"),
    info={"owner": "operator, mutate, reconciler", "readers": ("orchestrator", "operator")},
    sqlite_autoincrement=True,
)
