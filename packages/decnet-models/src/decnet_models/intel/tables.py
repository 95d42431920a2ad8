# SPDX-License-Identifier: MIT
"""Tables of third-party intelligence. An indicator is an address, a host name or a file's SHA-256."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, String, Table, Text

from decnet_models.database.columns import BIG, JSON_TEXT, NAME, NANOSECONDS, mentions

metadata = MetaData()

_INFO = {"owner": "enrich", "readers": ("profiler", "ttp", "clusterer", "campaign-clusterer", "operator")}
_VERDICTS = "verdict IN ('malicious', 'suspicious', 'benign', 'unknown')"

intel = Table(
    "intel",
    metadata,
    Column("indicator", NAME, primary_key=True, info=mentions("attacker.ip")),
    Column("provider", String(64), primary_key=True),
    Column("verdict", String(16), CheckConstraint(_VERDICTS), nullable=False),
    Column("reasons", JSON_TEXT, nullable=False),
    Column("detail", JSON_TEXT, nullable=False),
    Column("fetched_at", NANOSECONDS, nullable=False),
    Column("expires_at", NANOSECONDS, nullable=False),
    Index("ix_intel_provider_expires_at", "provider", "expires_at"),
    Index("ix_intel_expires_at", "expires_at"),
    info=_INFO,
    sqlite_with_rowid=False,
)

intel_verdict = Table(
    "intel_verdict",
    metadata,
    Column("indicator", NAME, primary_key=True, info=mentions("attacker.ip")),
    Column("verdict", String(16), CheckConstraint(_VERDICTS), nullable=False),
    Column("since", NANOSECONDS, nullable=False),
    Column("change", BIG, nullable=False),
    Index("ix_intel_verdict_change", "change", unique=True),
    Index("ix_intel_verdict_verdict_since", "verdict", "since"),
    info=_INFO,
    sqlite_with_rowid=False,
)

intel_request = Table(
    "intel_request",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("indicator", NAME, primary_key=True, info=mentions("attacker.ip")),
    Column("requested_at", NANOSECONDS, nullable=False),
    Index("ix_intel_request_provider_requested_at", "provider", "requested_at"),
    info={"owner": "enrich, operator", "readers": ("operator",)},
    sqlite_with_rowid=False,
)

provider_quota = Table(
    "provider_quota",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("window_from", NANOSECONDS, nullable=False),
    Column("window_until", NANOSECONDS, nullable=False),
    Column("allowed", Integer, CheckConstraint("allowed >= 0"), nullable=False),
    Column("used", Integer, CheckConstraint("used >= 0"), nullable=False),
    Column("not_before", NANOSECONDS),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    info={"owner": "enrich", "readers": ("operator",)},
)
