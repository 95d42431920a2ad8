# SPDX-License-Identifier: MIT
"""What operators do with incidents, written for the worker that tells others of it."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment
from decnet.show.times import moment
from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import IncidentAcknowledged, notice_kind
from decnet_models.incidents import queries
from decnet_models.incidents.values import NOTE, Action


class ActionOutcome(msgspec.Struct, frozen=True):
    """What came of acting on an incident."""

    number: int
    verb: str
    earlier: Action | None = None
    """What another operator has done that makes this needless."""

    @property
    def when(self) -> str:
        return "" if self.earlier is None else moment(self.earlier.created_at)


def act(connection: Connection, numbers: Sequence[int], verb: str, who: str, note: str) -> list[ActionOutcome]:
    """Do the same with all of the incidents, or with none when one does not exist.

    Raises NotFoundError, WrongUsageError for a note that says nothing.
    """
    if verb == NOTE and not note.strip():
        raise WrongUsageError("the note is empty: write what others should know")
    now, outcomes = time.time_ns(), []
    for number in dict.fromkeys(numbers):
        target = find(connection, number).incident.id
        outcomes.append(ActionOutcome(target, verb, queries.act(connection, target, verb, who, note, now_ns=now)))
    return outcomes


def find(connection: Connection, number: int) -> queries.Listed:
    """Return the incident, or the one that it was merged into; raises NotFoundError."""
    found = queries.find(connection, number)
    if found is None:
        raise NotFoundError(f"there is no incident {number}; decnet incidents lists them")
    return found


def nudge(deployment: Deployment) -> None:
    """Wake the worker; without a bus it finds what was done at its next poll."""
    subject = NOTICE.of(notice_kind(IncidentAcknowledged))
    asyncio.run(publish(deployment, "decnet-incident", subject, NoticeWritten(0)))
