# SPDX-License-Identifier: MIT
"""The incidents as SQLModel classes."""

from uuid import UUID

from decnet_models.incidents import tables
from decnet_models.table_model import TableModel, related


class Incident(TableModel, table=True):
    """What belongs together: an attacker, or an actor with several addresses, until it has been silent for a while."""

    __table__ = tables.incident

    id: int
    """The number of the incident, in the order in which they began."""
    attacker: str
    """The address with which it began."""
    identity: UUID | None = None
    """The actor that the clusterer takes the address for, once that is known."""
    merged_into: int | None = None
    """The incident that has all of its notices now."""
    severity: int
    """1 low, 2 medium, 3 high, 4 critical."""
    score: int
    """The highest threat score of its attackers when their notices came."""
    first_seen: int
    """The time of its first event."""
    last_seen: int
    """The time of its last event."""
    opened_at: int
    """When its first notice was read."""
    touched_at: int
    """When its last notice was written."""
    notices: int
    """The number of its notices."""
    attackers: int
    """The number of its addresses."""
    counts: str
    """The number of notices by kind, as JSON."""
    line: str
    """What shows best what happened: attacker input."""
    line_kind: str
    """The kind of the notice that the line is from."""
    line_rank: int
    """How much that line says; a line that says more replaces it."""
    notified_at: int | None = None
    """When somebody was told of it last."""
    notified_severity: int
    """How severe it was then; 0: nobody was told."""
    notified_notices: int
    """How many notices it had then."""
    notifications: int
    """How often somebody was told that it began, grew or became more severe."""
    reminders: int
    """How often somebody was told that nobody acknowledges it."""
    due_at: int | None = None
    """When to decide next whether to tell of it."""
    held: int
    """1: it is told in the next digest."""

    value_rows: list["IncidentValue"] = related()
    notice_rows: list["IncidentNotice"] = related(order_by="IncidentNotice.notice")
    action_rows: list["IncidentAction"] = related(order_by="IncidentAction.seq")


class IncidentValue(TableModel, table=True):
    """An address, decky, service, technique or canary token that an incident is about."""

    __table__ = tables.incident_value

    incident: int
    """The incident."""
    field: str
    """attacker, decky, service, technique or token."""
    value: str
    """Which one."""
    notices: int
    """How many notices of the incident are about it."""
    first_seen: int
    """The time of the first of them."""
    last_seen: int
    """The time of the last of them."""

    incident_row: Incident = related()


class IncidentCurrent(TableModel, table=True):
    """The incident to which the next notice of an attacker or an actor belongs, if it is still open."""

    __table__ = tables.incident_current

    subject: str
    """The address of the attacker, or the id of the identity."""
    incident: int
    """The incident."""

    incident_row: Incident = related()


class IncidentNotice(TableModel, table=True):
    """A notice that belongs to an incident."""

    __table__ = tables.incident_notice

    notice: int
    """`notice.seq`."""
    incident: int
    """The incident."""

    incident_row: Incident = related()


class IncidentAction(TableModel, table=True):
    """What an operator did with an incident."""

    __table__ = tables.incident_action

    seq: int | None = None
    """The number of the action."""
    incident: int
    """The incident."""
    verb: str
    """acknowledged, closed or note."""
    who: str
    """The operator's name."""
    note: str
    """What the operator wrote."""
    created_at: int
    """When."""

    incident_row: Incident = related()


class IncidentSilence(TableModel, table=True):
    """Incidents of which nobody is told for a time."""

    __table__ = tables.incident_silence

    id: int | None = None
    """The number of the silence."""
    filter: str
    """Which incidents, as JSON."""
    until: int
    """When it ends."""
    who: str
    """The operator's name."""
    reason: str
    """Why."""
    created_at: int
    """When it was made."""
    ended_at: int | None = None
    """When an operator ended it before its time."""
