# SPDX-License-Identifier: MIT
"""All tables as they were when the migrations before were made one: what a new database begins with."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ADDRESS = sa.String(45)
NAME = sa.String(255)
SHA256 = sa.String(64)
BIG = sa.BigInteger()
TIME = sa.BigInteger()

MakeColumn = Callable[..., sa.Column[Any]]


def upgrade() -> None:
    """Create the tables, domain by domain, those first that others refer to."""
    for create in (
        *(_events, _progress, _notices),
        *(_attacker, _touched, _activity, _session, _credentials, _evidence),
        *(_tag, _window, _rule_state),
        *(_canary, _webhooks, _deliveries),
        *(_artifact, _sightings),
        *(_intel, _quota),
    ):
        create()
    _group_tables("identity", "attacker", ADDRESS, None)
    _group_tables("campaign", "identity", sa.Uuid(), "identity.id")
    for create in (_persona, _swarm, _decky, _decky_state, _action, _account, _sessions, _audit):
        create()


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("sensor", sa.String(255), nullable=False),
        sa.Column("decky", sa.String(255)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("src_ip", sa.String(45)),
        sa.Column("src_port", sa.Integer()),
        sa.Column("dst_ip", sa.String(45)),
        sa.Column("dst_port", sa.Integer()),
        sa.Column("session", sa.String(255)),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_id", "event", ["id"], unique=True)
    op.create_index("ix_event_kind_seq", "event", ["kind", "seq"])
    op.create_index("ix_event_src_ip_seq", "event", ["src_ip", "seq"])
    op.create_index("ix_event_session_seq", "event", ["session", "seq"])
    op.create_index("ix_event_ts", "event", ["ts"])
    op.create_table(
        "ingest_position",
        sa.Column("spool", sa.String(255), primary_key=True),
        sa.Column("segment", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "event_volume",
        sa.Column("hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "event_forgotten",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
    )


def _progress() -> None:
    op.create_table(
        "worker_cursor",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "set_aside",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(255)),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(512), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_key", "notice", ["key"], unique=True)


def _without_rowid(name: str, *columns: sa.Column[Any]) -> None:
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
    _without_rowid(
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
        _without_rowid(f"attacker_{what}", _of_attacker(), sa.Column(what, kind, primary_key=True), *_seen())
    op.create_index("ix_attacker_decky_decky", "attacker_decky", ["decky"])
    _without_rowid(
        "attacker_tool",
        _of_attacker(),
        sa.Column("tool", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(32), primary_key=True),
        *_seen(),
    )
    op.create_index("ix_attacker_tool_tool", "attacker_tool", ["tool"])


def _activity() -> None:
    _without_rowid(
        "attacker_activity",
        _of_attacker(),
        sa.Column("minute", BIG, primary_key=True, autoincrement=False),
        _count("events"),
        _count("arrivals"),
        _big("first_arrival", nullable=True),
        _big("last_arrival", nullable=True),
    )


def _session() -> None:
    _without_rowid(
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
    _without_rowid(
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
    _without_rowid(
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
    _without_rowid(
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
    _without_rowid(
        "fingerprint",
        _of_attacker(),
        sa.Column("type", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(512), primary_key=True),
        *_seen(),
    )
    op.create_index("ix_fingerprint_type_value", "fingerprint", ["type", "value"])
    _without_rowid(
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


def _tag() -> None:
    op.create_table(
        "ttp_tag",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("technique", sa.String(16), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(256), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("attacker", sa.String(45), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.String(255)),
        sa.Column("decky", sa.String(255)),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ttp_tag_attacker_seq", "ttp_tag", ["attacker", "seq"])


def _window() -> None:
    op.create_table(
        "ttp_window",
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("group_digest", sa.String(32), primary_key=True),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_ttp_window_expires_at", "ttp_window", ["expires_at"])


def _rule_state() -> None:
    op.create_table(
        "ttp_rule_state",
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cap", sa.Integer()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _canary() -> None:
    op.create_table(
        "canary_token",
        sa.Column("token", sa.String(24), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_canary_token_created_at", "canary_token", ["created_at", "token"])
    op.create_table(
        "canary_blob",
        sa.Column("token", sa.String(24), sa.ForeignKey("canary_token.token", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger(), sa.CheckConstraint("size BETWEEN 0 AND 33554432"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_canary_blob_sha256", "canary_blob", ["sha256"])


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("since_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("enabled_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
    )
    op.create_table(
        "webhook_replay",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("webhook_id", sa.String(32), sa.ForeignKey("webhook.id"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_state",
        sa.Column("webhook_id", sa.String(32), sa.ForeignKey("webhook.id"), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("open_until", sa.BigInteger()),
        sa.Column("gone_at", sa.BigInteger()),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("webhook_id", sa.String(32), sa.ForeignKey("webhook.id"), nullable=False),
        sa.Column("notice_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("first_attempt_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_delivery_notice", "webhook_delivery", ["webhook_id", "notice_seq"], unique=True)
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["state", "webhook_id", "due_at"])
    op.create_index("ix_webhook_delivery_ended", "webhook_delivery", ["state", "ended_at"])


def _artifact() -> None:
    op.create_table(
        "artifact",
        sa.Column("sha256", SHA256, primary_key=True),
        sa.Column("kind", sa.String(16), sa.CheckConstraint("kind IN ('file', 'recording')"), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("stored_at", TIME),
        sa.Column("removed_at", TIME),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_artifact_last_seen", "artifact", ["last_seen"])
    op.create_index("ix_artifact_kind_last_seen", "artifact", ["kind", "last_seen"])
    op.create_index("ix_artifact_kept", "artifact", ["removed_at", "kind", "last_seen"])


def _sightings() -> None:
    artifact = sa.ForeignKey("artifact.sha256", ondelete="CASCADE")
    op.create_table(
        "artifact_sighting",
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("sha256", SHA256, artifact, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("attacker", sa.String(45)),
        sa.Column("session", NAME),
        sa.Column("decky", NAME),
        sa.Column("service", NAME, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("url", sa.Text()),
    )
    op.create_index("ix_artifact_sighting_sha256", "artifact_sighting", ["sha256", "ts"])
    op.create_index("ix_artifact_sighting_attacker", "artifact_sighting", ["attacker", "ts"])
    op.create_index("ix_artifact_sighting_session", "artifact_sighting", ["session"])


def _intel() -> None:
    op.create_table(
        "intel",
        sa.Column("indicator", sa.String(255), primary_key=True),
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column(
            "verdict",
            sa.String(16),
            sa.CheckConstraint("verdict IN ('malicious', 'suspicious', 'benign', 'unknown')"),
            nullable=False,
        ),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_intel_expires_at", "intel", ["expires_at"])
    op.create_index("ix_intel_provider_expires_at", "intel", ["provider", "expires_at"])


def _quota() -> None:
    op.create_table(
        "provider_quota",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("window_from", sa.BigInteger(), nullable=False),
        sa.Column("window_until", sa.BigInteger(), nullable=False),
        sa.Column("allowed", sa.Integer(), sa.CheckConstraint("allowed >= 0"), nullable=False),
        sa.Column("used", sa.Integer(), sa.CheckConstraint("used >= 0"), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
    )


def _group_tables(key: str, subject: str, kind: sa.types.TypeEngine[Any], target: str | None) -> None:
    """Create the tables that sort subjects into groups; `target` is the column that names a subject, if it is a row."""

    def of_subject(name: str = subject, *, primary_key: bool = False) -> sa.Column[Any]:
        keys = [sa.ForeignKey(target)] if target else []
        return sa.Column(name, kind, *keys, primary_key=primary_key)

    def of_group(name: str = key, *, nullable: bool = True) -> sa.Column[Any]:
        return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{key}.id"), nullable=nullable)

    _group(key, of_group)
    _group_members(key, subject, of_subject, of_group)
    _group_evidence(key, subject, of_subject)
    _group_changes(key, of_subject, of_group)
    _group_decisions(key, subject, of_subject, of_group)


def _group(key: str, of_group: MakeColumn) -> None:
    op.create_table(
        key,
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_group("merged_into"),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index(f"ix_{key}_last_seen", key, ["last_seen"])
    op.create_index(f"ix_{key}_merged_into", key, ["merged_into"])
    op.create_index(f"ix_{key}_revision", key, ["revision"])


def _group_members(key: str, subject: str, of_subject: MakeColumn, of_group: MakeColumn) -> None:
    op.create_table(
        f"{key}_member",
        of_subject(primary_key=True),
        of_group(nullable=False),
        sa.Column("weight", sa.Float(), sa.CheckConstraint("weight >= 0"), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(f"ix_{key}_member_{key}", f"{key}_member", [key, subject])


def _group_evidence(key: str, subject: str, of_subject: MakeColumn) -> None:
    op.create_table(
        f"{key}_feature",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Integer(), sa.CheckConstraint("subjects >= 0"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{key}_feature_kind_subjects", f"{key}_feature", ["kind", "subjects"])
    op.create_table(
        f"{key}_evidence",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        of_subject(primary_key=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{key}_evidence_{subject}", f"{key}_evidence", [subject])


def _group_changes(key: str, of_subject: MakeColumn, of_group: MakeColumn) -> None:
    op.create_table(
        f"{key}_change",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), sa.CheckConstraint("kind IN ('merge', 'split')"), nullable=False),
        of_group("source", nullable=False),
        of_group("target", nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{key}_change_source", f"{key}_change", ["source"])
    op.create_index(f"ix_{key}_change_target", f"{key}_change", ["target"])
    change = sa.ForeignKey(f"{key}_change.id", ondelete="CASCADE")
    op.create_table(
        f"{key}_moved",
        sa.Column("change", sa.BigInteger(), change, primary_key=True, autoincrement=False),
        of_subject(primary_key=True),
        sqlite_with_rowid=False,
    )


def _group_decisions(key: str, subject: str, of_subject: MakeColumn, of_group: MakeColumn) -> None:
    op.create_table(
        f"{key}_decision",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        of_subject(),
        of_subject("other"),
        of_group(),
        sa.Column("change", sa.BigInteger(), sa.ForeignKey(f"{key}_change.id")),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('together', 'apart', 'pinned', 'undone')"),
        sa.CheckConstraint("(kind IN ('together', 'apart')) = (other IS NOT NULL)"),
        sa.CheckConstraint(f"(kind = 'pinned') = ({key} IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'undone') = (change IS NOT NULL)"),
        sa.CheckConstraint(f"(kind = 'undone') = ({subject} IS NULL)"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{key}_decision_{subject}", f"{key}_decision", [subject])
    op.create_index(f"ix_{key}_decision_withdrawn_at", f"{key}_decision", ["withdrawn_at", "id"])


def _persona() -> None:
    op.create_table(
        "persona",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("os", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("work_from", sa.Integer(), sa.CheckConstraint("work_from BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("work_until", sa.Integer(), sa.CheckConstraint("work_until BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("work_days", sa.Integer(), sa.CheckConstraint("work_days BETWEEN 0 AND 127"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _swarm() -> None:
    op.create_table(
        "sensor",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("enrolled_at", sa.BigInteger()),
        sa.Column("renewed_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "enrolment",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("sensor", sa.String(63), sa.ForeignKey("sensor.name", ondelete="CASCADE"), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), sa.CheckConstraint("ended_at >= recorded_at")),
        sa.Column("author", sa.String(255)),
    )
    op.create_index("ix_enrolment_ended_at_not_after", "enrolment", ["ended_at", "not_after"])
    op.create_index("ix_enrolment_sensor", "enrolment", ["sensor", "recorded_at"])


def _decky() -> None:
    op.create_table(
        "decky",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("mac", sa.String(17)),
        sa.Column("host_name", sa.String(253), nullable=False),
        sa.Column(
            "runtime",
            sa.String(16),
            sa.CheckConstraint("runtime IN ('loopback', 'netns', 'container')"),
            nullable=False,
        ),
        sa.Column("persona", sa.String(63), sa.ForeignKey("persona.name"), nullable=False),
        sa.Column("sensor", sa.String(63), sa.ForeignKey("sensor.name")),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mutate_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_decky_address", "decky", ["address"], unique=True)
    op.create_index("ix_decky_mac", "decky", ["mac"], unique=True)
    op.create_index("ix_decky_mutate_at", "decky", ["mutate_at"])
    op.create_index("ix_decky_persona", "decky", ["persona"])
    op.create_index("ix_decky_sensor", "decky", ["sensor"])
    op.create_table(
        "decky_service",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("service", sa.String(32), primary_key=True),
        sa.Column("transport", sa.String(4), sa.CheckConstraint("transport IN ('tcp', 'udp')"), nullable=False),
        sa.Column("port", sa.Integer(), sa.CheckConstraint("port BETWEEN 1 AND 65535"), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
    )
    op.create_index("ix_decky_service_port", "decky_service", ["decky", "transport", "port"], unique=True)
    op.create_table(
        "decky_policy",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("every_seconds", sa.Integer(), sa.CheckConstraint("every_seconds >= 60"), nullable=False),
        sa.Column("window_from", sa.Integer(), sa.CheckConstraint("window_from BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("window_until", sa.Integer(), sa.CheckConstraint("window_until BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("personas", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _decky_state() -> None:
    op.create_table(
        "decky_state",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "phase",
            sa.String(16),
            sa.CheckConstraint("phase IN ('absent', 'starting', 'running', 'stopping', 'failed')"),
            nullable=False,
        ),
        sa.Column("drift", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "decky_change",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("decky", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decky_change_decky", "decky_change", ["decky", "id"])


def _action() -> None:
    op.create_table(
        "synthetic_action",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), sa.CheckConstraint("kind IN ('session', 'file', 'mail')"), nullable=False),
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), nullable=False),
        sa.Column("peer", sa.String(63)),
        sa.Column("persona", sa.String(63), sa.ForeignKey("persona.name"), nullable=False),
        sa.Column("protocol", sa.String(32)),
        sa.Column("token", sa.String(24), sa.ForeignKey("canary_token.token")),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.String(16),
            sa.CheckConstraint("state IN ('planned', 'running', 'done', 'failed')"),
            nullable=False,
        ),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("error", sa.Text()),
    )
    op.create_index("ix_synthetic_action_decky", "synthetic_action", ["decky", "due_at"])
    op.create_index("ix_synthetic_action_persona", "synthetic_action", ["persona"])
    op.create_index("ix_synthetic_action_state", "synthetic_action", ["state", "due_at"])
    op.create_index("ix_synthetic_action_token", "synthetic_action", ["token"])


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), sa.CheckConstraint("role IN ('viewer', 'analyst', 'admin')"), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("password_at", sa.BigInteger()),
        sa.Column("login_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
    )
    op.create_index("ix_account_name", "account", ["name"], unique=True)
    op.create_table(
        "api_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("shown", sa.String(16), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), sa.CheckConstraint("role IN ('viewer', 'analyst', 'admin')"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
    )
    op.create_index("ix_api_token_account", "api_token", ["account", "created_at"])


def _sessions() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("user_agent", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_web_session_account", "web_session", ["account", "created_at"])
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])
    op.create_table(
        "login_throttle",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("failures", sa.Integer(), sa.CheckConstraint("failures > 0"), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_login_throttle_last_at", "login_throttle", ["last_at"])


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column(
            "means",
            sa.String(16),
            sa.CheckConstraint("means IN ('session', 'token', 'command', 'none')"),
            nullable=False,
        ),
        sa.Column("address", sa.String(45)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(255)),
        sa.Column("detail", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "id"])
    op.create_index("ix_audit_entry_object", "audit_entry", ["object", "id"])
