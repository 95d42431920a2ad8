# SPDX-License-Identifier: MIT
"""Attackers, their sessions, credentials, commands, clients, tools and canary hits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002_attackers"
down_revision = "0001_events"

ADDRESS = sa.String(45)
NAME = sa.String(255)
BIG = sa.BigInteger()


def upgrade() -> None:
    """Create the tables of the domain attackers."""
    _attacker()
    _touched()
    _activity()
    _session()
    _credentials()
    _evidence()


def _table(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _of_attacker(*, primary_key: bool = True) -> sa.Column[Any]:
    key = sa.ForeignKey("attacker.ip", ondelete="CASCADE")
    return sa.Column("attacker", ADDRESS, key, primary_key=primary_key, nullable=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, BIG, nullable=False, server_default="0")


def _big(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BIG, nullable=nullable)


def _seen(count: str = "events") -> tuple[sa.Column[Any], ...]:
    return _count(count), _big("first_seen"), _big("last_seen")


def _attacker() -> None:
    counts = ("connections", "sessions", "logins", "logins_accepted", "commands")
    more = ("requests", "files", "scans", "canary_hits")
    _table(
        "attacker",
        sa.Column("ip", ADDRESS, primary_key=True),
        *_seen(),
        *(_count(name) for name in counts + more),
        sa.Column("score", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index("ix_attacker_last_seen", "attacker", ["last_seen"])
    op.create_index("ix_attacker_score", "attacker", ["score"])


def _touched() -> None:
    for what, kind in (("decky", NAME), ("service", NAME), ("phase", sa.String(32))):
        _table(f"attacker_{what}", _of_attacker(), sa.Column(what, kind, primary_key=True), *_seen())
    op.create_index("ix_attacker_decky_decky", "attacker_decky", ["decky"])
    _table(
        "attacker_tool",
        _of_attacker(),
        sa.Column("tool", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(32), primary_key=True),
        *_seen(),
    )
    op.create_index("ix_attacker_tool_tool", "attacker_tool", ["tool"])


def _activity() -> None:
    _table(
        "attacker_activity",
        _of_attacker(),
        sa.Column("minute", BIG, primary_key=True, autoincrement=False),
        _count("events"),
        _count("arrivals"),
        _big("first_arrival", nullable=True),
        _big("last_arrival", nullable=True),
    )


def _session() -> None:
    _table(
        "attacker_session",
        _of_attacker(),
        sa.Column("session", NAME, primary_key=True),
        *_seen(),
        _count("commands"),
        _big("first_command", nullable=True),
        _big("last_command", nullable=True),
        _big("first_seq"),
        sa.Column("service", NAME),
        sa.Column("decky", NAME),
        _big("opened_seq", nullable=True),
        _big("opened_at", nullable=True),
        sa.Column("username", sa.Text()),
        sa.Column("terminal", sa.Text()),
        _big("closed_seq", nullable=True),
        _big("closed_at", nullable=True),
        _big("duration_ms", nullable=True),
        sa.Column("recording", sa.String(64)),
    )
    op.create_index("ix_attacker_session_last_seen", "attacker_session", ["last_seen"])
    op.create_index("ix_attacker_session_session", "attacker_session", ["session"])


def _credentials() -> None:
    _table(
        "credential",
        sa.Column("digest", sa.String(32), primary_key=True),
        _count("uses"),
        _count("accepted"),
        _big("first_seen"),
        _big("last_seen"),
        _big("first_seq"),
        sa.Column("username", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("public_key", sa.Text()),
    )
    op.create_index("ix_credential_uses", "credential", ["uses"])
    _table(
        "credential_use",
        _of_attacker(),
        sa.Column("credential", sa.String(32), sa.ForeignKey("credential.digest"), primary_key=True),
        sa.Column("service", NAME, primary_key=True),
        sa.Column("decky", NAME, primary_key=True),
        _count("uses"),
        _count("accepted"),
        _big("first_seen"),
        _big("last_seen"),
    )
    op.create_index("ix_credential_use_credential", "credential_use", ["credential"])


def _evidence() -> None:
    _table(
        "command",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        _of_attacker(primary_key=False),
        sa.Column("session", NAME),
        _big("ts"),
        sa.Column("service", NAME, nullable=False),
        sa.Column("decky", NAME),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_command_attacker", "command", ["attacker", "seq"])
    op.create_index("ix_command_session", "command", ["session", "seq"])
    _table(
        "fingerprint",
        _of_attacker(),
        sa.Column("type", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(512), primary_key=True),
        *_seen(),
    )
    op.create_index("ix_fingerprint_type_value", "fingerprint", ["type", "value"])
    _table(
        "canary_hit",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        _of_attacker(primary_key=False),
        sa.Column("token", NAME, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        _big("ts"),
        sa.Column("target", sa.Text()),
        sa.Column("user_agent", sa.Text()),
    )
    op.create_index("ix_canary_hit_attacker", "canary_hit", ["attacker", "seq"])
    op.create_index("ix_canary_hit_token", "canary_hit", ["token", "seq"])
