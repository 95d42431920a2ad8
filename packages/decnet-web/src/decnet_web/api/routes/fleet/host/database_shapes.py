# SPDX-License-Identifier: MIT
"""The database: its size, how long events are kept, checks and backups."""

from __future__ import annotations

from typing import Literal

from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment


class KindVolume(Answer):
    """Events of one kind in the log."""

    kind: str
    events: int
    bytes: int
    """About how many, with their part of the indexes."""
    forgotten: int
    """How many of this kind retention has removed."""
    days: float
    """Older ones go; 0: not by their age."""
    log_bytes: int
    """The oldest go when they take more; 0: not by their size."""


class RetentionShown(Answer):
    """How long events are kept: section [ingest.retention]."""

    days: float
    """Older events go; 0: not by their age."""
    log_bytes: int
    """The oldest events go when the log takes more than about this; 0: without limit."""
    disk_share: float
    past_unread: bool
    every_seconds: float


class DatabaseCheck(Answer):
    """A check of all pages, indexes and references."""

    state: Literal["running", "done", "failed"]
    started_at: Moment
    ended_at: Moment | None
    progress: str
    damages: int | None
    words: list[str]
    """What is damaged, what can be saved and what to do; empty after a check that is done: all is well."""
    remarks: list[str]
    """What was not checked, and why."""
    error: str | None


class BackupShown(Answer):
    """A backup of the database at one moment."""

    name: str
    state: Literal["running", "done", "failed"]
    started_at: Moment
    ended_at: Moment | None
    progress: str
    bytes: int | None
    revision: str | None
    sha256: str | None
    error: str | None


class BackupList(Answer):
    """The backups that are kept here, newest first."""

    items: list[BackupShown]
    most: int
    """How many are kept: then one has to be removed first."""


class DatabaseShown(Answer):
    """The fleet's database."""

    url: str
    """Without a password."""
    kind: Literal["sqlite", "postgresql"]
    revision: str | None
    newest_revision: str
    bytes: int | None
    """What it takes, with its write-ahead log."""
    free_bytes: int | None
    """Free space of the disk that holds it; null: it is on a server."""
    events: int
    oldest_event_at: Moment | None
    """When the first event that the log still has happened."""
    oldest_hour: Moment | None
    """The hour in which the oldest events of the log came."""
    newest_hour: Moment | None
    kinds: list[KindVolume]
    retention: RetentionShown
    last_check: DatabaseCheck | None
