# SPDX-License-Identifier: MIT
"""The tables of the attackers domain, each column with the rule by which two rows of one key are merged.

All rules (sum, min, max, and the value of the earliest committed event that has one) are commutative and associative.
That makes the result independent of batches, restarts and the order of events, without keeping any event in memory.

`attacker` is an address in canonical text form, times are ns since the Unix epoch (UTC), `seq` is the row of the event
log. Rows of an attacker are deleted with the attacker. There is no foreign key to the event log: knowledge outlives its
retention.
"""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from decnet_models.database.columns import ADDRESS, BIG, JSON_TEXT, NAME, NANOSECONDS

OWNER = "profiler"
READERS = ("ttp", "enrich", "clusterer", "campaign-clusterer", "mutate", "webhook", "reporter", "operator")

metadata = MetaData()

MERGE = "merge"
"""Key of `Column.info`: "sum", "min", "max", "earliest", DERIVED, TOTAL or KEPT."""
DERIVED = "derived"
"""The value follows from those of the merged row and its children; who writes the row has computed it."""
TOTAL = "total"
"""The whole score: that of the behaviour, which is derived, and the points of the verdict that the row has."""
KEPT = "kept"
"""The value of the row that is there: something other than events changes it (`attackers.verdicts`)."""
BY = "by"
"""Key of `Column.info` for "earliest": the column with the `seq` of the reporting event; the lowest wins."""

UNJUDGED = "unknown"
"""The verdict on an attacker of whom nobody else knows anything."""

UNKNOWN = ""
"""Means "no decky" in a key, where NULL would not be equal to itself."""


def _sum(name: str) -> Column[Any]:
    return Column(name, BIG, nullable=False, server_default="0", info={MERGE: "sum"})


def _earliest(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BIG, nullable=nullable, info={MERGE: "min"})


def _latest(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BIG, nullable=nullable, info={MERGE: "max"})


def _from_first(name: str, by: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, info={MERGE: "earliest", BY: by})


def _attacker(*, primary_key: bool = True) -> Column[Any]:
    key = ForeignKey("attacker.ip", ondelete="CASCADE")
    return Column("attacker", ADDRESS, key, primary_key=primary_key, nullable=False)


def _seen() -> tuple[Column[Any], Column[Any], Column[Any]]:
    return _sum("events"), _earliest("first_seen"), _latest("last_seen")


def _table(name: str, *parts: Any) -> Table:
    # The keys are texts or given numbers: without a rowid SQLite keeps a row in its key's index and nowhere else.
    return Table(
        name, metadata, *parts, info={"owner": OWNER, "readers": READERS, "replay": "sums"}, sqlite_with_rowid=False
    )


attacker = _table(
    "attacker",
    Column("ip", ADDRESS, primary_key=True),
    *_seen(),
    _sum("connections"),
    _sum("sessions"),
    _sum("logins"),
    _sum("logins_accepted"),
    _sum("commands"),
    _sum("requests"),
    _sum("files"),
    _sum("scans"),
    _sum("canary_hits"),
    Column("score", Integer, nullable=False, server_default="0", info={MERGE: TOTAL}),
    Column("behaviour_score", Integer, nullable=False, server_default="0", info={MERGE: DERIVED}),
    Column("verdict", String(16), nullable=False, server_default=UNJUDGED, info={MERGE: KEPT}),
    Index("ix_attacker_first_seen", "first_seen"),
    Index("ix_attacker_last_seen", "last_seen"),
    Index("ix_attacker_score", "score"),
)

attacker_decky = _table(
    "attacker_decky",
    _attacker(),
    Column("decky", NAME, primary_key=True),
    *_seen(),
    Index("ix_attacker_decky_decky", "decky"),
)

attacker_service = _table("attacker_service", _attacker(), Column("service", NAME, primary_key=True), *_seen())

attacker_phase = _table("attacker_phase", _attacker(), Column("phase", String(32), primary_key=True), *_seen())

attacker_tool = _table(
    "attacker_tool",
    _attacker(),
    Column("tool", String(64), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    *_seen(),
    Index("ix_attacker_tool_tool", "tool"),
)

attacker_activity = _table(
    "attacker_activity",
    _attacker(),
    Column("minute", BIG, primary_key=True, autoincrement=False),
    _sum("events"),
    _sum("arrivals"),
    _earliest("first_arrival", nullable=True),
    _latest("last_arrival", nullable=True),
)

attacker_session = _table(
    "attacker_session",
    _attacker(),
    Column("session", NAME, primary_key=True),
    *_seen(),
    _sum("commands"),
    _earliest("first_command", nullable=True),
    _latest("last_command", nullable=True),
    _earliest("first_seq"),
    _from_first("service", "first_seq", NAME),
    _from_first("decky", "first_seq", NAME),
    _earliest("opened_seq", nullable=True),
    _from_first("opened_at", "opened_seq", BIG),
    _from_first("username", "opened_seq"),
    _from_first("terminal", "opened_seq"),
    _earliest("closed_seq", nullable=True),
    _from_first("closed_at", "closed_seq", BIG),
    _from_first("duration_ms", "closed_seq", BIG),
    _from_first("recording", "closed_seq", String(64)),
    _from_first("typing", "closed_seq", JSON_TEXT),
    Index("ix_attacker_session_last_seen", "last_seen"),
    Index("ix_attacker_session_session", "session"),
)

credential = _table(
    "credential",
    Column("digest", String(32), primary_key=True),
    _sum("uses"),
    _sum("accepted"),
    _earliest("first_seen"),
    _latest("last_seen"),
    _earliest("first_seq"),
    _from_first("username", "first_seq"),
    _from_first("password", "first_seq"),
    _from_first("public_key", "first_seq"),
    Index("ix_credential_uses", "uses"),
)

credential_use = _table(
    "credential_use",
    _attacker(),
    Column("credential", String(32), ForeignKey("credential.digest"), primary_key=True),
    Column("service", NAME, primary_key=True),
    Column("decky", NAME, primary_key=True),  # UNKNOWN when the event named none
    _sum("uses"),
    _sum("accepted"),
    _earliest("first_seen"),
    _latest("last_seen"),
    Index("ix_credential_use_credential", "credential"),
)

command = _table(
    "command",
    Column("seq", BIG, primary_key=True, autoincrement=False),
    _attacker(primary_key=False),
    Column("session", NAME),
    Column("ts", NANOSECONDS, nullable=False),
    Column("service", NAME, nullable=False),
    Column("decky", NAME),
    Column("text", Text, nullable=False),
    Column("known", Boolean, nullable=False),
    Index("ix_command_attacker", "attacker", "seq"),
    Index("ix_command_session", "session", "seq"),
)

fingerprint = _table(
    "fingerprint",
    _attacker(),
    Column("type", String(32), primary_key=True),
    Column("value", String(512), primary_key=True),
    *_seen(),
    Index("ix_fingerprint_type_value", "type", "value"),
)

canary_hit = _table(
    "canary_hit",
    Column("seq", BIG, primary_key=True, autoincrement=False),
    _attacker(primary_key=False),
    Column("token", NAME, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("target", Text),
    Column("user_agent", Text),
    Column("scanner", String(64)),
    Index("ix_canary_hit_attacker", "attacker", "seq"),
    Index("ix_canary_hit_token", "token", "seq"),
)
