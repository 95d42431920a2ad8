# SPDX-License-Identifier: MIT
"""Incidents as lists show them; apart from their routes, of which the first page needs none."""

from __future__ import annotations

from typing import Literal

from decnet.incidents import rows
from decnet_models.incidents.queries import Listed
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment

IncidentState = Literal["new", "acknowledged", "closed"]
Severity = Literal["low", "medium", "high", "critical"]


class IncidentItem(Answer):
    """What belongs together for whoever has to act on it."""

    incident: int
    state: IncidentState
    severity: Severity
    score: int
    """The highest threat score of its attackers."""
    attacker: str
    """The address with which it began."""
    attackers: int
    identity: str | None
    notices: int
    counts: dict[str, int]
    """Notices by kind."""
    first_seen: Moment
    last_seen: Moment
    line: str
    """What decided the severity: a command, a path, ...; the attacker's text."""
    line_kind: str


class OpenIncidents(Answer):
    """How many incidents nobody has closed, by severity."""

    low: int = 0
    medium: int = 0
    high: int = 0
    critical: int = 0


def incident_item(listed: Listed) -> IncidentItem:
    """Return an incident as lists show it."""
    one = rows.summary(listed)
    values = {name: getattr(one, name) for name in IncidentItem.model_fields}
    return IncidentItem.made(**values)
