# SPDX-License-Identifier: MIT
"""The tables of a domain that groups subjects: attackers into identities, identities into campaigns.

Both have the same shape, so it is declared once; each domain makes its own tables from it, and does not load the
other's. A group's id is permanent: once merged it stays as a row that names its target, so an undo restores it, and an
old id remains valid. A subject is in one group; `because` records why.
"""

from collections.abc import Iterator
from typing import Any, Generic, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
)

from decnet_models.database.columns import BIG, JSON_TEXT, NAME, NANOSECONDS, SEQUENCE
from decnet_models.grouping.values import S


class Subject(NamedTuple):
    """What is grouped: the column's name and type, and its `info` (where the subject itself is a row)."""

    name: str
    type: Any
    info: dict[str, Any]

    def column(self, name: str = "", **options: Any) -> Column[Any]:
        return Column(name or self.name, self.type, info=self.info, **options)


class Grouping(NamedTuple, Generic[S]):
    """The tables of such a domain; `key` is the name of the group column, `subject` the subject's."""

    key: str
    subject: str
    group: Table
    member: Table
    evidence: Table
    feature: Table
    change: Table
    moved: Table
    decision: Table


class Makers(NamedTuple):
    """What `grouping` needs from its domain."""

    metadata: MetaData
    key: str
    subject: Subject
    info: dict[str, Any]
    decision_info: dict[str, Any]

    def to_group(self, name: str = "", **options: Any) -> Column[Any]:
        return Column(name or self.key, Uuid(), ForeignKey(f"{self.key}.id"), **options)

    def table(self, suffix: str, *columns: Any, **options: Any) -> Table:
        return Table(f"{self.key}{suffix}", self.metadata, *columns, info=self.info, **options)


def grouping(make: Makers) -> Grouping[Any]:
    """Declare the tables in the domain's metadata."""
    return Grouping(
        make.key,
        make.subject.name,
        _group(make),
        _member(make),
        _evidence(make),
        _feature(make),
        _change(make),
        _moved(make),
        _decision(make),
    )


def _group(make: Makers) -> Table:
    return make.table(
        "",
        Column("id", Uuid(), primary_key=True),
        make.to_group("merged_into"),
        Column("members", Integer, nullable=False),
        Column("first_seen", NANOSECONDS, nullable=False),
        Column("last_seen", NANOSECONDS, nullable=False),
        Column("created_at", NANOSECONDS, nullable=False),
        # Consumers of the groups follow it like a log in which a group stands once, at its latest change.
        Column("revision", BIG, nullable=False, server_default="0"),
        Index(f"ix_{make.key}_revision", "revision"),
        Index(f"ix_{make.key}_last_seen", "last_seen"),
        Index(f"ix_{make.key}_merged_into", "merged_into"),
    )


def _member(make: Makers) -> Table:
    return make.table(
        "_member",
        make.subject.column(primary_key=True),
        make.to_group(nullable=False),
        Column("weight", Float, CheckConstraint("weight >= 0"), nullable=False),
        Column("because", JSON_TEXT, nullable=False),
        Column("first_seen", NANOSECONDS, nullable=False),
        Column("last_seen", NANOSECONDS, nullable=False),
        Column("joined_at", NANOSECONDS, nullable=False),
        Index(f"ix_{make.key}_member_{make.key}", make.key, make.subject.name),
    )


def _evidence(make: Makers) -> Table:
    """What a subject shows is one range of the key; who shows a feature, the inverted index, one of the other index.

    A subject shows the same again and again, so most writes only widen times, which stand beside one another. By kind
    and digest each was on a page of its own.
    """
    return make.table(
        "_evidence",
        Column("kind", String(32), nullable=False),
        Column("digest", String(32), nullable=False),
        make.subject.column(nullable=False),
        Column("first_seen", NANOSECONDS, nullable=False),
        Column("last_seen", NANOSECONDS, nullable=False),
        PrimaryKeyConstraint(make.subject.name, "kind", "digest"),
        Index(f"ix_{make.key}_evidence_kind", "kind", "digest", make.subject.name),
        sqlite_with_rowid=False,
    )


def _feature(make: Makers) -> Table:
    return make.table(
        "_feature",
        Column("kind", String(32), primary_key=True),
        Column("digest", String(32), primary_key=True),
        Column("value", Text, nullable=False),
        Column("subjects", Integer, CheckConstraint("subjects >= 0"), nullable=False),
        Column("first_seen", NANOSECONDS, nullable=False, server_default="0"),
        Column("last_seen", NANOSECONDS, nullable=False, server_default="0"),
        Index(f"ix_{make.key}_feature_kind_subjects", "kind", "subjects"),
        sqlite_with_rowid=False,
    )


def _change(make: Makers) -> Table:
    return make.table(
        "_change",
        Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        Column("kind", String(8), CheckConstraint("kind IN ('merge', 'split')"), nullable=False),
        make.to_group("source", nullable=False),
        make.to_group("target", nullable=False),
        Column("weight", Float, nullable=False),
        Column("because", JSON_TEXT, nullable=False),
        Column("ts", NANOSECONDS, nullable=False),
        Column("undone_at", NANOSECONDS),
        Index(f"ix_{make.key}_change_source", "source"),
        Index(f"ix_{make.key}_change_target", "target"),
        sqlite_autoincrement=True,
    )


def _moved(make: Makers) -> Table:
    return make.table(
        "_moved",
        Column("change", BIG, ForeignKey(f"{make.key}_change.id", ondelete="CASCADE"), primary_key=True),
        make.subject.column(primary_key=True),
        sqlite_with_rowid=False,
    )


def _whole(subject: str, key: str) -> Iterator[CheckConstraint]:
    """Yield the conditions that a decision names what its kind needs, and nothing else."""
    yield CheckConstraint("kind IN ('together', 'apart', 'pinned', 'undone')")
    yield CheckConstraint("(kind IN ('together', 'apart')) = (other IS NOT NULL)")
    yield CheckConstraint(f"(kind = 'pinned') = ({key} IS NOT NULL)")
    yield CheckConstraint("(kind = 'undone') = (change IS NOT NULL)")
    yield CheckConstraint(f"(kind = 'undone') = ({subject} IS NULL)")


def _decision(make: Makers) -> Table:
    return Table(
        f"{make.key}_decision",
        make.metadata,
        Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        Column("kind", String(8), nullable=False),
        make.subject.column(),
        make.subject.column("other"),
        make.to_group(),
        Column("change", BIG, ForeignKey(f"{make.key}_change.id")),
        Column("author", NAME, nullable=False),
        Column("reason", Text, nullable=False),
        Column("created_at", NANOSECONDS, nullable=False),
        Column("withdrawn_at", NANOSECONDS),
        *_whole(make.subject.name, make.key),
        Index(f"ix_{make.key}_decision_{make.subject.name}", make.subject.name),
        Index(f"ix_{make.key}_decision_withdrawn_at", "withdrawn_at", "id"),
        info=make.decision_info,
        sqlite_autoincrement=True,
    )
