# SPDX-License-Identifier: MIT
"""The notices as SQLModel classes."""

from decnet_models.notices import tables
from decnet_models.table_model import TableModel


class Notice(TableModel, table=True):
    """Something that webhooks and live streams should report."""

    __table__ = tables.notice

    seq: int | None = None
    """The row number, in order of commit and never reused."""
    key: str
    """What makes it one notice: the same finding about the same thing has the same key."""
    kind: str
    """The kind of notice: attacker.observed, ttp.tagged, ..."""
    ts: int
    """The time of the event that caused it."""
    body: str
    """The notice as JSON, as it is delivered."""
    created_at: int
    """When it was written."""
