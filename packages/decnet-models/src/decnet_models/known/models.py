# SPDX-License-Identifier: MIT
"""The known sources as SQLModel classes."""

from decnet_models.known import tables
from decnet_models.table_model import TableModel


class KnownSource(TableModel, table=True):
    """A source of the operator's own, whose events are recorded and otherwise ignored."""

    __table__ = tables.known_source

    id: int | None = None
    """Its number, never reused."""
    network: str
    """Where the events come from, in CIDR notation."""
    port: int | None = None
    """The port that is contacted; null: any."""
    kind: str | None = None
    """The kind of event; null: any."""
    until: int | None = None
    """Events that happen at this time or later are an attacker's again; null: none are."""
    label: str
    """Who or what it is."""
    forget: bool
    """Whether workers remove what they found out about its addresses before."""
    added_at: int
    """When it was added."""
