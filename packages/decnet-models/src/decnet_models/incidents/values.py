# SPDX-License-Identifier: MIT
"""An incident as its worker keeps it, and what operators do with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from decnet_models.database.rows.row_select import as_uuid

NEW, ACKNOWLEDGED, CLOSED, NOTE = "new", "acknowledged", "closed", "note"
"""The states; the verbs of actions are the same words, and NOTE, which changes no state."""

ATTACKER, DECKY, SERVICE, TECHNIQUE, TOKEN = "attacker", "decky", "service", "technique", "token"
FIELDS = (ATTACKER, DECKY, SERVICE, TECHNIQUE, TOKEN)
"""What `incident_value` counts."""


class Incident(msgspec.Struct):
    """A row of `incident`; times are nanoseconds since the Unix epoch, severities 1 (low) to 4 (critical)."""

    id: int
    attacker: str
    """The address with which it began."""
    identity: UUID | None
    merged_into: int | None
    severity: int
    score: int
    first_seen: int
    last_seen: int
    opened_at: int
    """When its first notice was read."""
    touched_at: int
    """When its last notice was written, by which it is decided whether another one still belongs to it."""
    notices: int
    attackers: int
    counts: dict[str, int]
    line: str
    line_kind: str
    line_rank: int
    notified_at: int | None = None
    notified_severity: int = 0
    notified_notices: int = 0
    notifications: int = 0
    reminders: int = 0
    due_at: int | None = None
    held: int = 0
    """1: it is told in the next digest."""

    @property
    def fresh(self) -> int:
        """How many of its notices nobody was told of."""
        return self.notices - self.notified_notices


COLUMNS = Incident.__struct_fields__


class Action(msgspec.Struct, frozen=True):
    """What an operator did."""

    seq: int
    incident: int
    verb: str
    who: str
    note: str
    created_at: int


class Counted(msgspec.Struct, frozen=True):
    """A value of one field, e.g. a decky, in how many of an incident's notices it is, and when."""

    field: str
    value: str
    notices: int
    first_seen: int
    last_seen: int


def incident_of(row: Sequence[Any]) -> Incident:
    """Return the incident of a row that has COLUMNS in their order."""
    values = dict(zip(COLUMNS, row, strict=True))
    identity = None if values["identity"] is None else as_uuid(values["identity"])
    return Incident(**{**values, "identity": identity, "counts": _COUNTS.decode(values["counts"])})


_COUNTS = msgspec.json.Decoder(dict[str, int])


def row_of(one: Incident) -> tuple[Any, ...]:
    """Return the values of COLUMNS."""
    values = msgspec.structs.asdict(one)
    values["counts"] = msgspec.json.encode(one.counts).decode()
    return tuple(values.values())
