# SPDX-License-Identifier: MIT
"""The part of the worker webhook that keeps incidents, as its transactions call it."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from decnet_models.incidents import keeping
from decnet_models.incidents.values import Action
from decnet_models.notices import queries as outbox
from decnet_models.notices.queries import OutboxLine
from decnet_models.progress.queries import cursor_of
from decnet_workers.webhook.incidents.intake import take
from decnet_workers.webhook.incidents.notifying import action_notices, digest, due_notices
from decnet_workers.webhook.incidents.policy import LONGEST_WINDOW_NS, Policy
from decnet_workers.webhook.incidents.storm import StormLimit
from decnet_workers.webhook.settings import WebhookSettings

ACTIONS = "webhook.incidents"
"""The cursor over what operators do with incidents."""

_MINUTE_NS = 60 * 1_000_000_000
_LONGEST_WAIT = 4
"""In times of the wait of a first notification: an attacker who never pauses is told of nevertheless."""


class Waiting(msgspec.Struct, frozen=True):
    """What is to be done for incidents: whether some are due, and which actions nobody was told of."""

    due: bool
    position: int
    actions: Sequence[Action]

    @property
    def something(self) -> bool:
        return self.due or bool(self.actions)


class Incidents:
    """Gathers notices into incidents and decides when each is told."""

    def __init__(self, settings: WebhookSettings) -> None:
        wait = int(settings.incident_wait_seconds * 1e9)
        self._policy = Policy(
            wait=wait,
            longest_wait=_LONGEST_WAIT * wait,
            silence=int(settings.incident_silence_minutes * _MINUTE_NS),
            window=int(settings.incident_window_minutes * _MINUTE_NS),
            acknowledge=int(settings.incident_acknowledge_minutes * _MINUTE_NS),
        )
        self._storm = StormLimit(settings.incidents_per_minute)

    def waiting(self, connection: Connection, now: int, limit: int) -> Waiting:
        first, position = keeping.first_due(connection), cursor_of(connection, ACTIONS)
        return Waiting(first is not None and first <= now, position, keeping.actions_after(connection, position, limit))

    def take(self, connection: Connection, lines: Sequence[OutboxLine], now: int) -> Mapping[str, int]:
        """Put new notices into incidents; return the threat scores of their attackers."""
        return take(connection, lines, self._policy, now)

    def tell(self, connection: Connection, actions: Sequence[Action], now: int) -> set[str]:
        """Write the notices of what is due and of what operators did; return the kinds of new ones."""
        told = [*action_notices(connection, actions, now), *digest(connection, now)]
        told += due_notices(connection, self._policy, self._storm, now)
        return outbox.add_all(connection, told, now)

    def next_at(self, connection: Connection) -> int | None:
        """Return when the next incident is due."""
        return keeping.first_due(connection)

    def correct_future_times(self, connection: Connection, now: int) -> None:
        """Make due what a clock that was ahead has put off."""
        longest = max(LONGEST_WINDOW_NS, self._policy.window, self._policy.acknowledge << 3)
        keeping.correct_future_times(connection, now, longest)
